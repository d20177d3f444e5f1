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
    uint32_t slot;
    uint32_t place; /* of the organisation */
    int64_t billionths;
};

/* Whether left comes before right; two of one organisation never meet. */
bool ranked_before(const struct ranked *left, const struct ranked *right);

/* Everything needed to score the slots of one set. */
struct scoring {
    const struct match_query *query;
    struct weighing weighing;
    struct coverage coverage;
    const uint64_t *slots; /* may be NULL: single slots alone */
    size_t count;
};
void scoring_init(struct scoring *scoring, const struct match_query *query, const uint64_t *slots);

typedef void (*rank_visit_fn)(void *context, const struct ranked *ranked);
/* Visits each organisation of the set with its best slot, equal scores by offer id; organisations ascending. */
void rank_visit_all(const struct scoring *scoring, rank_visit_fn visit, void *context);

/* One slot by itself. The criteria's values are filled where the pointer is given (CRITERION_COUNT of them). */
struct ranked rank_slot(const struct scoring *scoring, uint32_t slot, double *values);
/* The best of an organisation's slots that are in the set (NULL: of all of them); slot SLOT_NONE where there is none. */
struct ranked rank_best_of(const struct scoring *scoring, uint32_t place, const uint64_t *slots);

/* Keeps the best of many, at most `capacity`. */
struct top {
    struct ranked *items; /* a heap, the worst first, until sorted */
    size_t count, capacity;
};
void top_push(struct top *top, const struct ranked *ranked);
void top_sort(struct top *top);
