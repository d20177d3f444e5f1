#include "match/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/index_data.h"

/* Walks the partnerships of a body that count on a day, and the organisations in them. */
struct walk {
    const struct match_index *index;
    int32_t today;
    uint32_t at, end;
};

static struct walk walk_begin(const struct match_index *index, uint32_t body, int32_t today)
{
    const uint32_t *first = index->body_partnership_first;
    return (struct walk){index, today, first[body], first[body + 1]};
}

static const struct partnership *walk_next(struct walk *walk)
{
    while (walk->at < walk->end) {
        const struct match_index *index = walk->index;
        const struct partnership *partnership = &index->partnerships[index->body_partnerships[walk->at++]];
        if (partnership->since <= walk->today && walk->today <= partnership->until)
            return partnership;
    }
    return NULL;
}

static uint32_t party_body(const struct match_index *index, const struct partnership *partnership, uint32_t i)
{
    return index->bodies.of_organisation[index->partnership_parties[partnership->first + i]];
}

static struct tie *find_or_free(const struct network *network, uint32_t body)
{
    uint32_t row = (body * 2654435769u) & network->mask;
    while (network->ties[row].body != PLACE_NONE && network->ties[row].body != body)
        row = (row + 1) & network->mask;
    return &network->ties[row];
}

static void resize(struct network *network, struct arena *arena, uint32_t size)
{
    struct tie *old = network->ties;
    uint32_t old_size = old ? network->mask + 1 : 0;
    network->ties = arena_alloc(arena, size * sizeof *network->ties);
    network->mask = size - 1;
    for (uint32_t i = 0; i < size; i++)
        network->ties[i] = (struct tie){.body = PLACE_NONE};
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].body != PLACE_NONE)
            *find_or_free(network, old[i].body) = old[i];
}

static struct tie *tie_of(struct network *network, struct arena *arena, uint32_t body)
{
    struct tie *tie = find_or_free(network, body);
    if (tie->body == body)
        return tie;
    if ((network->tie_count + 1) * 2 > network->mask + 1) {
        resize(network, arena, (network->mask + 1) * 2);
        tie = find_or_free(network, body);
    }
    network->tie_count++;
    tie->body = body;
    return tie;
}

static int compare_bodies(const void *left, const void *right)
{
    uint32_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* The sender's partners, with the mobilities; a partnership counts once for a body however many of its records it names. */
static void find_partners(struct network *network, struct arena *arena, const struct match_index *index,
                          int32_t today)
{
    struct walk walk = walk_begin(index, network->sender_body, today);
    uint32_t number = 0;
    for (const struct partnership *p; (p = walk_next(&walk)) != NULL;) {
        number++;
        for (uint32_t i = 0; i < p->count; i++) {
            uint32_t body = party_body(index, p, i);
            if (body == network->sender_body)
                continue;
            struct tie *tie = tie_of(network, arena, body);
            if (tie->mark == number)
                continue;
            tie->mark = number;
            tie->partner = true;
            tie->mobilities += p->mobilities;
        }
    }
    uint32_t *partners = arena_array(arena, network->tie_count, sizeof *partners);
    for (uint32_t row = 0; row <= network->mask; row++) {
        network->ties[row].mark = 0;
        if (network->ties[row].body != PLACE_NONE)
            partners[network->partner_count++] = network->ties[row].body;
    }
    qsort(partners, network->partner_count, sizeof *partners, compare_bodies);
    network->partners = partners;
}

/* Partners in the very same partnerships stand beside the same bodies: these are walked once for all of them. So a
 * consortium of a thousand costs a thousand steps and not a million. */
struct group {
    uint64_t hash; /* of the partnerships */
    uint32_t body;
};

static uint64_t hash_partnerships(const struct match_index *index, uint32_t body, int32_t today)
{
    struct walk walk = walk_begin(index, body, today);
    uint64_t hash = 0;
    for (const struct partnership *p; (p = walk_next(&walk)) != NULL;) {
        const uint64_t parts[] = {hash, (uint64_t)(p - index->partnerships)};
        hash = hash_bytes(parts, sizeof parts);
    }
    return hash;
}

static bool same_partnerships(const struct match_index *index, uint32_t left, uint32_t right, int32_t today)
{
    struct walk a = walk_begin(index, left, today), b = walk_begin(index, right, today);
    for (;;) {
        const struct partnership *p = walk_next(&a), *q = walk_next(&b);
        if (p != q)
            return false;
        if (!p)
            return true;
    }
}

static int compare_groups(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    int order = (a->hash > b->hash) - (a->hash < b->hash);
    return order ? order : (a->body > b->body) - (a->body < b->body);
}

static struct group *group_partners(const struct network *network, struct arena *arena,
                                    const struct match_index *index, int32_t today)
{
    struct group *groups = arena_array(arena, network->partner_count, sizeof *groups);
    for (uint32_t i = 0; i < network->partner_count; i++) {
        uint32_t body = network->partners[i];
        groups[i] = (struct group){hash_partnerships(index, body, today), body};
    }
    qsort(groups, network->partner_count, sizeof *groups, compare_groups);
    return groups;
}

/* The distinct bodies beside a partner; returns its degree, and the bodies in `beside`, which grows. `number` tells this walk
 * from the others. */
static uint32_t find_beside(struct network *network, struct arena *arena, const struct match_index *index,
                            uint32_t partner, uint32_t number, int32_t today, uint32_t **beside,
                            uint32_t *capacity)
{
    uint32_t count = 0;
    struct walk walk = walk_begin(index, partner, today);
    for (const struct partnership *p; (p = walk_next(&walk)) != NULL;)
        for (uint32_t i = 0; i < p->count; i++) {
            uint32_t body = party_body(index, p, i);
            if (body == partner)
                continue;
            struct tie *tie = tie_of(network, arena, body);
            if (tie->mark == number)
                continue;
            tie->mark = number;
            if (count == *capacity) {
                uint32_t old = *capacity;
                *capacity = old ? old * 2 : 64;
                *beside = arena_grow(arena, *beside, old * sizeof **beside, *capacity * sizeof **beside);
            }
            (*beside)[count++] = body;
        }
    return count;
}

/* Adds what a group of partners gives to those beside them: 1 / degree from each partner but oneself. */
static void add_nearness(struct network *network, const struct group *group, uint32_t count,
                         const uint32_t *beside, uint32_t degree)
{
    for (uint32_t i = 0; i < count; i++)
        find_or_free(network, group[i].body)->nearness += (count - 1.0) / degree;
    for (uint32_t i = 0; i < count; i++)
        find_or_free(network, group[i].body)->mark = 0; /* done: they are beside the first one, too */
    for (uint32_t i = 0; i < degree; i++) {
        struct tie *tie = find_or_free(network, beside[i]);
        if (tie->mark)
            tie->nearness += (double)count / degree;
    }
}

void network_find(struct network *network, struct arena *arena, const struct match_index *index,
                  uint32_t sender_body, int32_t today)
{
    *network = (struct network){.sender_body = sender_body};
    resize(network, arena, 16);
    if (sender_body == PLACE_NONE)
        return;
    find_partners(network, arena, index, today);
    struct group *groups = group_partners(network, arena, index, today);
    uint32_t *beside = NULL, capacity = 0;
    for (uint32_t i = 0, end; i < network->partner_count; i = end) {
        for (end = i + 1; end < network->partner_count && groups[end].hash == groups[i].hash &&
                          same_partnerships(index, groups[i].body, groups[end].body, today);)
            end++;
        uint32_t degree =
            find_beside(network, arena, index, groups[i].body, i + 1, today, &beside, &capacity);
        add_nearness(network, &groups[i], end - i, beside, degree);
    }
}

const struct tie *network_tie(const struct network *network, uint32_t body)
{
    const struct tie *tie = find_or_free(network, body);
    return tie->body == body && body != network->sender_body ? tie : NULL;
}

bool network_has_partners(const struct match_index *index, uint32_t body, int32_t today)
{
    struct walk walk = walk_begin(index, body, today);
    for (const struct partnership *p; (p = walk_next(&walk)) != NULL;)
        for (uint32_t i = 0; i < p->count; i++)
            if (party_body(index, p, i) != body)
                return true;
    return false;
}

/* ---- the partners between ---- */

/* The smallest party of each body, by body. */
struct between {
    uint32_t body, organisation;
};

static int compare_between(const void *left, const void *right)
{
    const struct between *a = left, *b = right;
    int order = (a->body > b->body) - (a->body < b->body);
    return order ? order : (a->organisation > b->organisation) - (a->organisation < b->organisation);
}

static size_t gather_between(const struct network *network, const struct match_index *index, uint32_t body,
                             int32_t today, struct between *list)
{
    size_t count = 0;
    struct walk walk = walk_begin(index, body, today);
    for (const struct partnership *p; (p = walk_next(&walk)) != NULL;)
        for (uint32_t i = 0; i < p->count; i++) {
            uint32_t other = party_body(index, p, i);
            const struct tie *tie = other == body ? NULL : network_tie(network, other);
            if (!tie || !tie->partner)
                continue;
            if (list)
                list[count] = (struct between){other, index->partnership_parties[p->first + i]};
            count++;
        }
    return count;
}

size_t network_via(const struct network *network, struct arena *arena, const struct match_index *index,
                   uint32_t body, int32_t today, const char ***ret_ids)
{
    size_t count = gather_between(network, index, body, today, NULL), kept = 0;
    struct between *list = arena_array(arena, count, sizeof *list);
    gather_between(network, index, body, today, list);
    qsort(list, count, sizeof *list, compare_between);
    uint32_t *places = arena_array(arena, count, sizeof *places);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || list[i].body != list[i - 1].body)
            places[kept++] = list[i].organisation;
    qsort(places, kept, sizeof *places, compare_bodies);
    *ret_ids = arena_array(arena, kept, sizeof **ret_ids);
    for (size_t i = 0; i < kept; i++)
        (*ret_ids)[i] = index->organisations[places[i]]->entry.id;
    return kept;
}
