#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* The organisation hosts in some way, and is not of the sender's own body. */

static void unite(const struct match_query *query, struct sieve *sieve)
{
    if (query->sender_body != PLACE_NONE)
        sieve_exclude_body(sieve, query->sender_body);
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    return bits_has(query->segment->host_role, slot) && match_query_body(query, slot) != query->sender_body;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    if (met)
        return "takes learners from others";
    return match_query_body(query, slot) == query->sender_body ? "is the sender itself"
                                                               : "is neither host, employer nor intermediary";
}

const struct filter filter_role = {
    .name = "role", .stated = filter_always, .unite = unite, .holds = holds, .reason = reason};
