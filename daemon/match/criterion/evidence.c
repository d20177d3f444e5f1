#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* What stays were worth to those who took part. There are no reports to draw on yet, so it never applies. */

static bool applies(const struct match_query *)
{
    return false;
}

static void score(const struct match_query *, const struct match_block *block, double *value)
{
    for (uint32_t i = 0; i < block->count; i++)
        value[i] = 0;
}

static const char *reason(const struct match_query *, uint32_t, double)
{
    return "has too few reports to say";
}

const struct criterion criterion_evidence = {.name = "evidence",
                                             .letter = 'M',
                                             .weight = 0.10,
                                             .weight_offset = offsetof(Partner__V1__Weights, evidence),
                                             .applies = applies,
                                             .score = score,
                                             .reason = reason};
