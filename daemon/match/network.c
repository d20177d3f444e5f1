#include "match/network.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/network_walk.h"
#include "match/number.h"

/* ---- ties ---- */

/* A table that many go into: at most half of it is full. */
static uint32_t rows_for(uint32_t count)
{
    uint32_t size = 16;
    while (size < count * 2)
        size *= 2;
    return size;
}

static uint32_t tie_row(const struct network *network, uint32_t body)
{
    uint32_t row = (body * 2654435769u) >> 5 & network->mask;
    while (network->rows[row] != UINT32_MAX && network->ties[network->rows[row]].body != body)
        row = (row + 1) & network->mask;
    return row;
}

static void resize_rows(struct network *network, struct arena *arena, uint32_t size)
{
    network->rows = arena_alloc(arena, size * sizeof *network->rows);
    network->mask = size - 1;
    memset(network->rows, 0xff, size * sizeof *network->rows);
    for (uint32_t i = 0; i < network->tie_count; i++)
        network->rows[tie_row(network, network->ties[i].body)] = i;
}

/* The body's number among the ties; a new one where it has none. */
static uint32_t tie_number(struct network *network, struct arena *arena, uint32_t body)
{
    uint32_t row = tie_row(network, body);
    if (network->rows[row] != UINT32_MAX)
        return network->rows[row];
    if (network->tie_count == network->tie_capacity) {
        uint32_t old = network->tie_capacity;
        network->tie_capacity = old ? old * 2 : 16;
        network->ties = arena_grow(arena, network->ties, old * sizeof *network->ties,
                                   network->tie_capacity * sizeof *network->ties);
    }
    network->ties[network->tie_count] = (struct tie){.body = body, .partners_in = PARTNERS_UNCOUNTED};
    network->rows[row] = network->tie_count++;
    if (network->tie_count * 2 > network->mask)
        resize_rows(network, arena, (network->mask + 1) * 2);
    return network->tie_count - 1;
}

const struct tie *network_tie(const struct network *network, uint32_t body)
{
    uint32_t number = network->rows[tie_row(network, body)];
    return number != UINT32_MAX && body != network->sender_body ? &network->ties[number] : NULL;
}

/* ---- finding them ---- */

/* A partnership's bodies as numbers of ties, distinct: looked up once, however many partners share it. */
struct circle {
    uint32_t number; /* of the partnership */
    uint32_t first, count, partners, mobilities;
    uint64_t *bits; /* where it is a good part of all ties; else NULL */
};

/* What is found on the way. */
struct finding {
    struct network *network;
    struct arena *arena;
    const struct match_index *index;
    int32_t today;
    struct circle *circles;
    uint32_t circle_count, circle_capacity;
    uint32_t *rows, mask; /* circles by partnership */
    struct list bodies;   /* of all circles, as numbers of ties */
    struct list lists;    /* of each partner in turn: its circles */
    uint32_t *list_first; /* partner_count + 1 */
    uint32_t *group_of;   /* by partner: the first one in the very same partnerships */
    struct list marks;    /* by tie: in which walk it was seen last */
    uint64_t *bits;       /* by tie: room for one group's */
    double *nearness;     /* by tie */
    uint64_t *between;    /* by tie */
    enum network_side side;
};

static bool mark_once(struct finding *finding, uint32_t tie, uint32_t walk)
{
    while (finding->marks.count <= tie)
        list_add(&finding->marks, 0);
    if (finding->marks.items[tie] == walk)
        return false;
    finding->marks.items[tie] = walk;
    return true;
}

static uint32_t circle_row(const struct finding *finding, uint32_t number)
{
    uint32_t row = (number * 2654435769u) >> 5 & finding->mask;
    while (finding->rows[row] != UINT32_MAX && finding->circles[finding->rows[row]].number != number)
        row = (row + 1) & finding->mask;
    return row;
}

static void resize_circles(struct finding *finding, uint32_t size)
{
    finding->rows = arena_alloc(finding->arena, size * sizeof *finding->rows);
    finding->mask = size - 1;
    memset(finding->rows, 0xff, size * sizeof *finding->rows);
    for (uint32_t i = 0; i < finding->circle_count; i++)
        finding->rows[circle_row(finding, finding->circles[i].number)] = i;
}

static uint32_t circle_of(struct finding *finding, uint32_t number)
{
    uint32_t row = circle_row(finding, number);
    if (finding->rows[row] != UINT32_MAX)
        return finding->rows[row];
    if (finding->circle_count == finding->circle_capacity) {
        uint32_t old = finding->circle_capacity;
        finding->circle_capacity = old ? old * 2 : 16;
        finding->circles = arena_grow(finding->arena, finding->circles, old * sizeof *finding->circles,
                                      finding->circle_capacity * sizeof *finding->circles);
    }
    uint32_t own = finding->circle_count++;
    finding->rows[row] = own;
    struct circle *circle = &finding->circles[own];
    *circle = (struct circle){.number = number, .first = (uint32_t)finding->bodies.count};
    const uint32_t *parties;
    const struct partnership *partnership = network_partnership(finding->index, number, &parties);
    for (uint32_t i = 0; i < partnership->count; i++) {
        uint32_t body = network_body(finding->index, parties[i]);
        if (body == PLACE_NONE)
            continue;
        uint32_t tie = tie_number(finding->network, finding->arena, body);
        if (!mark_once(finding, tie, own + 1))
            continue;
        list_add(&finding->bodies, tie);
        circle->partners += tie < finding->network->partner_count;
    }
    circle->mobilities = partnership->mobilities;
    circle->count = (uint32_t)finding->bodies.count - circle->first;
    if (finding->circle_count * 2 > finding->mask)
        resize_circles(finding, (finding->mask + 1) * 2);
    return own;
}

/* The sender's partners, with the mobilities; a partnership counts once for a body however many of its records it names. */
static void find_partners(struct finding *finding)
{
    struct network *network = finding->network;
    struct list own = {.arena = finding->arena};
    network_add_partnerships(finding->index, network->sender_body, finding->today, &own);
    for (size_t i = 0; i < own.count; i++) {
        const uint32_t *parties;
        const struct partnership *partnership = network_partnership(finding->index, own.items[i], &parties);
        for (uint32_t j = 0; j < partnership->count; j++) {
            uint32_t body = network_body(finding->index, parties[j]);
            if (body == PLACE_NONE || body == network->sender_body)
                continue;
            uint32_t tie = tie_number(network, finding->arena, body);
            if (!mark_once(finding, tie, (uint32_t)i + 1))
                continue;
            network->ties[tie].partner = true;
            network->ties[tie].mobilities += partnership->mobilities;
        }
    }
    network->partner_count = network->tie_count;
    memset(finding->marks.items, 0, finding->marks.count * sizeof *finding->marks.items);
}

/* Partners in the very same partnerships stand beside the same bodies: these are walked once for all of them. So a
 * consortium of a thousand costs a thousand steps and not a million. */
static void group_partners(struct finding *finding)
{
    uint32_t partners = finding->network->partner_count, size = rows_for(partners);
    uint32_t *rows = arena_alloc(finding->arena, size * sizeof *rows);
    memset(rows, 0xff, size * sizeof *rows);
    finding->list_first = arena_array(finding->arena, (size_t)partners + 1, sizeof *finding->list_first);
    finding->group_of = arena_array(finding->arena, partners, sizeof *finding->group_of);
    for (uint32_t i = 0; i < partners; i++) {
        uint32_t first = finding->list_first[i] = (uint32_t)finding->lists.count;
        network_add_partnerships(finding->index, finding->network->ties[i].body, finding->today,
                                 &finding->lists);
        const uint32_t *items = finding->lists.items;
        size_t bytes = (finding->lists.count - first) * sizeof *items;
        uint32_t row = (uint32_t)hash_bytes(items + first, bytes) & (size - 1);
        for (; rows[row] != UINT32_MAX; row = (row + 1) & (size - 1)) {
            uint32_t other = finding->list_first[rows[row]];
            size_t other_bytes = (finding->list_first[rows[row] + 1] - other) * sizeof *items;
            if (other_bytes == bytes && memcmp(items + other, items + first, bytes) == 0)
                break;
        }
        if (rows[row] == UINT32_MAX)
            rows[row] = i;
        else
            finding->lists.count = first; /* as the other's */
        finding->group_of[i] = rows[row];
        finding->list_first[i + 1] = (uint32_t)finding->lists.count;
    }
    /* Most partnerships are of two: about as many bodies. */
    uint32_t rows_most = rows_for(partners + (uint32_t)finding->lists.count);
    resize_rows(finding->network, finding->arena, rows_most);
    resize_circles(finding, rows_most);
    for (size_t i = 0; i < finding->lists.count; i++)
        finding->lists.items[i] = circle_of(finding, finding->lists.items[i]);
}

/* A bit for each tie in the circle. */
static void circle_fill(const struct finding *finding, struct circle *circle, uint64_t *bits)
{
    for (uint32_t i = 0; i < circle->count; i++)
        bits_set(bits, finding->bodies.items[circle->first + i]);
}

static void join_circle(const struct finding *finding, struct circle *circle, uint64_t *bits, size_t words)
{
    if (circle->count * 2 < words) {
        circle_fill(finding, circle, bits);
        return;
    }
    if (!circle->bits) {
        circle->bits = arena_array(finding->arena, words, sizeof *circle->bits);
        circle_fill(finding, circle, circle->bits);
    }
    for (size_t i = 0; i < words; i++)
        bits[i] |= circle->bits[i];
}

/* Adds a group's mobilities with the host, whose network this is, to all that stand beside the group. */
static void add_moved(const struct finding *finding, const uint64_t *bits, size_t words, uint64_t moved)
{
    for (size_t word = 0; word < words; word++)
        for (uint64_t rest = bits[word]; rest; rest &= rest - 1)
            finding->between[word * 64 + (unsigned)__builtin_ctzll(rest)] += moved;
}

/* Adds what partners moved with the others of each circle: these are the hosts, in a sender's network. */
static void add_circles(const struct finding *finding)
{
    uint32_t partner_count = finding->network->partner_count;
    for (uint32_t i = 0; i < finding->circle_count; i++) {
        const struct circle *circle = &finding->circles[i];
        const uint32_t *bodies = finding->bodies.items + circle->first;
        uint64_t moved = circle->mobilities;
        for (uint32_t j = 0; moved && j < circle->count; j++)
            finding->between[bodies[j]] += moved * (circle->partners - (bodies[j] < partner_count));
    }
}

/* Adds to all whose bit is set. */
static void add_to_set(double *nearness, const uint64_t *bits, size_t words, double part)
{
    for (size_t word = 0; word < words; word++) {
        double *at = nearness + word * 64;
        if (bits[word] == ~(uint64_t)0)
            for (unsigned i = 0; i < 64; i++)
                at[i] += part;
        else
            for (uint64_t rest = bits[word]; rest; rest &= rest - 1)
                at[__builtin_ctzll(rest)] += part;
    }
}

/* Adds what a group of partners gives to those beside them: 1 / degree from each partner but oneself. */
static void add_group(const struct finding *finding, uint32_t first_partner, const uint32_t *members,
                      uint32_t count)
{
    const uint32_t *list = finding->lists.items;
    uint64_t *bits = finding->bits;
    double *nearness = finding->nearness;
    size_t words = bits_words(finding->network->tie_count);
    uint32_t from = finding->list_first[first_partner], end = finding->list_first[first_partner + 1];
    struct arena *arena = finding->arena;
    double *before = arena_alloc(arena, count * sizeof *before);
    for (uint32_t i = 0; i < count; i++)
        before[i] = nearness[members[i]];
    double degree;
    if (end - from == 1 && finding->side == NETWORK_OF_SENDER) {
        const struct circle *circle = &finding->circles[list[from]];
        degree = circle->count - 1.0;
        for (uint32_t i = 0; i < circle->count; i++)
            nearness[finding->bodies.items[circle->first + i]] += count / degree;
    } else {
        memset(bits, 0, words * sizeof *bits);
        for (uint32_t i = from; i < end; i++)
            join_circle(finding, &finding->circles[list[i]], bits, words);
        degree = (double)bits_count(bits, words) - 1;
        add_to_set(nearness, bits, words, count / degree);
    }
    for (uint32_t i = 0; i < count; i++)
        nearness[members[i]] = before[i] + (count - 1.0) / degree;
    if (finding->side != NETWORK_OF_HOST)
        return;
    uint64_t moved = finding->network->ties[first_partner].mobilities;
    add_moved(finding, bits, words, moved * count);
    for (uint32_t i = 0; i < count; i++)
        finding->between[members[i]] -= moved; /* none is beside oneself */
}

/* Members of each group together, groups by their first one. */
static void add_groups(struct finding *finding)
{
    struct network *network = finding->network;
    uint32_t partners = network->partner_count;
    size_t words = bits_words(network->tie_count);
    uint32_t *first = arena_array(finding->arena, (size_t)partners + 2, sizeof *first);
    uint32_t *members = arena_array(finding->arena, partners, sizeof *members);
    for (uint32_t i = 0; i < partners; i++)
        first[finding->group_of[i] + 2]++;
    for (uint32_t i = 0; i < partners; i++)
        first[i + 2] += first[i + 1];
    for (uint32_t i = 0; i < partners; i++)
        members[first[finding->group_of[i] + 1]++] = i;
    finding->bits = arena_alloc(finding->arena, (words + 1) * sizeof *finding->bits);
    finding->nearness = arena_array(finding->arena, (words + 1) * 64, sizeof *finding->nearness);
    finding->between = arena_array(finding->arena, (words + 1) * 64, sizeof *finding->between);
    for (uint32_t i = 0; i < partners; i++)
        if (first[i + 1] > first[i])
            add_group(finding, i, members + first[i], first[i + 1] - first[i]);
    if (finding->side == NETWORK_OF_SENDER)
        add_circles(finding);
    for (uint32_t i = 0; i < network->tie_count; i++) {
        network->ties[i].nearness = finding->nearness[i];
        network->ties[i].between = finding->between[i];
    }
}

/* ---- partners by country ---- */

/* The countries that the records of a body state, each once. */
static uint32_t countries_of(const struct match_index *index, uint32_t body,
                             uint16_t countries[COUNTRY_VALUES])
{
    struct members members;
    index_members(index, body, &members);
    uint32_t count = 0;
    for (uint32_t i = 0; i < members.count; i++) {
        uint16_t country = index->segments[members.segment]->organisations[members.places[i]]->country;
        bool seen = country == 0;
        for (uint32_t j = 0; j < count; j++)
            seen |= countries[j] == country;
        if (!seen)
            countries[count++] = country;
    }
    return count;
}

static void count_countries(struct network *network, struct arena *arena, const struct match_index *index)
{
    network->partners_in = arena_array(arena, COUNTRY_VALUES, sizeof *network->partners_in);
    uint16_t countries[COUNTRY_VALUES];
    for (uint32_t i = 0; i < network->partner_count; i++)
        __builtin_prefetch(index_organisation_entry(index, network->ties[i].body));
    for (uint32_t i = 0; i < network->partner_count; i++) {
        uint32_t count = countries_of(index, network->ties[i].body, countries);
        for (uint32_t j = 0; j < count; j++)
            network->partners_in[countries[j]]++;
    }
}

static struct finding finding_begin(struct network *network, struct arena *arena,
                                    const struct match_index *index, uint32_t body, int32_t today)
{
    *network = (struct network){.sender_body = body};
    resize_rows(network, arena, 16);
    struct finding finding = {.network = network,
                              .arena = arena,
                              .index = index,
                              .today = today,
                              .bodies = {.arena = arena},
                              .lists = {.arena = arena},
                              .marks = {.arena = arena}};
    list_add(&finding.marks, 0);
    if (body != PLACE_NONE)
        find_partners(&finding);
    return finding;
}

void network_find_partners(struct network *network, struct arena *arena, const struct match_index *index,
                           uint32_t body, int32_t today)
{
    finding_begin(network, arena, index, body, today);
}

void network_find(struct network *network, struct arena *arena, const struct match_index *index,
                  enum network_side side, uint32_t body, int32_t today)
{
    struct finding finding = finding_begin(network, arena, index, body, today);
    finding.side = side;
    if (!network->partner_count)
        return;
    group_partners(&finding);
    add_groups(&finding);
    if (side == NETWORK_OF_SENDER)
        count_countries(network, arena, index);
}
