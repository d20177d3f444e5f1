#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/hash.h"
#include "match/entry.h"
#include "match/segment.h"

/* Partnerships and who is in them, immutable. A party is a node: the place of an organisation in the segment beside, or a number
 * above for an id that none there has; both counted on from the nodes of the segments below, which come first: an id keeps the
 * node that it has there. */

struct match_index;
struct weave;

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
    uint32_t node_count;     /* own nodes are below this */
    uint32_t first_node;     /* and not below this; 0: nothing is below */
    struct text_map outside; /* ids without an organisation, and their nodes */
    /* Partnerships by node. Where `nodes` is NULL each of the node_count nodes has its row, else the listed ones have. */
    uint32_t row_count, *nodes, *first, *of_node;
};

/* Beside a segment, over an index or NULL. Takes over one reference to each entry; the arena becomes the set's. */
struct partnership_set *partnership_set_new(struct arena *arena, const struct partnership_entry **entries,
                                            uint32_t count, const struct segment *segment,
                                            const struct match_index *below);
/* What is left of a base's set, and new ones, which are acquired, in order: beside the segment that was merged of the base's
 * organisations and others. Parties that are left are not looked up again. */
struct partnership_set *partnership_set_merge(const struct partnership_set *old, const uint64_t *dead,
                                              const struct partnership_entry *const *new, uint32_t new_count,
                                              const struct segment *segment,
                                              const struct weave *organisations);
const struct partnership_set *partnership_set_acquire(const struct partnership_set *set);
void partnership_set_release(const struct partnership_set *set);

/* One of the set's own; PLACE_NONE: no partnership here names it, and no organisation of the segment beside is it. */
uint32_t partnership_set_node(const struct partnership_set *set, const struct segment *segment,
                              const char *id);
/* PLACE_NONE: no such partnership. */
uint32_t partnership_set_find(const struct partnership_set *set, const char *id);
/* A node's partnerships; returns how many. */
uint32_t partnership_set_of(const struct partnership_set *set, uint32_t node, const uint32_t **ret_numbers);
