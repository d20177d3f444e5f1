#include "replica/directory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/owners.h"
#include "base/text.h"
#include "replica/directory_data.h"

/* ---- owners ---- */

const struct directory *directory_acquire(const struct directory *directory)
{
    owners_add(&directory->owners);
    return directory;
}

void directory_release(const struct directory *directory)
{
    struct directory *owned = (struct directory *)(uintptr_t)directory;
    if (!owned || !owners_drop(&owned->owners))
        return;
    for (uint32_t i = 0; i < owned->added_count; i++)
        directory_entry_release(owned->added[i]);
    directory_base_release(owned->base);
    free(owned->added);
    free(owned->dead);
    free(owned);
}

size_t directory_count(const struct directory *directory)
{
    return directory->count;
}

/* ---- the list by id ---- */

static uint32_t added_row(const struct directory *directory, const char *id)
{
    uint32_t low = 0, high = directory->added_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(directory->added[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The two lists, in order of id, as one; base rows that are dead or fail the filter are passed over. */
struct walk {
    const struct directory *directory;
    const struct directory_filter *filter;
    uint32_t row, added;
};

static const struct directory_entry *walk_next(struct walk *walk)
{
    const struct directory *directory = walk->directory;
    const struct directory_base *base = directory->base;
    while (walk->row < base->count && (directory_is_dead(directory, walk->row) ||
                                       !directory_traits_pass(&base->traits[walk->row], walk->filter)))
        walk->row++;
    const struct directory_entry *entry = walk->row < base->count ? base->entries[walk->row] : NULL;
    if (walk->added < directory->added_count &&
        (!entry || strcmp(directory->added[walk->added]->id, entry->id) < 0))
        return directory->added[walk->added++];
    walk->row++;
    return entry;
}

static size_t list_by_id(const struct directory *directory, struct arena *arena,
                         const struct directory_filter *filter, const char *after, struct directory_hit *hits,
                         size_t most)
{
    /* A registry's ids stand together: they begin with its id and a '/'. */
    const char *from = filter->registry_bytes ? arena_format(arena, "%s/", filter->query->registry) : "";
    if (after && strcmp(after, from) > 0)
        from = after;
    struct walk walk = {directory, filter, directory_base_row(directory->base, from),
                        added_row(directory, from)};
    size_t count = 0;
    for (const struct directory_entry *entry; count < most && (entry = walk_next(&walk));) {
        if (!directory_entry_is_of(entry, filter))
            break;
        if ((!after || strcmp(entry->id, after) > 0) && directory_entry_passes(entry, filter))
            hits[count++] = (struct directory_hit){0, entry->id};
    }
    return count;
}

/* ---- the list by fit ---- */

/* The best hits so far as a heap: the one that goes first when a better one comes is at the root. */
struct best {
    struct directory_hit *hits;
    size_t count, most;
    const struct directory_hit *after;
};

static bool comes_before(const struct directory_hit *a, const struct directory_hit *b)
{
    return a->score != b->score ? a->score > b->score : strcmp(a->id, b->id) < 0;
}

static void swap(struct directory_hit *a, struct directory_hit *b)
{
    struct directory_hit kept = *a;
    *a = *b;
    *b = kept;
}

static void sink(struct best *best, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < best->count; at = child) {
        if (child + 1 < best->count && comes_before(&best->hits[child], &best->hits[child + 1]))
            child++;
        if (!comes_before(&best->hits[at], &best->hits[child]))
            return;
        swap(&best->hits[at], &best->hits[child]);
    }
}

static void best_push(struct best *best, struct directory_hit hit)
{
    if (best->after && !comes_before(best->after, &hit))
        return;
    if (best->count == best->most) {
        if (!comes_before(&hit, &best->hits[0]))
            return;
        best->hits[0] = hit;
        sink(best, 0);
        return;
    }
    size_t at = best->count++;
    best->hits[at] = hit;
    for (; at && comes_before(&best->hits[(at - 1) / 2], &best->hits[at]); at = (at - 1) / 2)
        swap(&best->hits[(at - 1) / 2], &best->hits[at]);
}

static int compare_hits(const void *left, const void *right)
{
    return comes_before(left, right) ? -1 : comes_before(right, left);
}

static void judge(struct best *best, const struct directory_entry *entry,
                  const struct directory_filter *filter, struct text_list words)
{
    if (!directory_entry_passes(entry, filter))
        return;
    uint32_t score = directory_entry_fit(entry, words);
    if (score)
        best_push(best, (struct directory_hit){score, entry->id});
}

static size_t list_by_fit(const struct directory *directory, struct arena *arena,
                          const struct directory_filter *filter, struct text_list words, struct best *best)
{
    const struct directory_base *base = directory->base;
    const uint64_t *found = directory_base_search(base, arena, words);
    for (size_t i = 0; i < directory_bit_words(base->count); i++)
        for (uint64_t bits = found[i] & ~directory->dead[i]; bits; bits &= bits - 1) {
            size_t row = i * 64 + (size_t)__builtin_ctzll(bits);
            if (directory_traits_pass(&base->traits[row], filter))
                judge(best, base->entries[row], filter, words);
        }
    for (uint32_t i = 0; i < directory->added_count; i++)
        judge(best, directory->added[i], filter, words);
    if (best->count)
        qsort(best->hits, best->count, sizeof *best->hits, compare_hits);
    return best->count;
}

static struct text_list split(struct arena *arena, const char *text)
{
    char *folded = text_fold(arena, text ? text : "");
    size_t most = 1, count = 0;
    for (const char *at = folded; *at; at++)
        most += *at == ' ';
    const char **items = arena_array(arena, most, sizeof *items);
    for (char *next; folded && *folded; folded = next) {
        next = strchr(folded, ' ');
        if (next)
            *next++ = '\0';
        items[count++] = folded;
    }
    return (struct text_list){items, count};
}

size_t directory_find(const struct directory *directory, struct arena *arena,
                      const struct directory_query *query, const struct directory_hit *after,
                      struct directory_hit *hits, size_t most)
{
    struct text_list words = split(arena, query->words);
    struct directory_filter filter = directory_filter_make(arena, query);
    if (!most)
        return 0;
    if (!words.count)
        return list_by_id(directory, arena, &filter, after ? after->id : NULL, hits, most);
    struct best best = {.hits = hits, .most = most, .after = after};
    return list_by_fit(directory, arena, &filter, words, &best);
}
