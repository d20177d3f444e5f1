#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/criterion/criterion.h"
#include "match/search.h"

/* Scores of slots, and the order of matches: the group (KEEP puts partners into the first), the score, best first, then the
 * organisation's id, which is its place. */

struct ranked {
    uint32_t group;
    int part;
    uint32_t slot, place; /* of the organisation, in that part */
    uint64_t order;       /* of the organisation in the whole index */
    int64_t billionths;
};

/* Whether left comes before right; two of one organisation never meet. */
bool ranked_before(const struct ranked *left, const struct ranked *right);

/* Everything needed to score slots of the part that the query has entered. */
struct scoring {
    const struct match_query *query;
    struct weighing weighing;
    uint8_t *fits; /* scratch */
    bool *flags;
};
void scoring_init(struct scoring *scoring, const struct match_query *query);
/* Fills scores; the block's sums are filled. */
void scoring_filled(const struct scoring *scoring, const struct match_block *block, int64_t *billionths);
/* Fills both. */
void scoring_block(const struct scoring *scoring, struct match_block *block, int64_t *billionths);

/* The criteria's values for one slot, 0 where one doesn't apply. */
void scoring_values(const struct scoring *scoring, uint32_t slot, double values[CRITERION_COUNT]);

struct ranked ranked_of(const struct match_query *query, uint32_t slot, int64_t billionths);
/* One slot by itself. */
struct ranked rank_slot(const struct scoring *scoring, uint32_t slot);
/* The best of an organisation's slots, or of those that are eligible; slot SLOT_NONE where there is none. */
struct ranked rank_best_of(const struct scoring *scoring, uint32_t place, bool eligible);

/* Keeps the best of many, at most `capacity`, of each organisation the best slot. */
struct top {
    struct ranked *items; /* a heap, the worst first, until sorted */
    size_t count, capacity;
};
/* `shared`: the organisation may be there already with another slot. */
void top_push(struct top *top, const struct match_index *index, const struct ranked *ranked, bool shared);
void top_sort(struct top *top);
