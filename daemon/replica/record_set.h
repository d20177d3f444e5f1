#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/stored_record.h"

struct image_writer;

/* All records, immutable: rows in order of (owner, kind, id). A record stands in a row of its own id, and in one of each
 * organisation that it names: so a record is found by its id, and what belongs to an organisation stands behind it.
 * A large base, shared with the sets before, and a small delta of what has changed since: the next set costs what the delta
 * has, and now and then, when the delta has grown, the whole. Entries are borrowed: whoever publishes sets sees to their
 * lives. A replaced entry is read as long as the base has it. */
struct record_row {
    const char *owner;
    const struct stored_record *entry;
};

struct record_set {
    struct record_rows *base;   /* counted; NULL: none */
    struct record_delta *delta; /* this set's own */
    size_t delta_count;
};

/* One change between two sets: at least one of the two is there. */
struct record_change {
    const struct stored_record *old, *new;
};

/* The next set: `set` with the changes made. `set` may be an empty one. */
struct record_set record_set_next(const struct record_set *set, const struct record_change *changes,
                                  size_t count);
/* Whether the two have their base in common: then the later one still reads what was replaced between them. */
bool record_set_shares_base(const struct record_set *left, const struct record_set *right);
void record_set_fini(struct record_set *set);

/* Puts all records and the rows of a set into an image; tells where the rows are. */
const struct record_rows *record_set_put(const struct record_set *set, struct image_writer *image);
/* A set of such rows. */
struct record_set record_set_of_image(const struct record_rows *rows);

/* The record with that id, or NULL. */
const struct stored_record *record_set_find(const struct record_set *set, const char *id);

/* Goes through a set in order, from any place. */
struct record_cursor {
    const struct record_set *set;
    size_t base_at, delta_at;
};

/* Before the first row of that owner and kind (RECORD_NONE: any), or of what comes after. "": from the start. */
struct record_cursor record_cursor_at(const struct record_set *set, const char *owner, enum record_kind kind);
/* From the start, but without what a set of an image has in there. */
struct record_cursor record_cursor_beside_image(const struct record_set *set);
/* The next row; owner NULL at the end. */
struct record_row record_cursor_next(struct record_cursor *cursor);
/* The next record in order of id, each once; NULL at the end. */
const struct stored_record *record_cursor_next_record(struct record_cursor *cursor);
