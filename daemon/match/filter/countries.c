#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* The organisation's country is listed. */

static bool stated(const struct match_query *query)
{
    return query->countries.count > 0;
}

static void unite(const struct match_query *query, struct sieve *sieve)
{
    struct posting_union *all = sieve_union(sieve);
    for (uint32_t i = 0; i < query->countries.count; i++)
        posting_union_add(all, query->arena, posting_of(&query->segment->country, query->countries.items[i]));
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    uint16_t country = segment_host(query->segment, slot)->country;
    for (uint32_t i = 0; country && i < query->countries.count; i++)
        if (query->countries.items[i] == country)
            return true;
    return false;
}

static void empty(struct match_query *query)
{
    query->countries.count = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    uint16_t country = segment_host(query->segment, slot)->country;
    if (!country)
        return "states no country";
    return arena_format(query->arena, met ? "is in %s" : "is in %s, which is not asked for",
                        sentence_country(query, country));
}

const struct filter filter_countries = {
    .name = "countries", .stated = stated, .unite = unite, .holds = holds, .empty = empty, .reason = reason};
