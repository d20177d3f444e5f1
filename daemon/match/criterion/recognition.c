#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/sentence.h"

/* 0.4 for some assessment, 0.3 for validation by the host, 0.3 for some document. */

static bool applies(const struct match_query *)
{
    return true;
}

static void score(const struct match_query *query, const struct match_block *block, double *value)
{
    for (uint32_t i = 0; i < block->count; i++)
        value[i] = pair_recognition_value(query->segment->recognition[block->slots[i]]);
}

static const char *reason(const struct match_query *query, uint32_t slot, double)
{
    return sentence_recognition(query->arena, query->segment->recognition[slot]);
}

const struct criterion criterion_recognition = {.name = "recognition",
                                                .letter = 'R',
                                                .weight = 0.10,
                                                .weight_offset = offsetof(Partner__V1__Weights, recognition),
                                                .applies = applies,
                                                .score = score,
                                                .reason = reason};
