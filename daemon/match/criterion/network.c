#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/sentence.h"

/* x = r * sqrt((1 + M) * (1 + p)). A partner: 0.5 + 0.25 * m / (m + 5) + 0.25 * x / (1 + x); with common partners
 * 0.5 * x / (1 + x). */

static bool applies(const struct match_query *query)
{
    return query->network->partner_count > 0;
}

static bool ask(const struct match_query *query, uint32_t slot, struct tie *ret_tie)
{
    return network_ask(query->network, match_query_body(query, slot), ret_tie);
}

/* How many of the sender's partners are in the host's country. */
static uint32_t partners_in(const struct match_query *query, uint32_t slot)
{
    return network_partners_in(query->network, segment_host(query->segment, slot)->country);
}

static void score(const struct match_query *query, const struct match_block *block, double *value)
{
    if (query->part == BASE)
        network_fetch(query->network, query->segment, block->slots, block->count);
    for (uint32_t i = 0; i < block->count; i++) {
        struct tie tie;
        value[i] = 0;
        if (ask(query, block->slots[i], &tie))
            value[i] = pair_network_value(&tie, tie.nearness > 0 ? partners_in(query, block->slots[i]) : 0);
    }
}

/* The common partners' names. */
static const char *names_of_common(const struct match_query *query, uint32_t body, size_t *ret_count)
{
    const struct match_index *index = query->index;
    const char **via;
    *ret_count = network_via(query->network, query->arena, index, body, query->today, &via);
    for (size_t i = 0; i < *ret_count && i < SENTENCE_MOST_LISTED; i++) {
        uint32_t place = index_find_organisation(index, via[i]);
        via[i] =
            entry_record(&index_organisation_entry(index, place)->entry, query->arena).organisation->name;
    }
    return sentence_list(query->arena, via, *ret_count);
}

static const char *reason(const struct match_query *query, uint32_t slot, double)
{
    struct tie tie;
    if (!ask(query, slot, &tie))
        return "is new to the sender's network";
    size_t count;
    const char *common = names_of_common(query, tie.body, &count);
    if (!tie.partner)
        return sentence_near(query->arena, common, tie.between, partners_in(query, slot));
    const char *moved = sentence_count(query->arena, tie.mobilities, "mobility", "mobilities");
    return arena_format(query->arena, "is a partner already, with %s so far%s%s", moved,
                        count ? "; common partners: " : "", common);
}

const struct criterion criterion_network = {.name = "network",
                                            .letter = 'S',
                                            .weight = 0.10,
                                            .weight_offset = offsetof(Partner__V1__Weights, network),
                                            .applies = applies,
                                            .score = score,
                                            .reason = reason};
