#include "match/network.h"

#include <string.h>

#include "base/arena.h"
#include "match/index_data.h"
#include "match/network_finding.h"

/* ---- ties ---- */

void network_reserve(struct finding *finding, uint32_t count)
{
    struct network *network = finding->network;
    uint32_t size = network_rows_for(count);
    if (count > network->tie_capacity) {
        network->ties = arena_grow(finding->arena, network->ties, network->tie_count * sizeof *network->ties,
                                   count * sizeof *network->ties);
        network->tie_capacity = count;
    }
    if (network->rows && size <= network->mask + 1)
        return;
    network->rows = arena_alloc(finding->arena, size * sizeof *network->rows);
    network->mask = size - 1;
    memset(network->rows, 0xff, size * sizeof *network->rows);
    for (uint32_t i = 0; i < network->tie_count; i++)
        network->rows[network_tie_row(network, network->ties[i].body)] = i;
}

uint32_t network_add_tie(struct finding *finding, uint32_t body, uint32_t row)
{
    struct network *network = finding->network;
    if (network->tie_count == network->tie_capacity) {
        network_reserve(finding, network->tie_capacity * 2);
        row = network_tie_row(network, body);
    }
    network->ties[network->tie_count] = (struct tie){.body = body, .partners_in = PARTNERS_UNCOUNTED};
    return network->rows[row] = network->tie_count++;
}

const struct tie *network_tie(const struct network *network, uint32_t body)
{
    uint32_t number = network->rows[network_tie_row(network, body)];
    return number != UINT32_MAX && body != network->sender_body ? &network->ties[number] : NULL;
}

/* ---- partners ---- */

/* A partnership counts once for a body however many of its records it names. */
static void find_partners(struct finding *finding)
{
    struct network *network = finding->network;
    const struct network_nodes nodes = network_nodes_of(finding->index);
    struct list own = {.arena = finding->arena};
    network_add_partnerships(finding->index, network->sender_body, finding->today, &own);
    network_reserve(finding, 2 * (uint32_t)own.count + 8);
    for (size_t i = 0; i < own.count; i++) {
        const uint32_t *parties;
        const struct partnership *partnership = network_partnership(finding->index, own.items[i], &parties);
        finding->walk++;
        for (uint32_t j = 0; j < partnership->count; j++) {
            uint32_t body = network_body(&nodes, parties[j]);
            if (body == PLACE_NONE || body == network->sender_body)
                continue;
            uint32_t number = network_tie_number(finding, body);
            struct tie *tie = &network->ties[number];
            if (tie->seen == finding->walk)
                continue;
            tie->seen = finding->walk;
            tie->partner = true;
            tie->mobilities += partnership->mobilities;
        }
    }
    network->partner_count = network->tie_count;
}

/* Lists those that count on the day; what they need is fetched ahead, for they lie anywhere. */
void network_list_partnerships(struct finding *finding)
{
    enum { AT_ONCE = 64 };
    const struct match_index *index = finding->index;
    const struct tie *ties = finding->network->ties;
    struct list *lists = &finding->lists;
    uint32_t partners = finding->network->partner_count;
    uint32_t *first = finding->list_first =
        arena_alloc(finding->arena, ((size_t)partners + 1) * sizeof *first);
    for (uint32_t from = 0; from < partners; from += AT_ONCE) {
        uint32_t end = partners - from < AT_ONCE ? partners : from + AT_ONCE;
        size_t kept = lists->count;
        for (uint32_t i = from; i < end; i++)
            network_fetch_row(index, ties[i].body);
        for (uint32_t i = from; i < end; i++)
            network_fetch_numbers(index, ties[i].body);
        for (uint32_t i = from; i < end; i++) {
            first[i] = (uint32_t)lists->count;
            network_add_numbers(index, ties[i].body, lists);
        }
        first[end] = (uint32_t)lists->count;
        for (uint32_t i = from; i < end; i++) {
            uint32_t old = first[i];
            first[i] = (uint32_t)kept;
            finding->party_count +=
                network_keep_current(index, finding->today, lists, old, first[i + 1], &kept);
        }
        lists->count = kept;
        first[end] = (uint32_t)kept;
    }
}

/* ---- all ---- */

bool network_is_crowded(const struct finding *finding)
{
    enum { FEW_PARTIES = 8 }; /* of a partnership, on average */
    return finding->party_count > FEW_PARTIES * finding->lists.count;
}

void network_add_listed(struct finding *finding)
{
    if (network_is_crowded(finding))
        network_add_crowd(finding);
    else
        network_add_near(finding);
}

struct finding network_find_own(struct network *network, struct arena *arena, const struct match_index *index,
                                enum network_side side, uint32_t body, int32_t today)
{
    *network = (struct network){.sender_body = body};
    struct finding finding = {.network = network,
                              .arena = arena,
                              .index = index,
                              .side = side,
                              .today = today,
                              .lists = {.arena = arena}};
    if (body != PLACE_NONE)
        find_partners(&finding);
    else
        network_reserve(&finding, 1);
    return finding;
}

void network_find_partners(struct network *network, struct arena *arena, const struct match_index *index,
                           uint32_t body, int32_t today)
{
    network_find_own(network, arena, index, NETWORK_OF_SENDER, body, today);
}

void network_find(struct network *network, struct arena *arena, const struct match_index *index,
                  enum network_side side, uint32_t body, int32_t today)
{
    struct finding finding = network_find_own(network, arena, index, side, body, today);
    if (!network->partner_count)
        return;
    network_list_partnerships(&finding);
    network_add_listed(&finding);
}
