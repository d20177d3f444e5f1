#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

#include "base/clock.h"

/* The offer is not past. */

static void keep(const struct match_query *query, struct match_block *block)
{
    BLOCK_KEEP(block, slot, query->index->valid_until[slot] >= query->today);
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    int32_t until = query->index->valid_until[slot];
    if (until == INT32_MAX)
        return "stands until it is withdrawn";
    char date[11];
    date_format(until, date);
    return arena_format(query->arena, met ? "stands until %s" : "ended on %s", date);
}

const struct filter filter_validity = {
    .name = "validity", .stated = filter_always, .keep = keep, .reason = reason};
