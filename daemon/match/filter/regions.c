#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/sentence.h"

/* The organisation's region starts with a listed code. */

static bool stated(const struct match_query *query)
{
    return query->regions.count > 0;
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    uint16_t number = query->segment->region[slot];
    uint64_t region = number == UINT16_MAX ? segment_host(query->segment, slot)->region
                                           : query->segment->region_codes[number];
    return region && pair_region_holds(&query->regions, region);
}

static void empty(struct match_query *query)
{
    query->regions.count = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    uint64_t region = segment_host(query->segment, slot)->region;
    char code[9] = {0};
    for (unsigned i = 0; i < 8; i++)
        code[i] = (char)(region >> (56 - 8 * i));
    if (!region)
        return "states no region";
    return arena_format(query->arena, met ? "is in region %s" : "is in region %s, which is not asked for",
                        code);
}

const struct filter filter_regions = {
    .name = "regions", .stated = stated, .holds = holds, .empty = empty, .reason = reason};
