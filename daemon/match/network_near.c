#include <assert.h>

#include "base/arena.h"
#include "match/network_finding.h"

/* Gives to those beside a partner, each once: 1 / degree, and what it moved with the host where this is the host's network. */
static void give_to_beside(struct finding *finding, uint32_t partner, const uint32_t *beside, uint32_t degree)
{
    struct tie *ties = finding->network->ties;
    double part = 1.0 / degree;
    uint64_t moved = finding->side == NETWORK_OF_HOST ? ties[partner].mobilities : 0;
    for (uint32_t i = 0; i < degree; i++) {
        ties[beside[i]].nearness += part;
        ties[beside[i]].between += moved;
    }
}

/* `beside` has room for all of them, and so have the ties. */
static void add_partner(struct finding *finding, uint32_t partner, uint32_t *beside)
{
    const struct network_nodes nodes = network_nodes_of(finding->index);
    struct tie *ties = finding->network->ties;
    bool of_sender = finding->side == NETWORK_OF_SENDER;
    uint32_t own = ties[partner].body, before = finding->walk, walk = before, degree = 0;
    uint32_t end = finding->list_first[partner + 1];
    for (uint32_t i = finding->list_first[partner]; i < end; i++) {
        const uint32_t *party;
        const struct partnership *partnership =
            network_partnership(finding->index, finding->lists.items[i], &party);
        const uint32_t *parties_end = party + partnership->count;
        uint32_t moved = of_sender ? partnership->mobilities : 0;
        walk++;
        for (; party < parties_end; party++) {
            uint32_t body = network_body(&nodes, *party);
            if (body == PLACE_NONE || body == own)
                continue;
            uint32_t number = network_tie_number(finding, body);
            assert(ties == finding->network->ties); /* there was room */
            struct tie *tie = &ties[number];
            if (tie->seen == walk)
                continue;
            if (tie->seen <= before)
                beside[degree++] = number;
            tie->seen = walk;
            tie->between += moved;
        }
    }
    finding->walk = walk;
    give_to_beside(finding, partner, beside, degree);
}

void network_add_near(struct finding *finding)
{
    uint32_t partners = finding->network->partner_count;
    /* Of each partnership in a list all may be new but the list's own partner. */
    network_reserve(finding, partners + (uint32_t)(finding->party_count - finding->lists.count));
    uint32_t *beside = arena_alloc(finding->arena, finding->party_count * sizeof *beside);
    for (uint32_t i = 0; i < partners; i++)
        add_partner(finding, i, beside);
}
