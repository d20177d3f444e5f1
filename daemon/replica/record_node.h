#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replica/record_set.h"

/* Inside a set of records: its rows in order as a tree of nodes. Nodes are immutable and counted, read and released on any thread:
 * trees share what they have in common. Entries are borrowed. */
struct record_node {
    _Atomic unsigned references;
    uint32_t level, count; /* level 0: a leaf */
    /* A leaf's own, else the first one below each child; the children stand behind them. */
    struct record_row rows[];
};

static inline struct record_node **record_node_children(const struct record_node *node)
{
    return (struct record_node **)(uintptr_t)(node->rows + node->count);
}

/* What becomes of the row with that key: it comes or is replaced, or it goes. */
struct record_delta {
    struct record_row row;
    bool gone;
};

int record_row_compare(const struct record_row *left, const struct record_row *right);

/* A tree of rows in order; NULL: of none. */
struct record_node *record_node_of_rows(const struct record_row *rows, size_t count);
/* The tree with the changes made, which are in order, each key once. It copies the nodes on the way to what changes, and shares
 * the others. */
struct record_node *record_node_change(const struct record_node *root, const struct record_delta *delta,
                                       size_t count);

struct record_node *record_node_acquire(struct record_node *node); /* NULL is fine */
void record_node_release(struct record_node *node);                /* NULL is fine */

/* Puts the tree into an image that has its records already; tells where. */
const struct record_node *record_node_put(const struct record_node *node, struct image_writer *image);
