#include "match/sieve.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/filter/filter.h"
#include "match/index_data.h"
#include "match/search.h"
#include "match/wide.h"

/* ---- what to look at ---- */

static int compare_unions(const void *left, const void *right)
{
    const struct posting_union *a = left, *b = right;
    return (a->total > b->total) - (a->total < b->total);
}

static void read_filters(struct sieve *sieve)
{
    const struct match_query *query = sieve->query;
    size_t most = FILTER_COUNT + query->wanted.count;
    sieve->unions = arena_array(query->arena, most, sizeof *sieve->unions);
    sieve->each = arena_array(query->arena, FILTER_COUNT, sizeof *sieve->each);
    sieve->odd_each = arena_array(query->arena, FILTER_COUNT, sizeof *sieve->odd_each);
    for (size_t i = 0; i < FILTER_COUNT; i++) {
        const struct filter *filter = filter_table[i];
        if (!filter->stated(query))
            continue;
        if (filter->unite)
            filter->unite(query, sieve);
        else if (filter->in_columns && sieve->by_columns)
            sieve->odd_each[sieve->odd_each_count++] = filter;
        else
            sieve->each[sieve->each_count++] = filter;
    }
}

/* Slots that are alike lie together, so that the smaller sets leave few chunks. */
static void choose_chunks(struct sieve *sieve)
{
    enum { UNIONS_MOST = 2 };
    struct arena *arena = sieve->query->arena;
    sieve->chunk_count = (sieve->query->segment->slot_count + CHUNK_SLOTS - 1) / CHUNK_SLOTS;
    size_t words = bits_words(sieve->chunk_count);
    sieve->chunks = arena_alloc(arena, (words + 1) * sizeof *sieve->chunks);
    memset(sieve->chunks, 0xff, words * sizeof *sieve->chunks);
    for (uint32_t i = 0; i < sieve->union_count && i < UNIONS_MOST; i++) {
        uint64_t *marked = arena_array(arena, words + 1, sizeof *marked);
        posting_union_mark(&sieve->unions[i], marked);
        bits_and(sieve->chunks, marked, words);
    }
}

void sieve_init(struct sieve *sieve, const struct match_query *query)
{
    *sieve = (struct sieve){.query = query};
    sieve->by_columns = column_wish_read(&sieve->columns, query);
    read_filters(sieve);
    slot_set_end(&sieve->excluded, query);
    qsort(sieve->unions, sieve->union_count, sizeof *sieve->unions, compare_unions);
    choose_chunks(sieve);
}

struct posting_union *sieve_union(struct sieve *sieve)
{
    return &sieve->unions[sieve->union_count++];
}

void sieve_exclude_body(struct sieve *sieve, uint32_t body)
{
    slot_set_add_body(&sieve->excluded, sieve->query, body);
}

/* ---- chunk by chunk ---- */

static uint64_t ask_each(const struct sieve *sieve, size_t slot, uint64_t slots,
                         const struct filter **filters, size_t count)
{
    for (uint64_t rest = slots; rest; rest &= rest - 1) {
        unsigned at = (unsigned)__builtin_ctzll(rest);
        for (size_t i = 0; i < count; i++)
            if (!filters[i]->holds(sieve->query, (uint32_t)(slot + at))) {
                slots &= ~((uint64_t)1 << at);
                break;
            }
    }
    return slots;
}

/* Leaves out words without slots at both ends; false: there are no others. */
static bool shrink(struct stretch *stretch, const uint64_t *slots)
{
    while (stretch->first < stretch->end && !slots[stretch->first])
        stretch->first++;
    while (stretch->first < stretch->end && !slots[stretch->end - 1])
        stretch->end--;
    return stretch->first < stretch->end;
}

/* What sets leave of a chunk; false: nothing. */
static bool cut(struct sieve *sieve, struct stretch *stretch, uint64_t *slots)
{
    const struct match_query *query = sieve->query;
    const uint64_t *live = query->index->live[query->part] + stretch_word(stretch);
    uint64_t scratch[CHUNK_WORDS];
    memset(slots + stretch->end, 0, (CHUNK_WORDS - stretch->end) * sizeof *slots);
    if (!sieve->union_count)
        memcpy(slots, live, stretch_words(stretch) * sizeof *slots);
    for (uint32_t i = 0; i < sieve->union_count; i++) {
        const uint64_t *hold = posting_union_read(&sieve->unions[i], stretch, scratch);
        size_t first = stretch->first, words = stretch_words(stretch);
        if (!hold ||
            !(i ? wide_and(slots + first, hold + first, words) : wide_both(slots, live, hold, words)))
            return false;
        shrink(stretch, slots);
    }
    return true;
}

static bool read_chunk(struct sieve *sieve, struct stretch *stretch, uint64_t *slots)
{
    const struct segment *segment = sieve->query->segment;
    size_t words = bits_words(segment->slot_count) - stretch->chunk * CHUNK_WORDS;
    stretch->first = 0;
    stretch->end = words < CHUNK_WORDS ? words : CHUNK_WORDS;
    if (!cut(sieve, stretch, slots))
        return false;
    slot_set_take(&sieve->excluded, stretch->chunk, slots, NULL);
    if (sieve->by_columns)
        column_wish_narrow(&sieve->columns, segment, stretch_word(stretch), stretch_words(stretch),
                           slots + stretch->first);
    for (size_t i = stretch->first; i < stretch->end; i++) {
        uint32_t slot = stretch_slot(stretch, i);
        uint64_t odd = sieve->by_columns ? slots[i] & segment->odd[slot / 64] : 0;
        if (odd)
            slots[i] ^= odd ^ ask_each(sieve, slot, odd, sieve->odd_each, sieve->odd_each_count);
        if (slots[i] && sieve->each_count)
            slots[i] = ask_each(sieve, slot, slots[i], sieve->each, sieve->each_count);
    }
    return shrink(stretch, slots);
}

bool sieve_next(struct sieve *sieve, struct stretch *ret_stretch, uint64_t *slots)
{
    size_t count = sieve->chunk_count, *chunk = &ret_stretch->chunk;
    *chunk = bits_next(sieve->chunks, count, sieve->next_chunk);
    while (*chunk < count && !read_chunk(sieve, ret_stretch, slots))
        *chunk = bits_next(sieve->chunks, count, *chunk + 1);
    sieve->next_chunk = *chunk + 1;
    return *chunk < count;
}
