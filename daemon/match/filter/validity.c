#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

#include "base/clock.h"

/* The offer is not past. */

static int32_t valid_until(const struct match_query *query, uint32_t slot)
{
    const struct offer_entry *offer = segment_offer(query->segment, slot);
    return offer ? offer->valid_until : INT32_MAX;
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    return valid_until(query, slot) >= query->today;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    int32_t until = valid_until(query, slot);
    if (until == INT32_MAX)
        return "stands until it is withdrawn";
    char date[11];
    date_format(until, date);
    return arena_format(query->arena, met ? "stands until %s" : "ended on %s", date);
}

const struct filter filter_validity = {
    .name = "validity", .stated = filter_always, .in_columns = true, .holds = holds, .reason = reason};
