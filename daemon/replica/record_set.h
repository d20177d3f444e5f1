#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/stored_record.h"

struct image_writer;

/* All records, immutable: rows in order of (owner, kind, id). A record stands in a row of its own id, and in one of each
 * organisation that it names: so a record is found by its id, and what belongs to an organisation stands behind it.
 * A tree that shares with the sets before all but what has changed: the next set costs what the changes touch. Entries are
 * borrowed: whoever publishes sets sees to their lives. A replaced entry is in no later set. */
struct record_row {
    const char *owner;
    const struct stored_record *entry;
};

struct record_set {
    struct record_node *root; /* counted; NULL: no rows */
};

/* One change between two sets: at least one of the two is there. */
struct record_change {
    const struct stored_record *old, *new;
};

/* The next set: `set` with the changes made. `set` may be an empty one. */
struct record_set record_set_next(const struct record_set *set, const struct record_change *changes,
                                  size_t count);
void record_set_fini(struct record_set *set);

/* Puts all records and the tree of a set into an image; tells where its root is. */
const struct record_node *record_set_put(const struct record_set *set, struct image_writer *image);
/* A set of such a tree. */
struct record_set record_set_of_image(const struct record_node *root);

/* The record with that id, or NULL. */
const struct stored_record *record_set_find(const struct record_set *set, const char *id);

enum { RECORD_LEVELS = 12 };

/* Goes through a set in order, from any place. */
struct record_cursor {
    /* From the root to a leaf: where each goes on. */
    struct record_place {
        const struct record_node *node;
        size_t at;
    } path[RECORD_LEVELS];
    unsigned depth; /* 0: at the end */
    bool passes_image;
};

/* Before the first row of that owner and kind (RECORD_NONE: any), or of what comes after. "": from the start. */
struct record_cursor record_cursor_at(const struct record_set *set, const char *owner, enum record_kind kind);
/* From the start, but without what still stands in an image as it was. */
struct record_cursor record_cursor_beside_image(const struct record_set *set);
/* The next row; owner NULL at the end. */
struct record_row record_cursor_next(struct record_cursor *cursor);
/* The next record in order of id, each once; NULL at the end. */
const struct stored_record *record_cursor_next_record(struct record_cursor *cursor);
