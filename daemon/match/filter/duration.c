#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/sentence.h"

/* The two ranges of days overlap; an offer without one passes. */

static bool stated(const struct match_query *query)
{
    return query->max_days > 0;
}

static void keep(const struct match_query *query, struct match_block *block)
{
    const uint16_t *min = query->index->min_days, *max = query->index->max_days;
    BLOCK_KEEP(block, slot,
               !max[slot] || pair_days_meet(min[slot], max[slot], query->min_days, query->max_days));
}

static void empty(struct match_query *query)
{
    query->min_days = query->max_days = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    uint32_t min = query->index->min_days[slot], max = query->index->max_days[slot];
    if (!max)
        return "states no length of stay";
    return arena_format(query->arena, met ? "takes stays of %s" : "takes stays of %s only",
                        sentence_days(query->arena, min, max));
}

const struct filter filter_duration = {
    .name = "duration", .stated = stated, .keep = keep, .empty = empty, .reason = reason};
