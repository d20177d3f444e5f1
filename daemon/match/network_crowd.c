#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/bits.h"
#include "match/network_finding.h"

/* A partnership's bodies as numbers of ties, distinct: looked up once, however many partners share it. */
struct circle {
    uint32_t number; /* of the partnership */
    uint32_t first, count, partners, mobilities;
    uint64_t *bits; /* where it is a good part of all ties; else NULL */
};

struct crowd {
    struct finding *finding;
    uint32_t *group_of; /* by partner: the first one in the very same partnerships */
    struct circle *circles;
    uint32_t circle_count;
    uint32_t *rows, mask; /* circles by partnership */
    struct list bodies;   /* of all circles */
    uint64_t *bits;       /* by tie: room for one group's */
    double *nearness;     /* by tie */
    uint64_t *between;    /* by tie */
};

/* ---- groups ---- */

/* Partners in the very same partnerships stand beside the same bodies: these are walked once for all of them. So a
 * consortium of a thousand costs a thousand steps and not a million. Returns how many partnerships the groups list. */
static uint32_t group_partners(struct crowd *crowd)
{
    const struct finding *finding = crowd->finding;
    const uint32_t *first = finding->list_first;
    uint32_t partners = finding->network->partner_count, mask = network_rows_for(partners) - 1, listed = 0;
    uint32_t *rows = arena_alloc(finding->arena, ((size_t)mask + 1) * sizeof *rows);
    memset(rows, 0xff, ((size_t)mask + 1) * sizeof *rows);
    crowd->group_of = arena_alloc(finding->arena, partners * sizeof *crowd->group_of);
    for (uint32_t i = 0; i < partners; i++) {
        const uint32_t *items = finding->lists.items;
        size_t count = first[i + 1] - first[i], bytes = count * sizeof *items;
        uint32_t row = (uint32_t)hash_bytes(items + first[i], bytes) & mask;
        for (uint32_t other; (other = rows[row]) != UINT32_MAX; row = (row + 1) & mask)
            if (first[other + 1] - first[other] == count &&
                memcmp(items + first[other], items + first[i], bytes) == 0)
                break;
        if (rows[row] == UINT32_MAX) {
            rows[row] = i;
            listed += (uint32_t)count;
        }
        crowd->group_of[i] = rows[row];
    }
    return listed;
}

/* ---- circles ---- */

static void walk_circle(struct crowd *crowd, struct circle *circle)
{
    struct finding *finding = crowd->finding;
    const struct network *network = finding->network;
    const struct network_nodes nodes = network_nodes_of(finding->index);
    const uint32_t *parties;
    const struct partnership *partnership = network_partnership(finding->index, circle->number, &parties);
    finding->walk++;
    for (uint32_t i = 0; i < partnership->count; i++) {
        uint32_t body = network_body(&nodes, parties[i]);
        if (body == PLACE_NONE)
            continue;
        uint32_t number = network_tie_number(finding, body);
        if (network->ties[number].seen == finding->walk)
            continue;
        network->ties[number].seen = finding->walk;
        list_add(&crowd->bodies, number);
        circle->partners += number < network->partner_count;
    }
    circle->mobilities = partnership->mobilities;
    circle->count = (uint32_t)crowd->bodies.count - circle->first;
}

static uint32_t circle_of(struct crowd *crowd, uint32_t number)
{
    uint32_t row = network_row(number, crowd->mask);
    while (crowd->rows[row] != UINT32_MAX && crowd->circles[crowd->rows[row]].number != number)
        row = (row + 1) & crowd->mask;
    if (crowd->rows[row] != UINT32_MAX)
        return crowd->rows[row];
    struct circle *circle = &crowd->circles[crowd->circle_count];
    *circle = (struct circle){.number = number, .first = (uint32_t)crowd->bodies.count};
    walk_circle(crowd, circle);
    return crowd->rows[row] = crowd->circle_count++;
}

/* Has the groups' lists name circles. */
static void walk_circles(struct crowd *crowd, uint32_t listed)
{
    struct finding *finding = crowd->finding;
    uint32_t size = network_rows_for(listed);
    crowd->circles = arena_alloc(finding->arena, listed * sizeof *crowd->circles);
    crowd->rows = arena_alloc(finding->arena, size * sizeof *crowd->rows);
    crowd->mask = size - 1;
    memset(crowd->rows, 0xff, size * sizeof *crowd->rows);
    for (uint32_t i = 0; i < finding->network->partner_count; i++)
        if (crowd->group_of[i] == i)
            for (uint32_t j = finding->list_first[i]; j < finding->list_first[i + 1]; j++)
                finding->lists.items[j] = circle_of(crowd, finding->lists.items[j]);
}

/* A bit for each tie in the circle. */
static void circle_fill(const struct crowd *crowd, const struct circle *circle, uint64_t *bits)
{
    for (uint32_t i = 0; i < circle->count; i++)
        bits_set(bits, crowd->bodies.items[circle->first + i]);
}

static void join_circle(const struct crowd *crowd, struct circle *circle, uint64_t *bits, size_t words)
{
    if (circle->count * 2 < words) {
        circle_fill(crowd, circle, bits);
        return;
    }
    if (!circle->bits) {
        circle->bits = arena_array(crowd->finding->arena, words, sizeof *circle->bits);
        circle_fill(crowd, circle, circle->bits);
    }
    for (size_t i = 0; i < words; i++)
        bits[i] |= circle->bits[i];
}

/* ---- what groups give ---- */

/* Adds a group's mobilities with the host, whose network this is, to all that stand beside the group. */
static void add_moved(const struct crowd *crowd, size_t words, uint64_t moved)
{
    for (size_t word = 0; word < words; word++)
        for (uint64_t rest = crowd->bits[word]; rest; rest &= rest - 1)
            crowd->between[word * 64 + (unsigned)__builtin_ctzll(rest)] += moved;
}

/* Adds what partners moved with the others of each circle: these are the hosts, in a sender's network. */
static void add_circles(const struct crowd *crowd)
{
    uint32_t partner_count = crowd->finding->network->partner_count;
    for (uint32_t i = 0; i < crowd->circle_count; i++) {
        const struct circle *circle = &crowd->circles[i];
        const uint32_t *bodies = crowd->bodies.items + circle->first;
        uint64_t moved = circle->mobilities;
        for (uint32_t j = 0; moved && j < circle->count; j++)
            crowd->between[bodies[j]] += moved * (circle->partners - (bodies[j] < partner_count));
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
static void add_group(const struct crowd *crowd, uint32_t first_partner, const uint32_t *members,
                      uint32_t count)
{
    const struct finding *finding = crowd->finding;
    const uint32_t *list = finding->lists.items;
    double *nearness = crowd->nearness, degree;
    size_t words = bits_words(finding->network->tie_count);
    uint32_t from = finding->list_first[first_partner], end = finding->list_first[first_partner + 1];
    double *before = arena_alloc(finding->arena, count * sizeof *before);
    for (uint32_t i = 0; i < count; i++)
        before[i] = nearness[members[i]];
    if (end - from == 1 && finding->side == NETWORK_OF_SENDER) {
        const struct circle *circle = &crowd->circles[list[from]];
        degree = circle->count - 1.0;
        for (uint32_t i = 0; i < circle->count; i++)
            nearness[crowd->bodies.items[circle->first + i]] += count / degree;
    } else {
        memset(crowd->bits, 0, words * sizeof *crowd->bits);
        for (uint32_t i = from; i < end; i++)
            join_circle(crowd, &crowd->circles[list[i]], crowd->bits, words);
        degree = (double)bits_count(crowd->bits, words) - 1;
        add_to_set(nearness, crowd->bits, words, count / degree);
    }
    for (uint32_t i = 0; i < count; i++)
        nearness[members[i]] = before[i] + (count - 1.0) / degree;
    if (finding->side != NETWORK_OF_HOST)
        return;
    uint64_t moved = finding->network->ties[first_partner].mobilities;
    add_moved(crowd, words, moved * count);
    for (uint32_t i = 0; i < count; i++)
        crowd->between[members[i]] -= moved; /* none is beside oneself */
}

/* Members of each group together, groups by their first one. */
static void add_groups(const struct crowd *crowd)
{
    struct arena *arena = crowd->finding->arena;
    uint32_t partners = crowd->finding->network->partner_count;
    uint32_t *first = arena_array(arena, (size_t)partners + 2, sizeof *first);
    uint32_t *members = arena_alloc(arena, partners * sizeof *members);
    for (uint32_t i = 0; i < partners; i++)
        first[crowd->group_of[i] + 2]++;
    for (uint32_t i = 0; i < partners; i++)
        first[i + 2] += first[i + 1];
    for (uint32_t i = 0; i < partners; i++)
        members[first[crowd->group_of[i] + 1]++] = i;
    for (uint32_t i = 0; i < partners; i++)
        if (first[i + 1] > first[i])
            add_group(crowd, i, members + first[i], first[i + 1] - first[i]);
}

void network_add_crowd(struct finding *finding)
{
    struct network *network = finding->network;
    struct crowd crowd = {.finding = finding, .bodies = {.arena = finding->arena}};
    uint32_t listed = group_partners(&crowd);
    /* Most partnerships are of two: about as many bodies. */
    network_reserve(finding, network->tie_count + listed);
    walk_circles(&crowd, listed);
    size_t words = bits_words(network->tie_count);
    crowd.bits = arena_alloc(finding->arena, (words + 1) * sizeof *crowd.bits);
    crowd.nearness = arena_array(finding->arena, (words + 1) * 64, sizeof *crowd.nearness);
    crowd.between = arena_array(finding->arena, (words + 1) * 64, sizeof *crowd.between);
    add_groups(&crowd);
    if (finding->side == NETWORK_OF_SENDER)
        add_circles(&crowd);
    for (uint32_t i = 0; i < network->tie_count; i++) {
        network->ties[i].nearness = crowd.nearness[i];
        network->ties[i].between = crowd.between[i];
    }
}
