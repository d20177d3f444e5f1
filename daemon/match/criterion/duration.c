#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/sentence.h"

/* 1 - |d - m| / (max - min + 1): m is the middle of the offer's range, d the day count in both ranges nearest to it. */

static bool applies(const struct match_query *query)
{
    return query->max_days > 0;
}

static void score(const struct match_query *query, const struct match_block *block, double *value)
{
    for (uint32_t i = 0; i < block->count; i++) {
        uint32_t min, max;
        segment_days(query->segment, block->slots[i], &min, &max);
        value[i] = pair_duration_value(min, max, query->min_days, query->max_days);
    }
}

static const char *reason(const struct match_query *query, uint32_t slot, double)
{
    struct arena *arena = query->arena;
    uint32_t min, max;
    segment_days(query->segment, slot, &min, &max);
    if (!max)
        return "states no length of stay";
    const char *days = sentence_days(arena, min, max);
    if (!pair_days_meet(min, max, query->min_days, query->max_days))
        return arena_format(arena, "takes stays of %s; asked for are %s", days,
                            sentence_days(arena, query->min_days, query->max_days));
    return arena_format(
        arena, "takes stays of %s; %s would suit both best", days,
        sentence_count(arena, pair_nearest_days(min, max, query->min_days, query->max_days), "day", "days"));
}

const struct criterion criterion_duration = {.name = "duration",
                                             .letter = 'M',
                                             .weight = 0.10,
                                             .weight_offset = offsetof(Partner__V1__Weights, duration),
                                             .applies = applies,
                                             .score = score,
                                             .reason = reason};
