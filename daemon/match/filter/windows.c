#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

#include "base/clock.h"

/* Period and learners ask together for one window with enough days and places; each may be given up by itself. */

static bool period_stated(const struct match_query *query)
{
    return query->start != INT32_MIN || query->end != INT32_MAX;
}

static bool learners_stated(const struct match_query *query)
{
    return query->learners > 0 || query->max_absent > 0;
}

/* With both stated each row asks for the same window. */
static bool holds(const struct match_query *query, uint32_t slot)
{
    return match_query_windows_hold(query, slot);
}

static void empty_period(struct match_query *query)
{
    query->start = INT32_MIN;
    query->end = INT32_MAX;
}

static void empty_learners(struct match_query *query)
{
    query->learners = query->max_absent = 0;
}

/* Whether a window is long enough within the period, whatever its places. */
static bool days_hold(const struct match_query *query, uint32_t slot)
{
    struct window_list windows = segment_windows(query->segment, slot);
    for (uint32_t i = 0; i < windows.count; i++)
        if (match_query_overlap_days(query, &windows.items[i]) >= match_query_stay_days(query, slot))
            return true;
    return false;
}

/* Whether a window has enough places, whenever it is. */
static bool places_hold(const struct match_query *query, uint32_t slot)
{
    struct window_list windows = segment_windows(query->segment, slot);
    for (uint32_t i = 0; i < windows.count; i++)
        if (windows.items[i].places >= match_query_places(query))
            return true;
    return false;
}

/* Where no window holds, the period is at fault unless one has the days and it's the places that lack: then learners is. */
static bool period_met(const struct match_query *query, uint32_t slot)
{
    return match_query_windows_hold(query, slot) || (learners_stated(query) && days_hold(query, slot));
}

static bool learners_met(const struct match_query *query, uint32_t slot)
{
    return match_query_windows_hold(query, slot) ||
           (period_stated(query) && !days_hold(query, slot) && places_hold(query, slot));
}

static const char *period_reason(const struct match_query *query, uint32_t slot, bool met)
{
    if (!segment_windows(query->segment, slot).count)
        return "states no dates: ask for the time you need";
    const char *days = sentence_count(query->arena, match_query_stay_days(query, slot), "day", "days");
    return arena_format(query->arena, met ? "has %s in the period" : "has not %s on end in the period", days);
}

static const char *learners_reason(const struct match_query *query, uint32_t slot, bool met)
{
    if (!segment_windows(query->segment, slot).count)
        return "states no number of places";
    uint32_t places = match_query_free_places(query, slot);
    if (places)
        return arena_format(query->arena, "has %s at once",
                            sentence_count(query->arena, places, "place", "places"));
    return arena_format(query->arena, met ? "would have %s at another time" : "has not %s at once",
                        sentence_count(query->arena, match_query_places(query), "place", "places"));
}

const struct filter filter_period = {.name = "period",
                                     .stated = period_stated,
                                     .in_columns = true,
                                     .holds = holds,
                                     .empty = empty_period,
                                     .met = period_met,
                                     .reason = period_reason};
const struct filter filter_learners = {.name = "learners",
                                       .stated = learners_stated,
                                       .in_columns = true,
                                       .holds = holds,
                                       .empty = empty_learners,
                                       .met = learners_met,
                                       .reason = learners_reason};
