#include "replica/directory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/owners.h"
#include "base/text.h"
#include "replica/directory_base.h"
#include "replica/directory_entry.h"

/* A base that stays for many publications, and what changed since: base rows that no longer count, and entries
 * beside it. */
struct directory {
    _Atomic unsigned owners;
    struct directory_base *base;
    uint64_t *dead;                 /* a bit a row of the base */
    struct directory_entry **added; /* in order of id */
    uint32_t added_count, count;
};

/* A change that the next publication makes; the last one of an id counts. */
struct pending {
    struct directory_entry *entry; /* NULL: removed */
    char *id;                      /* of a removed one, owned; else the entry's */
    size_t order;
};

struct directory_builder {
    struct directory *last; /* NULL before the first publication */
    struct pending *pending;
    size_t pending_count, pending_capacity;
};

enum { CHANGES_BEFORE_REBUILD = 1000, REBUILD_SHARE = 48 };

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

static bool is_dead(const struct directory *directory, uint32_t row)
{
    return directory->dead[row / 64] >> row % 64 & 1;
}

/* ---- building ---- */

struct directory_builder *directory_builder_new(void)
{
    return heap_zalloc(sizeof(struct directory_builder));
}

static void drop_pending(struct directory_builder *builder)
{
    for (size_t i = 0; i < builder->pending_count; i++) {
        if (builder->pending[i].entry)
            directory_entry_release(builder->pending[i].entry);
        else
            free(builder->pending[i].id);
    }
    builder->pending_count = 0;
}

void directory_builder_free(struct directory_builder *builder)
{
    if (!builder)
        return;
    drop_pending(builder);
    free(builder->pending);
    directory_release(builder->last);
    free(builder);
}

static void add_pending(struct directory_builder *builder, struct directory_entry *entry, char *id)
{
    if (builder->pending_count == builder->pending_capacity) {
        builder->pending_capacity = builder->pending_capacity ? builder->pending_capacity * 2 : 64;
        builder->pending =
            heap_realloc(builder->pending, builder->pending_capacity * sizeof *builder->pending);
    }
    builder->pending[builder->pending_count] = (struct pending){entry, id, builder->pending_count};
    builder->pending_count++;
}

void directory_builder_put(struct directory_builder *builder, const pb_organisation *organisation)
{
    struct directory_entry *entry = directory_entry_new(organisation);
    add_pending(builder, entry, entry->data);
}

void directory_builder_remove(struct directory_builder *builder, const char *id)
{
    add_pending(builder, NULL, heap_strdup(id));
}

static int compare_pending(const void *left, const void *right)
{
    const struct pending *a = left, *b = right;
    int order = strcmp(a->id, b->id);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static bool is_overruled(const struct directory_builder *builder, size_t i)
{
    return i + 1 < builder->pending_count && text_equal(builder->pending[i].id, builder->pending[i + 1].id);
}

/* Puts the pending changes, in order, over the entries that stood beside the base; marks the base's rows they
 * replace. */
static void merge(const struct directory_builder *builder, struct directory *next)
{
    const struct directory *last = builder->last;
    uint32_t old_count = last ? last->added_count : 0, old = 0;
    next->added = heap_alloc((old_count + builder->pending_count) * sizeof *next->added);
    for (size_t i = 0; i < builder->pending_count; i++) {
        const struct pending *pending = &builder->pending[i];
        if (is_overruled(builder, i))
            continue;
        for (; old < old_count && strcmp(last->added[old]->id, pending->id) < 0; old++)
            next->added[next->added_count++] = directory_entry_acquire(last->added[old]);
        old += old < old_count && text_equal(last->added[old]->id, pending->id);
        if (pending->entry)
            next->added[next->added_count++] = directory_entry_acquire(pending->entry);
        uint32_t row = directory_base_row(next->base, pending->id);
        if (row < next->base->count && text_equal(next->base->entries[row]->id, pending->id))
            next->dead[row / 64] |= (uint64_t)1 << row % 64;
    }
    for (; old < old_count; old++)
        next->added[next->added_count++] = directory_entry_acquire(last->added[old]);
}

static uint32_t count_dead(const struct directory *directory)
{
    uint32_t dead = 0;
    for (size_t i = 0; i < directory_bit_words(directory->base->count); i++)
        dead += (uint32_t)__builtin_popcountll(directory->dead[i]);
    return dead;
}

/* A base of all that counts; the directory's own where that is all. */
static struct directory_base *whole_base(const struct directory *directory)
{
    struct directory_base *old = directory->base;
    if (!directory->added_count && directory->count == old->count)
        return directory_base_acquire(old);
    struct directory_entry **entries =
        heap_alloc(((size_t)old->count + directory->added_count) * sizeof *entries);
    uint32_t count = 0, added = 0;
    for (uint32_t row = 0; row < old->count; row++) {
        if (is_dead(directory, row))
            continue;
        while (added < directory->added_count &&
               strcmp(directory->added[added]->id, old->entries[row]->id) < 0)
            entries[count++] = directory_entry_acquire(directory->added[added++]);
        entries[count++] = directory_entry_acquire(old->entries[row]);
    }
    while (added < directory->added_count)
        entries[count++] = directory_entry_acquire(directory->added[added++]);
    struct directory_base *base = directory_base_new(entries, count);
    free(entries);
    return base;
}

static struct directory *directory_of(struct directory_base *base)
{
    struct directory *directory = heap_zalloc(sizeof *directory);
    atomic_init(&directory->owners, 1);
    directory->base = base;
    directory->count = base->count;
    directory->dead = heap_zalloc(directory_bit_words(base->count) * sizeof *directory->dead);
    return directory;
}

const struct directory *directory_builder_publish(struct directory_builder *builder)
{
    struct directory *last = builder->last;
    if (last && !builder->pending_count)
        return directory_acquire(last);
    if (builder->pending_count)
        qsort(builder->pending, builder->pending_count, sizeof *builder->pending, compare_pending);
    struct directory *next =
        directory_of(last ? directory_base_acquire(last->base) : directory_base_new(NULL, 0));
    if (last)
        memcpy(next->dead, last->dead, directory_bit_words(next->base->count) * sizeof *next->dead);
    merge(builder, next);
    uint32_t dead = count_dead(next);
    next->count = next->base->count - dead + next->added_count;
    if (next->added_count + dead > CHANGES_BEFORE_REBUILD + next->base->count / REBUILD_SHARE) {
        struct directory *whole = directory_of(whole_base(next));
        directory_release(next);
        next = whole;
    }
    drop_pending(builder);
    directory_release(last);
    builder->last = next;
    return directory_acquire(next);
}

const struct directory_base *directory_put(const struct directory *directory, struct image_writer *image)
{
    struct directory_base *base = whole_base(directory);
    const struct directory_base *put = directory_base_put(base, image);
    directory_base_release(base);
    return put;
}

void directory_builder_set_base(struct directory_builder *builder, const struct directory_base *base)
{
    directory_release(builder->last);
    builder->last = directory_of((struct directory_base *)(uintptr_t)base);
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
    while (walk->row < base->count &&
           (is_dead(directory, walk->row) || !directory_traits_pass(&base->traits[walk->row], walk->filter)))
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
