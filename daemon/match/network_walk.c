#include "match/network_walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/network.h"

void list_grow(struct list *list)
{
    size_t old = list->capacity;
    list->capacity = old ? old * 2 : 64;
    list->items =
        arena_grow(list->arena, list->items, old * sizeof *list->items, list->capacity * sizeof *list->items);
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* Most are short. */
static void sort_numbers(uint32_t *items, size_t count)
{
    enum { SHORT = 24 };
    if (count > SHORT) {
        qsort(items, count, sizeof *items, compare_numbers);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t item = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1] > item; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

void list_settle(struct list *list, size_t first)
{
    sort_numbers(list->items + first, list->count - first);
    size_t kept = first;
    for (size_t i = first; i < list->count; i++)
        if (kept == first || list->items[kept - 1] != list->items[i])
            list->items[kept++] = list->items[i];
    list->count = kept;
}

/* ---- from parties to bodies ---- */

uint32_t network_moved_organisation(const struct match_index *index, uint32_t node)
{
    int own = BASE;
    while (node >= index->partnerships[own]->node_count)
        own++;
    uint32_t own_place = node - index->partnerships[own]->first_node;
    if (own_place < index->segments[own]->organisation_count &&
        !bits_has(index->dead_organisations[own], own_place))
        return index_organisation(index, own, own_place);
    for (int i = index->segment_count - 1; i > own; i--) {
        const struct moves *moves = &index->moves[i];
        uint32_t place = moves->rows[moves_row(moves, node)].place;
        if (place != PLACE_NONE && !bits_has(index->dead_organisations[i], place))
            return index_organisation(index, i, place);
    }
    return PLACE_NONE;
}

uint32_t network_other_body(const struct match_index *index, uint32_t node)
{
    uint32_t organisation = network_organisation(index, node);
    return organisation == PLACE_NONE ? PLACE_NONE : index_body(index, organisation);
}

/* ---- of one body ---- */

static inline void add_node(const struct match_index *index, int segment, uint32_t node, struct list *list)
{
    const struct partnership_set *set = index->partnerships[segment];
    const uint32_t *numbers;
    if (!set->count)
        return;
    uint32_t count = partnership_set_of(set, node, &numbers);
    uint32_t before = index->first_partnership[segment];
    const struct partnership *items = set->items;
    uint32_t *to = list_more(list, count);
    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(&items[numbers[i]]);
        to[i] = before + numbers[i];
    }
    list->count += count;
}

/* The node of a body's member. */
static uint32_t member_node(const struct match_index *index, const struct members *members, uint32_t i)
{
    uint32_t place = members->places[i];
    return members->segment == BASE ? place : index->nodes[members->segment][place];
}

void network_add_numbers(const struct match_index *index, uint32_t body, struct list *list)
{
    struct members members;
    size_t first = list->count;
    index_members(index, body, &members);
    for (uint32_t i = 0; i < members.count; i++) {
        uint32_t node = member_node(index, &members, i);
        for (int segment = BASE; segment < index->segment_count; segment++)
            add_node(index, segment, node, list);
    }
    if (members.count > 1)
        list_settle(list, first);
}

uint64_t network_keep_current(const struct match_index *index, int32_t today, struct list *list, size_t first,
                              size_t end, size_t *kept)
{
    uint64_t parties = 0;
    for (size_t i = first; i < end; i++) {
        uint32_t number = list->items[i];
        int segment = network_locate(index, &number);
        if (!network_is_current(index, segment, number, today))
            continue;
        const struct partnership_set *set = index->partnerships[segment];
        __builtin_prefetch(set->parties + set->items[number].first);
        list->items[(*kept)++] = list->items[i];
        parties += set->items[number].count;
    }
    return parties;
}

void network_add_partnerships(const struct match_index *index, uint32_t body, int32_t today,
                              struct list *list)
{
    size_t kept = list->count;
    network_add_numbers(index, body, list);
    network_keep_current(index, today, list, kept, list->count, &kept);
    list->count = kept;
}

/* ---- whether there are others ---- */

/* Whether one of a node's partnerships in a set holds another body. */
static bool has_others(const struct match_index *index, int segment, uint32_t node, uint32_t body,
                       int32_t today)
{
    const struct partnership_set *set = index->partnerships[segment];
    const uint32_t *numbers;
    uint32_t count = partnership_set_of(set, node, &numbers);
    const struct network_nodes nodes = network_nodes_of(index);
    for (uint32_t i = 0; i < count; i++) {
        const struct partnership *partnership = &set->items[numbers[i]];
        if (!network_is_current(index, segment, numbers[i], today))
            continue;
        for (uint32_t j = 0; j < partnership->count; j++) {
            uint32_t other = network_body(&nodes, set->parties[partnership->first + j]);
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
        for (int segment = BASE; segment < index->segment_count; segment++)
            if (has_others(index, segment, node, body, today))
                return true;
    }
    return false;
}
