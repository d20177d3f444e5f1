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
        value[i] = pair_recognition_value(query->index->recognition[block->slots[i]]);
}

static const char *reason(const struct match_query *query, uint32_t slot, double)
{
    static const char *const words[] = {"assesses", "validates", "documents"};
    uint8_t has = query->index->recognition[slot];
    const char *does[3], *lacks[3];
    size_t does_count = 0, lacks_count = 0;
    for (unsigned i = 0; i < 3; i++)
        if (has >> i & 1)
            does[does_count++] = words[i];
        else
            lacks[lacks_count++] = words[i];
    if (!does_count)
        return "says nothing about assessing, validating or documenting outcomes";
    if (!lacks_count)
        return "assesses, validates and documents outcomes";
    return arena_format(query->arena, "%s outcomes; doesn't say that it %s them",
                        sentence_list(query->arena, does, does_count),
                        sentence_list(query->arena, lacks, lacks_count));
}

const struct criterion criterion_recognition = {.name = "recognition",
                                                .letter = 'R',
                                                .weight = 0.10,
                                                .weight_offset = offsetof(Partner__V1__Weights, recognition),
                                                .applies = applies,
                                                .score = score,
                                                .reason = reason};
