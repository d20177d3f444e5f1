#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/posting.h"
#include "match/wanted.h"

struct match_block;
struct scoring;

/* What a slot's score can be at most, for 64 slots at a time: the parts of a score that postings tell are added up as numbers
 * of 10 bits, bit by bit over words of slots. So most slots that can't reach the page are never scored. */

enum { BOUND_BITS = 10, BOUND_MOST = 1023, BOUND_MOST_TERMS = 40, RECOGNITION_TERMS = 3 };
/* Fewer of a chunk's slots are never worth it, whatever the question. */
enum { BOUND_LEAST_SLOTS = 100 };

/* One wanted concept's part: by how well the slot's best concept fits, and whether one of them is reusable. */
struct bound_term {
    uint16_t value[FIT_COUNT], transfer;
    struct posting_union levels[FIT_COUNT], reusable;
    const uint64_t *chunk[FIT_COUNT], *reusable_chunk; /* NULL: no slot */
};

/* A slot and its sum, with what its days give instead of the most that they can. */
struct bounded {
    uint32_t slot;
    int sum;
};

struct bound {
    const struct scoring *scoring;
    bool useful;
    uint32_t term_count;
    struct bound_term *terms;
    uint16_t recognition[RECOGNITION_TERMS];
    double unit;          /* what the score of 1 is in these numbers */
    double rest;          /* what all other parts give at most */
    double duration;      /* of that the days' part */
    uint32_t least_slots; /* in a chunk with fewer each is scored sooner than bounded */
    uint64_t **rooms;     /* for chunks of levels that are no plain bits; made as they are needed */
    uint32_t room_count;
    struct stretch stretch;          /* of the chunk that was read */
    uint64_t *sums;                  /* BOUND_BITS rows of CHUNK_WORDS */
    struct bounded *found, *ordered; /* of a chunk */
    uint32_t capacity;
};

/* For the part that the query has entered. A slot that is tied to the sender is never bounded. */
void bound_init(struct bound *bound, const struct scoring *scoring);
/* Adds up for a chunk's slots, which are in either set and all within the stretch. Chunks are read upwards. */
void bound_read(struct bound *bound, const struct stretch *stretch, const uint64_t *slots,
                const uint64_t *more);
/* What a slot of that chunk has at most. */
int bound_sum_at(const struct bound *bound, uint32_t slot);
/* The highest sum that so many of the chunk's slots have or pass; 0 where they are fewer. */
int bound_highest(const struct bound *bound, const uint64_t *slots, size_t count);
/* Those of the chunk's slots that may score this much or more; returns how many. Fills the words of the stretch. */
size_t bound_reach(const struct bound *bound, const uint64_t *slots, int sum, uint64_t *ret_slots);
/* Lists some of the chunk's slots in `ordered`, `count` of them, at least one, the highest sum first. */
void bound_order(struct bound *bound, const uint64_t *slots, size_t count);
/* Fills the block's sums over wanted concepts for slots of the chunk that was read last, as wanted_fill does, but without looking at
 * the slots' own lists. */
void bound_fill(const struct bound *bound, struct match_block *block);
/* The least sum that such a score has. */
int bound_sum_of(const struct bound *bound, int64_t billionths);
