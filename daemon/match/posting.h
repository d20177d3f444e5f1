#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct weave;

/* Slots are walked in chunks of this many words. */
enum { CHUNK_WORDS = 256, CHUNK_SLOTS = CHUNK_WORDS * 64, POSTING_SLOTS_MOST = CHUNK_SLOTS << 16 };

/* Those of a chunk's words that are looked at. What is asked for together lies together, so mostly these are few. */
struct stretch {
    size_t chunk, first, end; /* words of the chunk, from the first up to the end */
};
/* Its first word among all chunks'. */
static inline size_t stretch_word(const struct stretch *stretch)
{
    return stretch->chunk * CHUNK_WORDS + stretch->first;
}
static inline size_t stretch_words(const struct stretch *stretch)
{
    return stretch->end - stretch->first;
}
/* The first slot of one of the chunk's words. */
static inline uint32_t stretch_slot(const struct stretch *stretch, size_t at)
{
    return (uint32_t)((stretch->chunk * CHUNK_WORDS + at) * 64);
}

/* Which slots carry a value: for each chunk where any does, upwards, a sorted list, or bits where many do. */
struct posting {
    uint32_t count, chunk_count;
    const struct posting_chunk {
        uint32_t at; /* in data: `last` + 1 places within the chunk, or CHUNK_WORDS words of bits */
        uint16_t chunk, last;
    } * chunks;
    const uint16_t *data;
};

/* As many in a chunk are kept as bits: at most four times the memory, but read at once. */
enum { POSTING_MANY = 256 };
static inline const uint64_t *posting_chunk_bits(const uint16_t *data, const struct posting_chunk *chunk)
{
    return chunk->last + 1 >= POSTING_MANY ? (const uint64_t *)(const void *)(data + chunk->at) : NULL;
}

/* The postings of every value of one attribute, by the value's number. */
struct posting_table {
    uint32_t value_count;
    const struct posting_row {
        uint32_t count, first_chunk;
    } * rows; /* value_count + 1 */
    const struct posting_chunk *chunks;
    const uint16_t *data;
};

/* Gathers (value, slot) pairs, slots ascending and no pair twice; then makes the table. A zeroed struct is empty. */
struct posting_pairs {
    struct posting_pair {
        uint32_t value, slot;
    } * items;
    size_t count, capacity;
};

void posting_pairs_add(struct posting_pairs *pairs, uint32_t value, uint32_t slot);
void posting_pairs_fini(struct posting_pairs *pairs);
/* Memory from the arena. Values are below value_count, slots below slot_count. Empties the pairs, keeping their memory. */
struct posting_table posting_table_make(struct arena *arena, struct posting_pairs *pairs,
                                        uint32_t value_count, uint32_t slot_count);

/* The same from each slot's list of distinct values, one list after the other: list i is values[first[i]] up to first[i + 1].
 * The values are in one of the two arrays, the other is NULL. */
struct posting_table posting_table_of_lists(struct arena *arena, const uint32_t *first,
                                            const uint16_t *short_values, const uint32_t *long_values,
                                            uint32_t value_count, uint32_t slot_count);

/* What a table has of the slots that are left of an old one, and what a new one has, at the places where they went. */
struct posting_table posting_table_weave(struct arena *arena, const struct weave *slots,
                                         const struct posting_table *old, const struct posting_table *new,
                                         uint32_t value_count);

/* The empty posting for a value that is out of range. */
struct posting posting_of(const struct posting_table *table, uint32_t value);

/* Adds the posting's slots to a set. */
void posting_join(const struct posting *posting, uint64_t *bits, size_t words);

/* ---- unions, walked upwards ---- */

/* What any of some postings holds. */
struct posting_union {
    uint32_t count, capacity;
    struct posting_cursor {
        const struct posting_chunk *at, *end;
        const uint16_t *data;
    } * cursors;
    size_t total; /* of all postings' counts */
};

void posting_union_add(struct posting_union *all, struct arena *arena, struct posting posting);
/* Marks the chunks where any has slots. */
void posting_union_mark(const struct posting_union *all, uint64_t *chunks);
/* A chunk's slots as CHUNK_WORDS words of bits, of which those of the stretch are set: in `scratch` or elsewhere; NULL: none. Calls go
 * upwards. */
const uint64_t *posting_union_read(struct posting_union *all, const struct stretch *stretch,
                                   uint64_t *scratch);
