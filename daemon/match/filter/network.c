#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* New partners alone: the host's body is no partner of the sender's. */

static bool stated(const struct match_query *query)
{
    return query->extend;
}

static void unite(const struct match_query *query, struct sieve *sieve)
{
    for (uint32_t i = 0; i < query->network->partner_count; i++)
        sieve_exclude_body(sieve, query->network->ties[i].body);
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    const struct tie *tie = network_tie(query->network, match_query_body(query, slot));
    return !tie || !tie->partner;
}

static void empty(struct match_query *query)
{
    query->extend = false;
}

static const char *reason(const struct match_query *, uint32_t, bool met)
{
    return met ? "is no partner yet" : "is a partner already";
}

const struct filter filter_network = {
    .name = "network", .stated = stated, .unite = unite, .holds = holds, .empty = empty, .reason = reason};
