#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/search.h"

/* What a match is scored by. score = sum(weight * value) / sum(weight) over those that apply. */
struct criterion {
    const char *name;
    char letter;          /* of the scorecard: S, M, R or T */
    double weight;        /* by default */
    size_t weight_offset; /* in partner.v1.Weights */
    bool (*applies)(const struct match_query *query);
    /* Fills value[0 .. block->count), each 0 to 1. */
    void (*score)(const struct match_query *query, const struct match_block *block, double *value);
    /* One sentence in the query's arena, for a value that it gave. */
    const char *(*reason)(const struct match_query *query, uint32_t slot, double value);
};

/* In the order in which they are told and added up; CRITERION_COUNT of them. */
extern const struct criterion *const criterion_table[CRITERION_COUNT];

/* The request's weights by row, or the default ones where all are zero or NULL. */
void criterion_weights(const Partner__V1__Weights *weights, double by_row[CRITERION_COUNT]);

/* Weighs values: which criteria apply and what they sum to, found once a query. Weights are scaled by a power of two, so
 * that no sum leaves the range of numbers. */
struct weighing {
    bool applies[CRITERION_COUNT];
    double weights[CRITERION_COUNT], sum;
};
void weighing_init(struct weighing *weighing, const struct match_query *query);
/* The same for criteria that are known to apply or not. */
void weighing_take(struct weighing *weighing, const bool applies[CRITERION_COUNT],
                   const double weights[CRITERION_COUNT]);
/* A score in billionths, rounded, of the sum of weight * value over those that apply. */
int64_t weighing_billionths(const struct weighing *weighing, double sum);
/* Scores in billionths, rounded: what is compared and given. The block's outcome sums are filled. */
void weighing_score(const struct weighing *weighing, const struct match_query *query,
                    const struct match_block *block, int64_t *billionths);

extern const struct criterion criterion_outcomes, criterion_sector, criterion_duration, criterion_network,
    criterion_strategy, criterion_evidence, criterion_recognition, criterion_transfer;
