#include "match/posting.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/wide.h"

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

/* Where each value's slots go while they are told one after the other. */
struct distribution {
    struct posting *postings;
    uint32_t **next; /* the end of a list so far */
    uint64_t **bits; /* or the set */
};

/* From how often each value is told. */
static struct distribution distribution_begin(struct arena *arena, const uint32_t *counts,
                                              uint32_t value_count, uint32_t slot_count)
{
    struct distribution to = {
        .postings = arena_array(arena, value_count, sizeof *to.postings),
        .next = heap_zalloc(((size_t)value_count + 1) * sizeof *to.next),
        .bits = heap_zalloc(((size_t)value_count + 1) * sizeof *to.bits),
    };
    size_t listed = 0;
    for (uint32_t value = 0; value < value_count; value++)
        listed += counts[value] > slot_count / DENSE_ONE_IN ? 0 : counts[value];
    uint32_t *items = arena_alloc(arena, (listed ? listed : 1) * sizeof *items);
    for (uint32_t value = 0; value < value_count; value++) {
        struct posting *posting = &to.postings[value];
        posting->count = counts[value];
        if (counts[value] > slot_count / DENSE_ONE_IN) {
            posting->bits = to.bits[value] = arena_array(arena, bits_words(slot_count), sizeof **to.bits);
        } else if (counts[value]) {
            posting->items = to.next[value] = items;
            items += counts[value];
        }
    }
    return to;
}

static inline void distribution_tell(const struct distribution *to, uint32_t value, uint32_t slot)
{
    if (to->next[value])
        *to->next[value]++ = slot;
    else
        bits_set(to->bits[value], slot);
}

/* A list's chunks with so many items that bits take no more room. */
static void add_blocks(struct arena *arena, struct posting *posting)
{
    enum { MANY = CHUNK_WORDS * sizeof(uint64_t) / sizeof(uint32_t) };
    struct posting_block *blocks = NULL;
    for (uint32_t i = 0, end; i < posting->count; i = end) {
        uint32_t chunk = posting->items[i] / CHUNK_SLOTS;
        for (end = i + 1; end < posting->count && posting->items[end] / CHUNK_SLOTS == chunk;)
            end++;
        if (end - i < MANY)
            continue;
        if (!blocks)
            posting->blocks = blocks = arena_array(arena, posting->count / MANY, sizeof *blocks);
        uint64_t *bits = arena_array(arena, CHUNK_WORDS, sizeof *bits);
        for (uint32_t j = i; j < end; j++)
            bits_set(bits, posting->items[j] % CHUNK_SLOTS);
        blocks[posting->block_count++] = (struct posting_block){chunk, bits};
    }
}

static struct posting_table distribution_end(struct distribution *to, struct arena *arena, uint32_t *counts,
                                             uint32_t value_count)
{
    for (uint32_t value = 0; value < value_count; value++)
        if (to->postings[value].items)
            add_blocks(arena, &to->postings[value]);
    free(counts);
    free(to->next);
    free(to->bits);
    return (struct posting_table){value_count, to->postings};
}

struct posting_table posting_table_make(struct arena *arena, struct posting_pairs *pairs,
                                        uint32_t value_count, uint32_t slot_count)
{
    uint32_t *counts = heap_zalloc(((size_t)value_count + 1) * sizeof *counts);
    for (size_t i = 0; i < pairs->count; i++)
        counts[pairs->items[i].value]++;
    struct distribution to = distribution_begin(arena, counts, value_count, slot_count);
    for (size_t i = 0; i < pairs->count; i++)
        distribution_tell(&to, pairs->items[i].value, pairs->items[i].slot);
    pairs->count = 0;
    return distribution_end(&to, arena, counts, value_count);
}

struct posting_table posting_table_of_lists(struct arena *arena, const uint32_t *first,
                                            const uint16_t *short_values, const uint32_t *long_values,
                                            uint32_t value_count, uint32_t slot_count)
{
    uint32_t *counts = heap_zalloc(((size_t)value_count + 1) * sizeof *counts);
    for (uint32_t i = 0; i < first[slot_count]; i++)
        counts[short_values ? short_values[i] : long_values[i]]++;
    struct distribution to = distribution_begin(arena, counts, value_count, slot_count);
    for (uint32_t slot = 0; slot < slot_count; slot++)
        for (uint32_t i = first[slot]; i < first[slot + 1]; i++)
            distribution_tell(&to, short_values ? short_values[i] : long_values[i], slot);
    return distribution_end(&to, arena, counts, value_count);
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

/* ---- unions ---- */

void posting_union_add(struct posting_union *all, struct arena *arena, struct posting posting)
{
    all->total += posting.count;
    if (posting.count && posting.bits) {
        if (all->dense_count == all->dense_capacity) {
            uint32_t old = all->dense_capacity;
            all->dense_capacity = old ? old * 2 : 4;
            all->dense = arena_grow(arena, all->dense, old * sizeof *all->dense,
                                    all->dense_capacity * sizeof *all->dense);
        }
        all->dense[all->dense_count++] = posting.bits;
    } else if (posting.count) {
        if (all->list_count == all->list_capacity) {
            uint32_t old = all->list_capacity;
            all->list_capacity = old ? old * 2 : 4;
            all->lists = arena_grow(arena, all->lists, old * sizeof *all->lists,
                                    all->list_capacity * sizeof *all->lists);
        }
        all->lists[all->list_count++] = (struct posting_cursor){
            .at = posting.items,
            .end = posting.items + posting.count,
            .block = posting.blocks,
            .block_end = posting.block_count ? posting.blocks + posting.block_count : NULL,
        };
    }
}

/* The first item that isn't below the slot: by leaps that double, then by halves. */
static const uint32_t *advance(const uint32_t *at, const uint32_t *end, uint32_t slot)
{
    if (at == end || *at >= slot)
        return at;
    size_t leap = 1;
    while (leap < (size_t)(end - at) && at[leap] < slot) {
        at += leap;
        leap *= 2;
    }
    const uint32_t *high = leap < (size_t)(end - at) ? at + leap : end;
    while (high - at > 1) {
        const uint32_t *middle = at + (high - at) / 2;
        if (*middle < slot)
            at = middle;
        else
            high = middle;
    }
    return high;
}

void posting_union_join(struct posting_union *all, size_t word, size_t words, uint64_t *bits)
{
    for (uint32_t i = 0; i < all->dense_count; i++)
        wide_or(bits, all->dense[i] + word, words);
    uint32_t first = (uint32_t)(word * 64), end = (uint32_t)((word + words) * 64);
    for (uint32_t i = 0; i < all->list_count; i++) {
        struct posting_cursor *list = &all->lists[i];
        while (list->block < list->block_end && list->block->chunk < word / CHUNK_WORDS)
            list->block++;
        if (list->block < list->block_end && list->block->chunk == word / CHUNK_WORDS) {
            wide_or(bits, list->block->bits, words);
            continue;
        }
        const uint32_t *at = advance(list->at, list->end, first);
        for (; at < list->end && *at < end; at++)
            bits_set(bits, *at - first);
        list->at = at;
    }
}

const uint64_t *posting_union_read(struct posting_union *all, size_t word, size_t words, uint64_t *scratch)
{
    if (all->dense_count == 1 && !all->list_count)
        return all->dense[0] + word;
    memset(scratch, 0, words * sizeof *scratch);
    posting_union_join(all, word, words, scratch);
    return scratch;
}
