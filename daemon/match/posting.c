#include "match/posting.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/give_way.h"
#include "match/bits.h"
#include "match/entry.h"
#include "match/weave.h"
#include "match/wide.h"

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

/* ---- tables ---- */

/* Each value's slots one after the other, while they are told: those of a value end where the next one's begin. */
struct distribution {
    uint32_t *next; /* by value */
    uint32_t *slots;
};

/* `counts` say how often each value will be told. */
static struct distribution distribution_begin(const uint32_t *counts, uint32_t value_count)
{
    struct distribution to = {.next = heap_alloc(((size_t)value_count + 1) * sizeof *to.next)};
    uint32_t sum = 0;
    for (uint32_t value = 0; value < value_count; value++) {
        to.next[value] = sum;
        sum += counts[value];
    }
    to.slots = heap_alloc((size_t)sum * sizeof *to.slots);
    return to;
}

static inline void distribution_tell(const struct distribution *to, uint32_t value, uint32_t slot)
{
    to->slots[to->next[value]++] = slot;
}

/* How many of the slots are in the first one's chunk. */
static uint32_t count_together(const uint32_t *slots, uint32_t count)
{
    uint32_t together = 1;
    while (together < count && slots[together] / CHUNK_SLOTS == slots[0] / CHUNK_SLOTS)
        together++;
    return together;
}

enum { WORD_UNITS = sizeof(uint64_t) / sizeof(uint16_t) };

/* Where a chunk's data begins and ends, in units of 16 bits. */
static size_t units_begin(size_t at, uint32_t count)
{
    return count < POSTING_MANY ? at : (at + WORD_UNITS - 1) / WORD_UNITS * WORD_UNITS;
}

static size_t units_end(size_t begin, uint32_t count)
{
    return begin + (count < POSTING_MANY ? count : (uint32_t)CHUNK_WORDS * WORD_UNITS);
}

static void fill_chunk(uint16_t *data, const uint32_t *slots, uint32_t count)
{
    if (count < POSTING_MANY) {
        for (uint32_t i = 0; i < count; i++)
            data[i] = (uint16_t)(slots[i] % CHUNK_SLOTS);
        return;
    }
    uint64_t *bits = memset(data, 0, CHUNK_WORDS * sizeof *bits);
    for (uint32_t i = 0; i < count; i++)
        bits_set(bits, slots[i] % CHUNK_SLOTS);
}

static void measure(const uint32_t *slots, const uint32_t *counts, uint32_t value_count, size_t *ret_chunks,
                    size_t *ret_units)
{
    *ret_chunks = *ret_units = 0;
    for (uint32_t value = 0; value < value_count; slots += counts[value++])
        for (uint32_t i = 0, together; i < counts[value]; i += together) {
            together = count_together(slots + i, counts[value] - i);
            *ret_units = units_end(units_begin(*ret_units, together), together);
            ++*ret_chunks;
        }
}

/* Makes the table of what was told, and frees both. */
static struct posting_table distribution_end(struct distribution *from, struct arena *arena, uint32_t *counts,
                                             uint32_t value_count)
{
    size_t chunk_count, units, at = 0;
    measure(from->slots, counts, value_count, &chunk_count, &units);
    struct posting_row *rows = arena_alloc(arena, ((size_t)value_count + 1) * sizeof *rows);
    struct posting_chunk *chunks = arena_alloc(arena, (chunk_count + 1) * sizeof *chunks), *to = chunks;
    uint16_t *data = arena_alloc(arena, (units + WORD_UNITS) * sizeof *data);
    const uint32_t *slots = from->slots;
    for (uint32_t value = 0; value < value_count; slots += counts[value++]) {
        rows[value] = (struct posting_row){counts[value], (uint32_t)(to - chunks)};
        for (uint32_t i = 0, together; i < counts[value]; i += together) {
            give_way_at((size_t)(to - chunks));
            together = count_together(slots + i, counts[value] - i);
            at = units_begin(at, together);
            *to++ = (struct posting_chunk){(uint32_t)at, (uint16_t)(slots[i] / CHUNK_SLOTS),
                                           (uint16_t)(together - 1)};
            fill_chunk(data + at, slots + i, together);
            at = units_end(at, together);
        }
    }
    rows[value_count] = (struct posting_row){0, (uint32_t)(to - chunks)};
    free(from->next);
    free(from->slots);
    free(counts);
    return (struct posting_table){value_count, rows, chunks, data};
}

struct posting_table posting_table_make(struct arena *arena, struct posting_pairs *pairs,
                                        uint32_t value_count, uint32_t slot_count)
{
    assert(slot_count <= POSTING_SLOTS_MOST);
    uint32_t *counts = heap_zalloc(((size_t)value_count + 1) * sizeof *counts);
    for (size_t i = 0; i < pairs->count; i++)
        counts[pairs->items[i].value]++;
    struct distribution to = distribution_begin(counts, value_count);
    for (size_t i = 0; i < pairs->count; i++)
        distribution_tell(&to, pairs->items[i].value, pairs->items[i].slot);
    pairs->count = 0;
    return distribution_end(&to, arena, counts, value_count);
}

struct posting_table posting_table_of_lists(struct arena *arena, const uint32_t *first,
                                            const uint16_t *short_values, const uint32_t *long_values,
                                            uint32_t value_count, uint32_t slot_count)
{
    assert(slot_count <= POSTING_SLOTS_MOST);
    uint32_t *counts = heap_zalloc(((size_t)value_count + 1) * sizeof *counts);
    for (uint32_t i = 0; i < first[slot_count]; i++)
        counts[short_values ? short_values[i] : long_values[i]]++;
    struct distribution to = distribution_begin(counts, value_count);
    for (uint32_t slot = 0; slot < slot_count; slot++)
        for (uint32_t i = first[slot]; i < first[slot + 1]; i++)
            distribution_tell(&to, short_values ? short_values[i] : long_values[i], slot);
    return distribution_end(&to, arena, counts, value_count);
}

/* A posting's slots, where they went; returns how many. */
static uint32_t list_slots(const struct posting *posting, const uint32_t *where, uint32_t *to)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < posting->chunk_count; i++) {
        const struct posting_chunk *chunk = &posting->chunks[i];
        const uint32_t *here = where + (size_t)chunk->chunk * CHUNK_SLOTS;
        const uint64_t *bits = posting_chunk_bits(posting->data, chunk);
        give_way_at(i);
        for (uint32_t word = 0; bits && word < CHUNK_WORDS; word++)
            for (uint64_t rest = bits[word]; rest; rest &= rest - 1) {
                to[count] = here[word * 64 + (uint32_t)__builtin_ctzll(rest)];
                count += to[count] != PLACE_NONE;
            }
        const uint16_t *list = posting->data + chunk->at;
        for (uint32_t j = 0; !bits && j <= chunk->last; j++) {
            to[count] = here[list[j]];
            count += to[count] != PLACE_NONE;
        }
    }
    return count;
}

/* Slots that come into others, which are ascending, as they are; there is room for both. Returns how many there are. */
static uint32_t insert_slots(uint32_t *slots, uint32_t count, const uint32_t *more, uint32_t more_count)
{
    uint32_t all = count + more_count;
    for (uint32_t to = all; more_count;)
        if (count && slots[count - 1] > more[more_count - 1])
            slots[--to] = slots[--count];
        else
            slots[--to] = more[--more_count];
    return all;
}

static uint32_t count_all(const struct posting_table *table)
{
    uint32_t count = 0;
    for (uint32_t value = 0; value < table->value_count; value++)
        count += table->rows[value].count;
    return count;
}

struct posting_table posting_table_weave(struct arena *arena, const struct weave *slots,
                                         const struct posting_table *old, const struct posting_table *new,
                                         uint32_t value_count)
{
    assert(slots->count <= POSTING_SLOTS_MOST);
    size_t old_count = count_all(old), new_count = count_all(new);
    uint32_t *counts = heap_alloc(((size_t)value_count + 1) * sizeof *counts);
    uint32_t *more = heap_alloc((new_count + 1) * sizeof *more);
    struct distribution to = {.slots = heap_alloc((old_count + new_count + 1) * sizeof *to.slots)};
    uint32_t *at = to.slots;
    for (uint32_t value = 0; value < value_count; at += counts[value++]) {
        const struct posting left = posting_of(old, value), come = posting_of(new, value);
        uint32_t more_count = list_slots(&come, slots->to[WEAVE_NEW], more);
        uint32_t left_count = list_slots(&left, slots->to[WEAVE_OLD], at);
        counts[value] = insert_slots(at, left_count, more, more_count);
    }
    free(more);
    return distribution_end(&to, arena, counts, value_count);
}

struct posting posting_of(const struct posting_table *table, uint32_t value)
{
    if (value >= table->value_count)
        return (struct posting){0};
    const struct posting_row *row = &table->rows[value];
    return (struct posting){row->count, row[1].first_chunk - row->first_chunk,
                            table->chunks + row->first_chunk, table->data};
}

/* How many places of a list come before one. */
static uint32_t count_before(const uint16_t *list, uint32_t count, size_t place)
{
    enum { STRIDE = 16 };
    uint32_t before = 0;
    while (before + STRIDE <= count && list[before + STRIDE - 1] < place)
        before += STRIDE;
    while (before < count && list[before] < place)
        before++;
    return before;
}

static void join_chunk(const uint16_t *data, const struct posting_chunk *chunk, const struct stretch *stretch,
                       uint64_t *bits)
{
    const uint64_t *own = posting_chunk_bits(data, chunk);
    if (own) {
        wide_or(bits + stretch->first, own + stretch->first, stretch_words(stretch));
        return;
    }
    const uint16_t *list = data + chunk->at;
    uint32_t count = chunk->last + 1u;
    for (uint32_t i = count_before(list, count, stretch->first * 64);
         i < count && list[i] < stretch->end * 64; i++)
        bits_set(bits, list[i]);
}

void posting_join(const struct posting *posting, uint64_t *bits, size_t words)
{
    for (uint32_t i = 0; i < posting->chunk_count; i++) {
        size_t chunk = posting->chunks[i].chunk, left = words - chunk * CHUNK_WORDS;
        struct stretch all = {chunk, 0, left < CHUNK_WORDS ? left : CHUNK_WORDS};
        join_chunk(posting->data, &posting->chunks[i], &all, bits + stretch_word(&all));
    }
}

/* ---- unions ---- */

void posting_union_add(struct posting_union *all, struct arena *arena, struct posting posting)
{
    if (!posting.count)
        return;
    all->total += posting.count;
    if (all->count == all->capacity) {
        uint32_t old = all->capacity;
        all->capacity = old ? old * 2 : 4;
        all->cursors =
            arena_grow(arena, all->cursors, old * sizeof *all->cursors, all->capacity * sizeof *all->cursors);
    }
    all->cursors[all->count++] =
        (struct posting_cursor){posting.chunks, posting.chunks + posting.chunk_count, posting.data};
}

void posting_union_mark(const struct posting_union *all, uint64_t *chunks)
{
    for (uint32_t i = 0; i < all->count; i++)
        for (const struct posting_chunk *at = all->cursors[i].at; at < all->cursors[i].end; at++)
            bits_set(chunks, at->chunk);
}

/* Begins a union with a chunk's slots. */
static void set_chunk(const uint16_t *data, const struct posting_chunk *chunk, const struct stretch *stretch,
                      uint64_t *scratch)
{
    memset(scratch + stretch->first, 0, stretch_words(stretch) * sizeof *scratch);
    join_chunk(data, chunk, stretch, scratch);
}

static bool seek(struct posting_cursor *cursor, size_t chunk)
{
    while (cursor->at < cursor->end && cursor->at->chunk < chunk)
        cursor->at++;
    return cursor->at < cursor->end && cursor->at->chunk == chunk;
}

const uint64_t *posting_union_read(struct posting_union *all, const struct stretch *stretch,
                                   uint64_t *scratch)
{
    const struct posting_cursor *first = NULL;
    bool several = false;
    for (struct posting_cursor *cursor = all->cursors; cursor < all->cursors + all->count; cursor++) {
        if (!seek(cursor, stretch->chunk))
            continue;
        if (first) {
            if (!several)
                set_chunk(first->data, first->at, stretch, scratch);
            several = true;
            join_chunk(cursor->data, cursor->at, stretch, scratch);
        } else {
            first = cursor;
        }
    }
    if (!first || several)
        return several ? scratch : NULL;
    const uint64_t *bits = posting_chunk_bits(first->data, first->at);
    if (!bits)
        set_chunk(first->data, first->at, stretch, scratch);
    return bits ? bits : scratch;
}
