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

void list_settle(struct list *list, size_t first)
{
    if (list->count - first > 1)
        qsort(list->items + first, list->count - first, sizeof *list->items, compare_numbers);
    size_t kept = first;
    for (size_t i = first; i < list->count; i++)
        if (kept == first || list->items[kept - 1] != list->items[i])
            list->items[kept++] = list->items[i];
    list->count = kept;
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

void network_add_partnerships(const struct match_index *index, uint32_t body, int32_t today,
                              struct list *list)
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
            uint32_t other = network_body(index, set->parties[partnership->first + j]);
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
