#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* The share of the wanted concepts that something transversal or cross-sector on offer covers to some degree. */

static bool applies(const struct match_query *query)
{
    return query->wanted.count > 0;
}

static void score(const struct match_query *query, const struct match_block *block, double *value)
{
    for (uint32_t i = 0; i < block->count; i++)
        value[i] = (double)block->reusable_count[i] / query->wanted.count;
}

static const char *reason(const struct match_query *query, uint32_t, double value)
{
    return sentence_transfer(query->arena, value, query->wanted.count);
}

const struct criterion criterion_transfer = {.name = "transfer",
                                             .letter = 'T',
                                             .weight = 0.05,
                                             .weight_offset = offsetof(Partner__V1__Weights, transfer),
                                             .applies = applies,
                                             .score = score,
                                             .reason = reason};
