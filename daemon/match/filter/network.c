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

static void narrow(const struct match_query *query, uint64_t *slots)
{
    const struct match_index *index = query->index;
    const struct bodies *bodies = &index->bodies;
    for (uint32_t i = 0; i < query->network.partner_count; i++)
        for (uint32_t j = bodies->first[query->network.partners[i]];
             j < bodies->first[query->network.partners[i] + 1]; j++)
            for (uint32_t slot = index->first_slot[bodies->members[j]];
                 slot < index->first_slot[bodies->members[j] + 1]; slot++)
                bits_clear(slots, slot);
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
    .name = "network", .stated = stated, .narrow = narrow, .empty = empty, .reason = reason};
