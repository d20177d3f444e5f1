#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* The organisation hosts in some way, and is not of the sender's own body. */

static void narrow(const struct match_query *query, uint64_t *slots)
{
    const struct match_index *index = query->index;
    bits_and(slots, index->host_role, bits_words(index->slot_count));
    if (query->sender_body == PLACE_NONE)
        return;
    const struct bodies *bodies = &index->bodies;
    for (uint32_t i = bodies->first[query->sender_body]; i < bodies->first[query->sender_body + 1]; i++)
        for (uint32_t slot = index->first_slot[bodies->members[i]];
             slot < index->first_slot[bodies->members[i] + 1]; slot++)
            bits_clear(slots, slot);
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    if (met)
        return "takes learners from others";
    uint32_t body = query->index->bodies.of_organisation[query->index->slot_organisation[slot]];
    return body == query->sender_body ? "is the sender itself" : "is neither host, employer nor intermediary";
}

const struct filter filter_role = {
    .name = "role", .stated = filter_always, .narrow = narrow, .reason = reason};
