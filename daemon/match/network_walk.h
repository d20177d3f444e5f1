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

/* Makes room for so many more. */
static inline uint32_t *list_more(struct list *list, size_t more)
{
    while (list->capacity - list->count < more)
        list_grow(list);
    return list->items + list->count;
}

/* Sorts the items from the first on, and leaves each once. */
void list_settle(struct list *list, size_t first);

/* Partnerships are numbered through the segments, the base's first: turns one into its number in the segment that is returned. */
static inline int network_locate(const struct match_index *index, uint32_t *number)
{
    int segment = BASE;
    while (segment + 1 < index->segment_count && *number >= index->first_partnership[segment + 1])
        segment++;
    *number -= index->first_partnership[segment];
    return segment;
}

static inline const struct partnership *network_partnership(const struct match_index *index, uint32_t number,
                                                            const uint32_t **ret_parties)
{
    const struct partnership_set *set = index->partnerships[network_locate(index, &number)];
    *ret_parties = set->parties + set->items[number].first;
    return &set->items[number];
}

/* Whether one of a segment's partnerships counts on the day. */
static inline bool network_is_current(const struct match_index *index, int segment, uint32_t number,
                                      int32_t today)
{
    const struct partnership *partnership = &index->partnerships[segment]->items[number];
    return partnership->since <= today && today <= partnership->until &&
           !bits_has(index->dead_partnerships[segment], number);
}

/* The same for a node whose organisation is dead in the base, or not there. */
uint32_t network_moved_organisation(const struct match_index *index, uint32_t node);

/* The organisation that stands for a node now; PLACE_NONE: none. */
static inline uint32_t network_organisation(const struct match_index *index, uint32_t node)
{
    return node < index->segments[BASE]->organisation_count &&
                   !bits_has(index->dead_organisations[BASE], node)
               ? node
               : network_moved_organisation(index, node);
}

/* What tells of most nodes that they are bodies by themselves: for loops to hold in registers. */
struct network_nodes {
    const struct match_index *index;
    uint32_t organisations; /* of the base */
    const uint64_t *dead, *joined;
};
static inline struct network_nodes network_nodes_of(const struct match_index *index)
{
    const struct segment *base = index->segments[BASE];
    return (struct network_nodes){index, base->organisation_count, index->dead_organisations[BASE],
                                  base->bodies.joined.bits};
}

/* The body that a node belongs to now; PLACE_NONE: none. */
uint32_t network_other_body(const struct match_index *index, uint32_t node);
static inline uint32_t network_body(const struct network_nodes *nodes, uint32_t node)
{
    bool plain = node < nodes->organisations &&
                 !((nodes->dead[node / 64] | nodes->joined[node / 64]) >> (node % 64) & 1);
    return plain ? node : network_other_body(nodes->index, node);
}

/* Adds the numbers of the partnerships that hold a body on any day, ascending, distinct. */
void network_add_numbers(const struct match_index *index, uint32_t body, struct list *list);
/* Of the items from `first` to before `end`, moves those that count on the day to `*kept` and moves it behind them; returns
 * how many parties they have. */
uint64_t network_keep_current(const struct match_index *index, int32_t today, struct list *list, size_t first,
                              size_t end, size_t *kept);
/* Both: those that hold a body on the day. */
void network_add_partnerships(const struct match_index *index, uint32_t body, int32_t today,
                              struct list *list);

/* Has brought near what network_add_numbers looks at, for a body of the base: first where its numbers begin, then these. */
static inline void network_fetch_row(const struct match_index *index, uint32_t body)
{
    const struct partnership_set *base = index->partnerships[BASE];
    if (body < index->segments[BASE]->organisation_count)
        __builtin_prefetch(&base->first[body]);
}
static inline void network_fetch_numbers(const struct match_index *index, uint32_t body)
{
    const struct partnership_set *base = index->partnerships[BASE];
    if (body < index->segments[BASE]->organisation_count)
        __builtin_prefetch(&base->of_node[base->first[body]]);
}
