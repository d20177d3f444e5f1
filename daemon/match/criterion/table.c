#include "match/criterion/criterion.h"

#include <math.h>
#include <string.h>

#include "base/status.h"

const struct criterion *const criterion_table[CRITERION_COUNT] = {
    &criterion_outcomes, &criterion_sector,   &criterion_duration,    &criterion_network,
    &criterion_strategy, &criterion_evidence, &criterion_recognition, &criterion_transfer,
};

static double given_weight(const Partner__V1__Weights *weights, const struct criterion *criterion)
{
    double weight;
    memcpy(&weight, (const char *)weights + criterion->weight_offset, sizeof weight);
    return weight;
}

void criterion_weights(const Partner__V1__Weights *weights, double by_row[CRITERION_COUNT])
{
    bool given = false;
    for (size_t i = 0; weights && i < CRITERION_COUNT; i++)
        given |= given_weight(weights, criterion_table[i]) > 0;
    for (size_t i = 0; i < CRITERION_COUNT; i++)
        by_row[i] = given ? given_weight(weights, criterion_table[i]) : criterion_table[i]->weight;
}

void match_weights_check(const Partner__V1__Weights *weights, struct faults *faults)
{
    for (size_t i = 0; weights && i < CRITERION_COUNT; i++) {
        double weight = given_weight(weights, criterion_table[i]);
        if (!isfinite(weight) || weight < 0)
            faults_add(faults, "weights.", criterion_table[i]->name,
                       "a weight is a number that is not below zero");
    }
}

void weighing_init(struct weighing *weighing, const struct match_query *query)
{
    bool applies[CRITERION_COUNT];
    for (size_t i = 0; i < CRITERION_COUNT; i++)
        applies[i] = criterion_table[i]->applies(query);
    weighing_take(weighing, applies, query->weights);
}

void weighing_take(struct weighing *weighing, const bool applies[CRITERION_COUNT],
                   const double weights[CRITERION_COUNT])
{
    *weighing = (struct weighing){0};
    double largest = 0;
    for (size_t i = 0; i < CRITERION_COUNT; i++) {
        weighing->applies[i] = applies[i];
        if (applies[i] && weights[i] > largest)
            largest = weights[i];
    }
    int exponent;
    frexp(largest, &exponent);
    for (size_t i = 0; i < CRITERION_COUNT; i++)
        if (applies[i]) {
            weighing->weights[i] = ldexp(weights[i], -exponent);
            weighing->sum += weighing->weights[i];
        }
}

int64_t weighing_billionths(const struct weighing *weighing, double sum)
{
    return weighing->sum > 0 ? llround(sum / weighing->sum * 1e9) : 0;
}

void weighing_score(const struct weighing *weighing, const struct match_query *query,
                    const struct match_block *block, int64_t *billionths)
{
    double sums[BLOCK_SLOTS], values[BLOCK_SLOTS];
    memset(sums, 0, block->count * sizeof *sums);
    for (size_t i = 0; i < CRITERION_COUNT; i++) {
        if (!weighing->applies[i] || weighing->weights[i] == 0)
            continue;
        criterion_table[i]->score(query, block, values);
        for (uint32_t j = 0; j < block->count; j++)
            sums[j] += weighing->weights[i] * values[j];
    }
    for (uint32_t j = 0; j < block->count; j++)
        billionths[j] = weighing_billionths(weighing, sums[j]);
}
