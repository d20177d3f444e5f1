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

/* Counts become where each value's items begin. */
static void sum_up(uint32_t *next, uint32_t value_count)
{
    for (uint32_t value = 0; value < value_count; value++)
        next[value + 1] += next[value];
}

/* The table from items sorted by value; end[v] is where v's items end. */
static struct posting_table table_of(struct arena *arena, const uint32_t *items, const uint32_t *end,
                                     uint32_t value_count, uint32_t slot_count)
{
    struct posting *postings = arena_array(arena, value_count, sizeof *postings);
    uint32_t begin = 0;
    for (uint32_t value = 0; value < value_count; begin = end[value++]) {
        struct posting *posting = &postings[value];
        posting->count = end[value] - begin;
        if (posting->count > slot_count / DENSE_ONE_IN) {
            uint64_t *bits = arena_array(arena, bits_words(slot_count), sizeof *bits);
            for (uint32_t i = begin; i < end[value]; i++)
                bits_set(bits, items[i]);
            posting->bits = bits;
        } else if (posting->count) {
            posting->items = items + begin;
        }
    }
    return (struct posting_table){value_count, postings};
}

struct posting_table posting_table_make(struct arena *arena, struct posting_pairs *pairs,
                                        uint32_t value_count, uint32_t slot_count)
{
    uint32_t *next = heap_zalloc(((size_t)value_count + 1) * sizeof *next);
    uint32_t *items = arena_alloc(arena, pairs->count * sizeof *items);
    for (size_t i = 0; i < pairs->count; i++)
        next[pairs->items[i].value + 1]++;
    sum_up(next, value_count);
    for (size_t i = 0; i < pairs->count; i++)
        items[next[pairs->items[i].value]++] = pairs->items[i].slot;
    struct posting_table table = table_of(arena, items, next, value_count, slot_count);
    free(next);
    pairs->count = 0;
    return table;
}

struct posting_table posting_table_of_lists(struct arena *arena, const uint32_t *first,
                                            const uint32_t *values, uint32_t value_count, uint32_t slot_count)
{
    uint32_t *next = heap_zalloc(((size_t)value_count + 1) * sizeof *next);
    uint32_t *items = arena_alloc(arena, first[slot_count] * sizeof *items);
    for (uint32_t i = 0; i < first[slot_count]; i++)
        next[values[i] + 1]++;
    sum_up(next, value_count);
    for (uint32_t slot = 0; slot < slot_count; slot++)
        for (uint32_t i = first[slot]; i < first[slot + 1]; i++)
            items[next[values[i]]++] = slot;
    struct posting_table table = table_of(arena, items, next, value_count, slot_count);
    free(next);
    return table;
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
