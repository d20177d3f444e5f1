#include "match/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"

/* A list of numbers that grows in the arena. */
struct list {
    struct arena *arena;
    uint32_t *items;
    size_t count, capacity;
};

[[gnu::noinline]] static void list_grow(struct list *list)
{
    size_t old = list->capacity;
    list->capacity = old ? old * 2 : 64;
    list->items =
        arena_grow(list->arena, list->items, old * sizeof *list->items, list->capacity * sizeof *list->items);
}

static inline void list_add(struct list *list, uint32_t number)
{
    if (list->count == list->capacity)
        list_grow(list);
    list->items[list->count++] = number;
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* Sorts the items from the first on, and leaves each once. */
static void list_settle(struct list *list, size_t first)
{
    if (list->count - first > 1)
        qsort(list->items + first, list->count - first, sizeof *list->items, compare_numbers);
    size_t kept = first;
    for (size_t i = first; i < list->count; i++)
        if (kept == first || list->items[kept - 1] != list->items[i])
            list->items[kept++] = list->items[i];
    list->count = kept;
}

/* ---- partnerships of a body ---- */

/* The base's partnerships come first, then the delta's. */
static const struct partnership *partnership_at(const struct match_index *index, uint32_t number,
                                                const uint32_t **ret_parties)
{
    const struct partnership_set *set = index->partnerships[BASE];
    if (number >= set->count) {
        number -= set->count;
        set = index->partnerships[DELTA];
    }
    *ret_parties = set->parties + set->items[number].first;
    return &set->items[number];
}

/* The organisation that stands for a node now; PLACE_NONE: none. */
static uint32_t organisation_of(const struct match_index *index, uint32_t node)
{
    const struct partnership_set *base = index->partnerships[BASE];
    if (node >= base->node_count)
        return index_organisation(index, DELTA, node - base->node_count);
    if (node < index->segments[BASE]->organisation_count && !bits_has(index->dead_organisations, node))
        return node;
    uint32_t row = (node * 2654435769u) & index->moved_mask;
    while (index->moved[row].place != PLACE_NONE) {
        if (index->moved[row].node == node)
            return index_organisation(index, DELTA, index->moved[row].place);
        row = (row + 1) & index->moved_mask;
    }
    return PLACE_NONE;
}

static uint32_t body_of(const struct match_index *index, uint32_t node)
{
    uint32_t organisation = organisation_of(index, node);
    return organisation == PLACE_NONE ? PLACE_NONE : index_body(index, organisation);
}

/* Whether one of a set's partnerships counts on the day. */
static bool is_current(const struct match_index *index, int segment, uint32_t number, int32_t today)
{
    const struct partnership *partnership = &index->partnerships[segment]->items[number];
    return partnership->since <= today && today <= partnership->until &&
           !(segment == BASE && bits_has(index->dead_partnerships, number));
}

static void add_current(const struct match_index *index, int segment, uint32_t node, int32_t today,
                        struct list *list)
{
    const uint32_t *numbers;
    uint32_t count = partnership_set_of(index->partnerships[segment], node, &numbers);
    for (uint32_t i = 0; i < count; i++)
        if (is_current(index, segment, numbers[i], today))
            list_add(list, segment == BASE ? numbers[i] : index->partnerships[BASE]->count + numbers[i]);
}

/* The node of a body's member. */
static uint32_t member_node(const struct match_index *index, const struct members *members, uint32_t i)
{
    if (members->segment == BASE)
        return members->places[i];
    uint32_t node = index->delta_node[members->places[i]];
    return node != PLACE_NONE ? node : index->partnerships[BASE]->node_count + members->places[i];
}

/* Adds the partnerships of a body, ascending, distinct. */
static void add_partnerships(const struct match_index *index, uint32_t body, int32_t today, struct list *list)
{
    struct members members;
    index_members(index, body, &members);
    size_t first = list->count;
    for (uint32_t i = 0; i < members.count; i++) {
        uint32_t node = member_node(index, &members, i);
        if (node < index->partnerships[BASE]->node_count)
            add_current(index, BASE, node, today, list);
        add_current(index, DELTA, node, today, list);
    }
    if (members.count > 1)
        list_settle(list, first);
}

/* Whether one of a node's partnerships in a set holds another body. */
static bool has_others(const struct match_index *index, int segment, uint32_t node, uint32_t body,
                       int32_t today)
{
    const struct partnership_set *set = index->partnerships[segment];
    const uint32_t *numbers;
    uint32_t count = partnership_set_of(set, node, &numbers);
    for (uint32_t i = 0; i < count; i++) {
        const struct partnership *partnership = &set->items[numbers[i]];
        if (!is_current(index, segment, numbers[i], today))
            continue;
        for (uint32_t j = 0; j < partnership->count; j++) {
            uint32_t other = body_of(index, set->parties[partnership->first + j]);
            if (other != PLACE_NONE && other != body)
                return true;
        }
    }
    return false;
}

bool network_has_partners(const struct match_index *index, uint32_t body, int32_t today)
{
    struct members members;
    index_members(index, body, &members);
    for (uint32_t i = 0; i < members.count; i++) {
        uint32_t node = member_node(index, &members, i);
        if ((node < index->partnerships[BASE]->node_count && has_others(index, BASE, node, body, today)) ||
            has_others(index, DELTA, node, body, today))
            return true;
    }
    return false;
}

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
    const struct partnership *partnership = partnership_at(finding->index, number, &parties);
    for (uint32_t i = 0; i < partnership->count; i++) {
        uint32_t body = body_of(finding->index, parties[i]);
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
    add_partnerships(finding->index, network->sender_body, finding->today, &own);
    for (size_t i = 0; i < own.count; i++) {
        const uint32_t *parties;
        const struct partnership *partnership = partnership_at(finding->index, own.items[i], &parties);
        for (uint32_t j = 0; j < partnership->count; j++) {
            uint32_t body = body_of(finding->index, parties[j]);
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
        add_partnerships(finding->index, finding->network->ties[i].body, finding->today, &finding->lists);
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

/* Whether one of the body's records states the country. */
static bool is_in(const struct match_index *index, uint32_t body, uint16_t country)
{
    struct members members;
    index_members(index, body, &members);
    for (uint32_t i = 0; i < members.count; i++)
        if (index->segments[members.segment]->organisations[members.places[i]]->country == country)
            return true;
    return false;
}

/* The bodies of one partnership that are in the country, distinct. */
struct local {
    uint32_t number, first, count;
};

struct network_locals {
    struct arena *arena;
    const struct match_index *index;
    uint16_t country;
    int32_t today;
    struct local *items;
    uint32_t count, *rows, size; /* by partnership, open addressing; UINT32_MAX: free */
    struct list bodies, found;
};

struct network_locals *network_locals_new(struct arena *arena, const struct match_index *index,
                                          uint16_t country, int32_t today)
{
    struct network_locals *locals = arena_zalloc(arena, sizeof *locals);
    *locals = (struct network_locals){.arena = arena,
                                      .index = index,
                                      .country = country,
                                      .today = today,
                                      .bodies = {.arena = arena},
                                      .found = {.arena = arena}};
    return locals;
}

static uint32_t local_row(const struct network_locals *locals, uint32_t number)
{
    uint32_t row = (number * 2654435769u) >> 5 & (locals->size - 1);
    while (locals->rows[row] != UINT32_MAX && locals->items[locals->rows[row]].number != number)
        row = (row + 1) & (locals->size - 1);
    return row;
}

static void resize_locals(struct network_locals *locals, uint32_t size)
{
    locals->items = arena_grow(locals->arena, locals->items, locals->count * sizeof *locals->items,
                               size / 2 * sizeof *locals->items);
    locals->rows = arena_alloc(locals->arena, size * sizeof *locals->rows);
    locals->size = size;
    memset(locals->rows, 0xff, size * sizeof *locals->rows);
    for (uint32_t i = 0; i < locals->count; i++)
        locals->rows[local_row(locals, locals->items[i].number)] = i;
}

static struct local local_of(struct network_locals *locals, uint32_t number)
{
    if (locals->count * 2 >= locals->size)
        resize_locals(locals, locals->size ? locals->size * 2 : 64);
    uint32_t row = local_row(locals, number);
    if (locals->rows[row] != UINT32_MAX)
        return locals->items[locals->rows[row]];
    struct local local = {.number = number, .first = (uint32_t)locals->bodies.count};
    const uint32_t *parties;
    const struct partnership *partnership = partnership_at(locals->index, number, &parties);
    for (uint32_t i = 0; i < partnership->count; i++) {
        uint32_t body = body_of(locals->index, parties[i]);
        if (body != PLACE_NONE && is_in(locals->index, body, locals->country))
            list_add(&locals->bodies, body);
    }
    list_settle(&locals->bodies, local.first);
    local.count = (uint32_t)locals->bodies.count - local.first;
    locals->rows[row] = locals->count;
    return locals->items[locals->count++] = local;
}

uint32_t network_locals_count(struct network_locals *locals, uint32_t body)
{
    struct list numbers = {.arena = locals->arena}, *found = &locals->found;
    if (locals->country == 0)
        return 0;
    add_partnerships(locals->index, body, locals->today, &numbers);
    found->count = 0;
    uint32_t parts = 0;
    for (size_t i = 0; i < numbers.count; i++) {
        struct local local = local_of(locals, numbers.items[i]);
        parts += local.count > 0;
        for (uint32_t j = 0; j < local.count; j++)
            if (locals->bodies.items[local.first + j] != body)
                list_add(found, locals->bodies.items[local.first + j]);
    }
    if (parts > 1)
        list_settle(found, 0);
    return (uint32_t)found->count;
}

/* ---- the partners between ---- */

/* A party between, with the number that orders organisations. */
struct between {
    uint32_t body, organisation;
    uint64_t order;
};

static int compare_between(const void *left, const void *right)
{
    const struct between *a = left, *b = right;
    int order = (a->body > b->body) - (a->body < b->body);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static int compare_order(const void *left, const void *right)
{
    const struct between *a = left, *b = right;
    return (a->order > b->order) - (a->order < b->order);
}

static size_t gather_between(const struct network *network, const struct match_index *index, uint32_t body,
                             const struct list *numbers, struct between *list)
{
    size_t count = 0;
    for (size_t i = 0; i < numbers->count; i++) {
        const uint32_t *parties;
        const struct partnership *partnership = partnership_at(index, numbers->items[i], &parties);
        for (uint32_t j = 0; j < partnership->count; j++) {
            uint32_t organisation = organisation_of(index, parties[j]);
            uint32_t other = organisation == PLACE_NONE ? body : index_body(index, organisation);
            const struct tie *tie = other == body ? NULL : network_tie(network, other);
            if (!tie || !tie->partner)
                continue;
            uint32_t place = organisation;
            int segment = index_locate(index, &place);
            if (list)
                list[count] = (struct between){other, organisation, index_order(index, segment, place)};
            count++;
        }
    }
    return count;
}

size_t network_via(const struct network *network, struct arena *arena, const struct match_index *index,
                   uint32_t body, int32_t today, const char ***ret_ids)
{
    struct list numbers = {.arena = arena};
    add_partnerships(index, body, today, &numbers);
    size_t count = gather_between(network, index, body, &numbers, NULL), kept = 0;
    struct between *list = arena_array(arena, count, sizeof *list);
    gather_between(network, index, body, &numbers, list);
    qsort(list, count, sizeof *list, compare_between);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || list[i].body != list[kept - 1].body)
            list[kept++] = list[i];
    qsort(list, kept, sizeof *list, compare_order);
    *ret_ids = arena_array(arena, kept, sizeof **ret_ids);
    for (size_t i = 0; i < kept; i++)
        (*ret_ids)[i] = index_organisation_entry(index, list[i].organisation)->entry.id;
    return kept;
}
