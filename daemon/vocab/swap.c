#include "vocab/swap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { TEXTS_OF_A_GROUP_MOST = 48 };
static const float share_least = 0.02f;
static const float chance =
    0.5f; /* taken off the concepts that swap two words: one alone may be an accident */

struct seen {
    uint32_t word, other, group;
};

struct collector {
    struct seen *items;
    size_t count, capacity;
};

static void collect(struct collector *collector, uint32_t word, uint32_t other, uint32_t group)
{
    if (collector->count == collector->capacity) {
        collector->capacity = collector->capacity ? collector->capacity * 2 : 4096;
        collector->items = heap_realloc(collector->items, collector->capacity * sizeof *collector->items);
    }
    collector->items[collector->count++] = (struct seen){word, other, group};
}

/* The one word of each that the other has not, where there is just one in both and some that they share. */
static bool differ_in_one(const struct swap_text *a, const struct swap_text *b, uint32_t *ret_a,
                          uint32_t *ret_b)
{
    size_t i = 0, j = 0, only_a = 0, only_b = 0;
    if (a->word_count != b->word_count || a->word_count < 2)
        return false;
    while ((i < a->word_count || j < b->word_count) && only_a <= 1 && only_b <= 1) {
        if (j == b->word_count || (i < a->word_count && a->words[i] < b->words[j])) {
            only_a++;
            *ret_a = a->words[i++];
        } else if (i == a->word_count || b->words[j] < a->words[i]) {
            only_b++;
            *ret_b = b->words[j++];
        } else {
            i++, j++;
        }
    }
    return only_a == 1 && only_b == 1;
}

static void collect_group(struct collector *collector, const struct swap_text *texts, size_t count)
{
    if (count > TEXTS_OF_A_GROUP_MOST)
        count = TEXTS_OF_A_GROUP_MOST;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            uint32_t a = 0, b = 0;
            if (!differ_in_one(&texts[i], &texts[j], &a, &b))
                continue;
            collect(collector, a, b, texts[i].group);
            collect(collector, b, a, texts[i].group);
        }
}

static int compare_seen(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;
    if (a->word != b->word)
        return a->word < b->word ? -1 : 1;
    if (a->other != b->other)
        return a->other < b->other ? -1 : 1;
    return (a->group > b->group) - (a->group < b->group);
}

/* In how many groups each word comes. */
static uint32_t *count_groups(const struct swap_text *texts, size_t count, uint32_t word_count)
{
    uint32_t *groups = heap_zalloc(word_count * sizeof *groups),
             *last = heap_alloc(word_count * sizeof *last);
    memset(last, 0xff, word_count * sizeof *last);
    for (size_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < texts[i].word_count; j++) {
            uint32_t word = texts[i].words[j];
            groups[word] += last[word] != texts[i].group;
            last[word] = texts[i].group;
        }
    free(last);
    return groups;
}

/* Makes one swap of each run of the same two words; they come by word, then other. */
static struct swap_table make_table(struct arena *arena, const struct collector *seen, const uint32_t *groups,
                                    uint32_t word_count)
{
    uint32_t *starts = arena_array(arena, (size_t)word_count + 1, sizeof *starts), count = 0;
    struct swap *swaps = heap_alloc(seen->count * sizeof *swaps);
    for (size_t i = 0, end; i < seen->count; i = end) {
        const struct seen *first = &seen->items[i];
        uint32_t concepts = 1;
        for (end = i + 1; end < seen->count && seen->items[end].word == first->word &&
                          seen->items[end].other == first->other;
             end++)
            concepts += seen->items[end].group != seen->items[end - 1].group;
        float share = ((float)concepts - chance) / (float)groups[first->word];
        if (share < share_least)
            continue;
        swaps[count++] = (struct swap){first->other, share};
        starts[first->word + 1]++;
    }
    for (uint32_t word = 0; word < word_count; word++)
        starts[word + 1] += starts[word];
    struct swap_table table = {starts, arena_copy(arena, swaps, count * sizeof *swaps)};
    free(swaps);
    return table;
}

struct swap_table swap_learn(struct arena *arena, const struct swap_text *texts, size_t count,
                             uint32_t word_count)
{
    struct collector seen = {0};
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && texts[end].group == texts[i].group; end++)
            ;
        collect_group(&seen, texts + i, end - i);
    }
    if (seen.count)
        qsort(seen.items, seen.count, sizeof *seen.items, compare_seen);
    uint32_t *groups = count_groups(texts, count, word_count);
    struct swap_table table = make_table(arena, &seen, groups, word_count);
    free(groups);
    free(seen.items);
    return table;
}
