#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/column_wish.h"
#include "match/posting.h"
#include "match/slot_set.h"

struct filter;
struct match_query;

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
    struct column_wish columns;
    /* Those to be looked at, a bit each, and which comes next. */
    uint64_t *chunks;
    size_t chunk_count, next_chunk;
};

void sieve_init(struct sieve *sieve, const struct match_query *query);
/* For filters: another set of which one must hold; slots that don't pass. */
struct posting_union *sieve_union(struct sieve *sieve);
void sieve_exclude_body(struct sieve *sieve, uint32_t body);
/* The next chunk of which any slot passes, upwards, and where these are: fills CHUNK_WORDS words of `slots`, zeroes beyond the stretch.
 * False: there is none. */
bool sieve_next(struct sieve *sieve, struct stretch *ret_stretch, uint64_t *slots);
