#include "match/posting.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/bits.h"

enum { DENSE_ONE_IN = 32 };

void posting_pairs_add(struct posting_pairs *pairs, uint32_t value, uint32_t slot)
{
    if (pairs->count == pairs->capacity) {
        pairs->capacity = pairs->capacity ? pairs->capacity * 2 : 1024;
        pairs->items = heap_realloc(pairs->items, pairs->capacity * sizeof *pairs->items);
    }
    pairs->items[pairs->count++] = (struct posting_pair){value, slot};
}

void posting_pairs_fini(struct posting_pairs *pairs)
{
    free(pairs->items);
    *pairs = (struct posting_pairs){0};
}

/* Where each value's items begin in one array sorted by value, stably; `next` comes back as where they end. */
static uint32_t *sort_by_value(struct arena *arena, const struct posting_pairs *pairs, uint32_t *next,
                               uint32_t value_count)
{
    uint32_t *items = arena_alloc(arena, pairs->count * sizeof *items);
    for (size_t i = 0; i < pairs->count; i++)
        next[pairs->items[i].value + 1]++;
    for (uint32_t value = 0; value < value_count; value++)
        next[value + 1] += next[value];
    for (size_t i = 0; i < pairs->count; i++)
        items[next[pairs->items[i].value]++] = pairs->items[i].slot;
    return items;
}

struct posting_table posting_table_make(struct arena *arena, struct posting_pairs *pairs,
                                        uint32_t value_count, uint32_t slot_count)
{
    size_t words = bits_words(slot_count);
    uint32_t *end = heap_zalloc(((size_t)value_count + 1) * sizeof *end);
    const uint32_t *items = sort_by_value(arena, pairs, end, value_count);
    struct posting *postings = arena_array(arena, value_count, sizeof *postings);
    uint32_t begin = 0;
    for (uint32_t value = 0; value < value_count; begin = end[value++]) {
        struct posting *posting = &postings[value];
        posting->count = end[value] - begin;
        if (posting->count > slot_count / DENSE_ONE_IN) {
            uint64_t *bits = arena_array(arena, words, sizeof *bits);
            for (uint32_t i = begin; i < end[value]; i++)
                bits_set(bits, items[i]);
            posting->bits = bits;
        } else if (posting->count) {
            posting->items = items + begin;
        }
    }
    free(end);
    pairs->count = 0;
    return (struct posting_table){value_count, postings};
}

struct posting posting_of(const struct posting_table *table, uint32_t value)
{
    return value < table->value_count ? table->postings[value] : (struct posting){0};
}

void posting_join(const struct posting *posting, uint64_t *bits, size_t words)
{
    if (posting->bits)
        for (size_t i = 0; i < words; i++)
            bits[i] |= posting->bits[i];
    else
        for (uint32_t i = 0; i < posting->count; i++)
            bits_set(bits, posting->items[i]);
}
