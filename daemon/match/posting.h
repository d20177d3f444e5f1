#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Slots are walked in chunks of this many words. */
enum { CHUNK_WORDS = 256, CHUNK_SLOTS = CHUNK_WORDS * 64 };

/* Which slots carry a value: a sorted list, or a bitset where more than one in 32 does. Both NULL where none does. */
struct posting {
    uint32_t count, block_count;
    const uint32_t *items;
    const uint64_t *bits;
    /* Chunks where a list has many, as bits too: slots that are alike lie together. */
    const struct posting_block {
        uint32_t chunk;
        const uint64_t *bits; /* CHUNK_WORDS */
    } * blocks;               /* by chunk */
};

/* The postings of every value of one attribute, by the value's number. */
struct posting_table {
    uint32_t value_count;
    const struct posting *postings;
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

/* The empty posting for a value that is out of range. */
struct posting posting_of(const struct posting_table *table, uint32_t value);

/* Adds the posting's slots to a set. */
void posting_join(const struct posting *posting, uint64_t *bits, size_t words);

/* ---- unions, walked upwards ---- */

/* What any of some postings holds. */
struct posting_union {
    uint32_t dense_count, list_count, dense_capacity, list_capacity;
    const uint64_t **dense;
    struct posting_cursor {
        const uint32_t *at, *end;
        const struct posting_block *block, *block_end;
    } * lists;
    size_t total; /* of all postings' counts */
};

void posting_union_add(struct posting_union *all, struct arena *arena, struct posting posting);
/* The slots from the word on, `words` of them at most CHUNK_WORDS, as bits: in `scratch` or elsewhere. Calls go upwards. */
const uint64_t *posting_union_read(struct posting_union *all, size_t word, size_t words, uint64_t *scratch);
/* Adds them to `bits`. */
void posting_union_join(struct posting_union *all, size_t word, size_t words, uint64_t *bits);
