#include <string.h>

#include "base/arena.h"
#include "match/index_data.h"
#include "match/network_finding.h"
#include "match/number.h"

/* A sender's ties one by one: from the body that is asked for over its own partnerships to the sender's partners. What a
 * partner gives is added in the same order as where all are found at once, so that sums are the same to the last bit. */

struct network *network_begin(struct arena *arena, const struct match_index *index, uint32_t body,
                              int32_t today)
{
    struct network *network = arena_alloc(arena, sizeof *network);
    struct finding finding = network_find_own(network, arena, index, NETWORK_OF_SENDER, body, today);
    finding.own.arena = finding.beside.arena = finding.common.arena = arena;
    network->asking = arena_copy(arena, &finding, sizeof finding);
    network->is_whole = !network->partner_count;
    return network;
}

static void list_once(struct finding *finding)
{
    if (!finding->list_first)
        network_list_partnerships(finding);
}

void network_spread(struct network *network)
{
    if (network->is_whole)
        return;
    network->is_whole = true;
    list_once(network->asking);
    network_add_listed(network->asking);
}

/* Rows of bodies that partnerships name, of which there are few; then what each step finds. */
void network_fetch(const struct network *network, const struct segment *base, const uint32_t *slots,
                   uint32_t count)
{
    enum { MOST = 64 };
    uint32_t named[MOST], named_count = 0;
    if (network->is_whole || !network->asking->index->partnerships[BASE]->count)
        return;
    const struct partnership_set *set = network->asking->index->partnerships[BASE];
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(&set->first[base->slot_organisation[slots[i]]]);
    for (uint32_t i = 0; i < count && named_count < MOST; i++) {
        uint32_t node = base->slot_organisation[slots[i]];
        named[named_count] = node;
        named_count += set->first[node] < set->first[node + 1];
    }
    for (uint32_t i = 0; i < named_count; i++)
        __builtin_prefetch(&set->of_node[set->first[named[i]]]);
    for (uint32_t i = 0; i < named_count; i++)
        __builtin_prefetch(&set->items[set->of_node[set->first[named[i]]]]);
    for (uint32_t i = 0; i < named_count; i++)
        __builtin_prefetch(&set->parties[set->items[set->of_node[set->first[named[i]]]].first]);
}

/* ---- one body ---- */

/* What a body's partnerships with the sender's partners tell. */
struct meeting {
    struct finding *finding;
    uint32_t body;
    uint64_t between; /* what partners moved with it */
};

/* Adds the partners in one of its partnerships, each once. */
static void meet(struct meeting *meeting, int segment, uint32_t number)
{
    struct finding *finding = meeting->finding;
    const struct partnership_set *set = finding->index->partnerships[segment];
    const struct partnership *partnership = &set->items[number];
    const struct network *network = finding->network;
    const struct network_nodes nodes = network_nodes_of(finding->index);
    finding->walk++;
    finding->met_count += partnership->count;
    for (uint32_t i = 0; i < partnership->count; i++) {
        uint32_t other = network_body(&nodes, set->parties[partnership->first + i]);
        if (other == PLACE_NONE || other == meeting->body)
            continue;
        uint32_t tie = network->rows[network_tie_row(network, other)];
        if (tie == UINT32_MAX || network->ties[tie].seen == finding->walk)
            continue;
        network->ties[tie].seen = finding->walk;
        meeting->between += partnership->mobilities;
        list_add(&finding->common, tie);
    }
}

/* Of a body with several records a partnership may name more than one. */
static void meet_members(struct meeting *meeting)
{
    struct finding *finding = meeting->finding;
    finding->own.count = 0;
    network_add_partnerships(finding->index, meeting->body, finding->today, &finding->own);
    for (size_t i = 0; i < finding->own.count; i++) {
        uint32_t number = finding->own.items[i];
        int segment = network_locate(finding->index, &number);
        meet(meeting, segment, number);
    }
}

static void meet_all(struct meeting *meeting)
{
    const struct match_index *index = meeting->finding->index;
    const struct segment *base = index->segments[BASE];
    uint32_t body = meeting->body;
    if (body >= base->organisation_count || bits_has(base->bodies.joined.bits, body)) {
        meet_members(meeting);
        return;
    }
    for (int segment = BASE; segment < index->segment_count; segment++) {
        const uint32_t *numbers;
        uint32_t count = index->partnerships[segment]->count
                             ? partnership_set_of(index->partnerships[segment], body, &numbers)
                             : 0;
        for (uint32_t i = 0; i < count; i++)
            if (network_is_current(index, segment, numbers[i], meeting->finding->today))
                meet(meeting, segment, numbers[i]);
    }
}

/* 1 / how many bodies are beside a partner. */
static double part_of(struct finding *finding, uint32_t partner)
{
    double *part = &finding->parts[partner];
    if (*part > 0)
        return *part;
    const struct network_nodes nodes = network_nodes_of(finding->index);
    struct list *beside = &finding->beside;
    beside->count = 0;
    for (uint32_t i = finding->list_first[partner]; i < finding->list_first[partner + 1]; i++) {
        const uint32_t *parties;
        const struct partnership *partnership =
            network_partnership(finding->index, finding->lists.items[i], &parties);
        for (uint32_t j = 0; j < partnership->count; j++) {
            uint32_t body = network_body(&nodes, parties[j]);
            if (body != PLACE_NONE && body != finding->network->ties[partner].body)
                list_add(beside, body);
        }
    }
    list_settle(beside, 0);
    return *part = 1.0 / (double)beside->count;
}

static double nearness_of(struct finding *finding)
{
    double nearness = 0;
    list_settle(&finding->common, 0);
    if (!finding->parts)
        finding->parts = arena_array(finding->arena, finding->network->partner_count, sizeof *finding->parts);
    for (size_t i = 0; i < finding->common.count; i++)
        nearness += part_of(finding, finding->common.items[i]);
    return nearness;
}

/* Those of the bodies that are found: partners, or all. */
static bool tie_found(const struct network *network, uint32_t body, struct tie *ret_tie)
{
    const struct tie *tie = network_tie(network, body);
    if (tie)
        *ret_tie = *tie;
    return tie;
}

bool network_ask(struct network *network, uint32_t body, struct tie *ret_tie)
{
    enum { MET_MOST = 4096 }; /* where many are in large partnerships, all ties at once take less */
    struct finding *finding = network->asking;
    if (finding->met_count > MET_MOST)
        network_spread(network);
    if (network->is_whole || body == network->sender_body)
        return tie_found(network, body, ret_tie);
    struct meeting meeting = {finding, body, 0};
    finding->common.count = 0;
    meet_all(&meeting);
    bool is_found = tie_found(network, body, ret_tie);
    if (!finding->common.count)
        return is_found;
    list_once(finding);
    if (network_is_crowded(finding)) {
        network_spread(network);
        return tie_found(network, body, ret_tie);
    }
    if (!is_found)
        *ret_tie = (struct tie){.body = body};
    ret_tie->between = meeting.between;
    ret_tie->nearness = nearness_of(finding);
    return true;
}

/* ---- partners by country ---- */

/* Counts a body in each country that its records state, once. */
static void count_body(const struct match_index *index, uint32_t body, uint32_t *counts)
{
    struct members members;
    index_members(index, body, &members);
    const struct organisation_entry *const *organisations = index->segments[members.segment]->organisations;
    for (uint32_t i = 0; i < members.count; i++) {
        uint16_t country = organisations[members.places[i]]->country;
        bool again = country == 0;
        for (uint32_t j = 0; j < i; j++)
            again |= organisations[members.places[j]]->country == country;
        counts[country] += !again;
    }
}

static void count_countries(struct network *network)
{
    const struct finding *finding = network->asking;
    network->partners_in = arena_array(finding->arena, COUNTRY_VALUES, sizeof *network->partners_in);
    for (uint32_t i = 0; i < network->partner_count; i++)
        __builtin_prefetch(&index_organisation_entry(finding->index, network->ties[i].body)->country);
    for (uint32_t i = 0; i < network->partner_count; i++)
        count_body(finding->index, network->ties[i].body, network->partners_in);
}

uint32_t network_partners_in(struct network *network, uint16_t country)
{
    if (!network->partners_in)
        count_countries(network);
    return network->partners_in[country];
}
