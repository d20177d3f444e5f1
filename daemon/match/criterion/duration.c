#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

#include <math.h>

/* 1 - |d - m| / (max - min + 1): m is the middle of the offer's range, d the day count in both ranges nearest to it. */

static bool applies(const struct match_query *query)
{
    return query->max_days > 0;
}

/* d, the smaller of two; the ranges overlap. Doubled values are whole numbers. */
static uint32_t nearest_day(const struct match_query *query, uint32_t min, uint32_t max)
{
    uint32_t low = min > query->min_days ? min : query->min_days,
             high = max < query->max_days ? max : query->max_days;
    uint32_t middle = (min + max) / 2;
    return middle < low ? low : middle > high ? high : middle;
}

static double value_of(const struct match_query *query, uint32_t slot)
{
    uint32_t min = query->index->min_days[slot], max = query->index->max_days[slot];
    if (!max)
        return 0.5;
    if (min > query->max_days || query->min_days > max)
        return 0;
    double middle = (min + max) / 2.0;
    return 1 - fabs(nearest_day(query, min, max) - middle) / (max - min + 1);
}

static void score(const struct match_query *query, const struct match_block *block, double *value)
{
    for (uint32_t i = 0; i < block->count; i++)
        value[i] = value_of(query, block->slots[i]);
}

static const char *reason(const struct match_query *query, uint32_t slot, double)
{
    struct arena *arena = query->arena;
    uint32_t min = query->index->min_days[slot], max = query->index->max_days[slot];
    if (!max)
        return "states no length of stay";
    const char *days = sentence_days(arena, min, max);
    if (min > query->max_days || query->min_days > max)
        return arena_format(arena, "takes stays of %s; asked for are %s", days,
                            sentence_days(arena, query->min_days, query->max_days));
    return arena_format(arena, "takes stays of %s; %s would suit both best", days,
                        sentence_count(arena, nearest_day(query, min, max), "day", "days"));
}

const struct criterion criterion_duration = {.name = "duration",
                                             .letter = 'M',
                                             .weight = 0.10,
                                             .weight_offset = offsetof(Partner__V1__Weights, duration),
                                             .applies = applies,
                                             .score = score,
                                             .reason = reason};
