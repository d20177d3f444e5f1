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

/* What sets leave of a chunk; returns 0 where nothing is left. */
static uint64_t cut(struct sieve *sieve, size_t chunk, size_t words, uint64_t *slots)
{
    const struct match_query *query = sieve->query;
    const uint64_t *live = query->index->live[query->part] + chunk * CHUNK_WORDS;
    uint64_t scratch[CHUNK_WORDS], any = sieve->union_count == 0;
    if (any)
        memcpy(slots, live, words * sizeof *slots);
    for (uint32_t i = 0; i < sieve->union_count; i++) {
        const uint64_t *hold = posting_union_read(&sieve->unions[i], chunk, scratch);
        if (!hold)
            return 0;
        any = i ? wide_and(slots, hold, words) : wide_both(slots, live, hold, words);
        if (!any)
            return 0;
    }
    return any;
}

static bool read_chunk(struct sieve *sieve, size_t chunk, uint64_t *slots)
{
    const struct segment *segment = sieve->query->segment;
    size_t word = chunk * CHUNK_WORDS, words = bits_words(segment->slot_count) - word;
    words = words < CHUNK_WORDS ? words : CHUNK_WORDS;
    if (!cut(sieve, chunk, words, slots))
        return false;
    memset(slots + words, 0, (CHUNK_WORDS - words) * sizeof *slots);
    slot_set_take(&sieve->excluded, chunk, slots, NULL);
    if (sieve->by_columns)
        column_wish_narrow(&sieve->columns, segment, word, words, slots);
    uint64_t any = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t odd = sieve->by_columns ? slots[i] & segment->odd[word + i] : 0;
        if (odd)
            slots[i] ^= odd ^ ask_each(sieve, (word + i) * 64, odd, sieve->odd_each, sieve->odd_each_count);
        if (slots[i] && sieve->each_count)
            slots[i] = ask_each(sieve, (word + i) * 64, slots[i], sieve->each, sieve->each_count);
        any |= slots[i];
    }
    return any;
}

bool sieve_next(struct sieve *sieve, size_t *ret_chunk, uint64_t *slots)
{
    size_t chunk = bits_next(sieve->chunks, sieve->chunk_count, sieve->next_chunk);
    while (chunk < sieve->chunk_count && !read_chunk(sieve, chunk, slots))
        chunk = bits_next(sieve->chunks, sieve->chunk_count, chunk + 1);
    sieve->next_chunk = chunk + 1;
    *ret_chunk = chunk;
    return chunk < sieve->chunk_count;
}
