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

static bool holds(const struct match_query *query, uint32_t slot)
{
    uint32_t min, max;
    segment_days(query->segment, slot, &min, &max);
    return !max || pair_days_meet(min, max, query->min_days, query->max_days);
}

static void empty(struct match_query *query)
{
    query->min_days = query->max_days = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    uint32_t min, max;
    segment_days(query->segment, slot, &min, &max);
    if (!max)
        return "states no length of stay";
    return arena_format(query->arena, met ? "takes stays of %s" : "takes stays of %s only",
                        sentence_days(query->arena, min, max));
}

const struct filter filter_duration = {.name = "duration",
                                       .stated = stated,
                                       .in_columns = true,
                                       .holds = holds,
                                       .empty = empty,
                                       .reason = reason};
