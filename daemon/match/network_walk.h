#pragma once

#include <stddef.h>
#include <stdint.h>

#include "match/bits.h"
#include "match/index_data.h"

/* Within network's files: from bodies to their partnerships and back. */

/* A list of numbers that grows in the arena. */
struct list {
    struct arena *arena;
    uint32_t *items;
    size_t count, capacity;
};

void list_grow(struct list *list);
static inline void list_add(struct list *list, uint32_t number)
{
    if (list->count == list->capacity)
        list_grow(list);
    list->items[list->count++] = number;
}

/* Sorts the items from the first on, and leaves each once. */
void list_settle(struct list *list, size_t first);

/* The base's partnerships come first, then the delta's. */
static inline const struct partnership *network_partnership(const struct match_index *index, uint32_t number,
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
static inline uint32_t network_organisation(const struct match_index *index, uint32_t node)
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

static inline uint32_t network_body(const struct match_index *index, uint32_t node)
{
    uint32_t organisation = network_organisation(index, node);
    return organisation == PLACE_NONE ? PLACE_NONE : index_body(index, organisation);
}

/* Adds the numbers of the partnerships that hold a body on the day, ascending, distinct. */
void network_add_partnerships(const struct match_index *index, uint32_t body, int32_t today,
                              struct list *list);
