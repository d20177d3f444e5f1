#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/hash.h"
#include "match/entry.h"
#include "match/segment.h"

/* Partnerships and who is in them, immutable. A party is a node: in the base the place of an organisation, or a number above
 * for an id that none there has; the delta's own nodes follow these. */

struct partnership {
    int32_t since, until;
    uint32_t mobilities;
    uint32_t first, count; /* in parties: ascending, distinct */
};

struct partnership_set {
    atomic_uint references;
    struct arena *arena; /* NULL: in an image */
    size_t bytes;
    uint32_t count;
    const struct partnership_entry **entries; /* by id */
    struct id_table table;
    struct partnership *items;
    uint32_t *parties;
    uint32_t node_count;     /* of the base's nodes */
    struct text_map outside; /* ids without an organisation in the base, and their nodes */
    /* Partnerships by node. Where `nodes` is NULL each of the node_count nodes has its row, else the listed ones have. */
    uint32_t row_count, *nodes, *first, *of_node;
};

/* The node of a party; PLACE_NONE: leave it out. */
typedef uint32_t (*partnership_node_fn)(void *context, const char *id);

/* The base's: places in the segment. Takes over one reference to each entry; the arena becomes the set's. */
struct partnership_set *partnership_set_of_base(struct arena *arena, const struct partnership_entry **entries,
                                                uint32_t count, const struct segment *segment);
/* The delta's. */
struct partnership_set *partnership_set_of_delta(struct arena *arena,
                                                 const struct partnership_entry **entries, uint32_t count,
                                                 const struct segment *base_segment,
                                                 const struct partnership_set *base,
                                                 const struct segment *delta_segment);
const struct partnership_set *partnership_set_acquire(const struct partnership_set *set);
void partnership_set_release(const struct partnership_set *set);

/* PLACE_NONE: no partnership of the base names it, and no organisation of it is there. */
uint32_t partnership_set_node(const struct partnership_set *base, const struct segment *segment,
                              const char *id);
/* PLACE_NONE: no such partnership. */
uint32_t partnership_set_find(const struct partnership_set *set, const char *id);
/* A node's partnerships; returns how many. */
uint32_t partnership_set_of(const struct partnership_set *set, uint32_t node, const uint32_t **ret_numbers);
