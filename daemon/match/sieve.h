#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/posting.h"

struct filter;
struct match_query;

/* Slots taken one by one: a few, or many as bits. */
enum { SLOT_SET_FEW = 32 };
struct slot_set {
    uint32_t count;
    uint32_t few[SLOT_SET_FEW];
    uint64_t *bits; /* where they are no longer few */
};
void slot_set_add(struct slot_set *set, const struct match_query *query, uint32_t slot);
/* All slots of a body, where it is in the query's part. */
void slot_set_add_body(struct slot_set *set, const struct match_query *query, uint32_t body);
/* Moves what of the set is in a chunk's slots to `taken`; NULL: drops it. */
void slot_set_take(const struct slot_set *set, size_t word, size_t words, uint64_t *slots, uint64_t *taken);

/* Lets through the slots of the query's part that pass every filter, chunk by chunk: sets are joined and cut word by word,
 * days and places compared in columns 64 slots at a time. */
struct sieve {
    const struct match_query *query;
    struct posting_union *unions; /* the smallest first */
    uint32_t union_count;
    struct slot_set excluded;
    /* Filters asked slot by slot: of all slots, and of odd ones. */
    const struct filter **each, **odd_each;
    size_t each_count, odd_each_count;
    bool by_columns;
    /* What columns are compared with. */
    bool days_stated, windows_stated;
    int16_t today, min_days, max_days, start, end, places;
};

void sieve_init(struct sieve *sieve, const struct match_query *query);
/* For filters: another set of which one must hold; slots that don't pass. */
struct posting_union *sieve_union(struct sieve *sieve);
void sieve_exclude_body(struct sieve *sieve, uint32_t body);
/* Fills `slots` for the words from `word` on, CHUNK_WORDS of them, zeroes beyond the segment. Chunks are read upwards.
 * False: none passes. */
bool sieve_read(struct sieve *sieve, size_t word, uint64_t *slots);
