#pragma once

#include "match/need_set.h"
#include "match/partnership_set.h"
#include "match/segment.h"

struct match_index;

/* What many indexes stand on: all records at one time, laid out. Immutable; counted by its parts. */
struct base_set {
    const struct segment *segment; /* NULL: no base */
    const struct partnership_set *partnerships;
    const struct need_set *needs;
};

/* Of entries in any order, of which the last with an id counts; takes over one reference to each, and the array, which is on the
 * heap. One owner. */
struct base_set base_set_of_entries(const struct entry **entries, size_t count, uint32_t concept_limit);
/* All that lives in an index's segments, as one base. One owner. */
struct base_set base_set_of_index(const struct match_index *index);
struct base_set base_set_acquire(const struct base_set *base);
void base_set_release(const struct base_set *base); /* without parts is fine */

/* Where a base has a record: among its organisations, offers and then those that wait, partnerships or needs. */
struct base_place {
    enum record_kind kind; /* RECORD_NONE: it hasn't */
    uint32_t number;
};
/* `kind` is looked at first. */
struct base_place base_set_find(const struct base_set *base, const char *id, enum record_kind kind);
const struct entry *base_set_entry(const struct base_set *base, struct base_place place);

/* By id; offers by their organisation's first. */
int entry_compare(const void *left, const void *right);
/* Of entries in that order, from `low` on and below `high`: the first that doesn't come before `entry`; else `high`. */
uint32_t entries_find(const struct entry *const *entries, uint32_t low, uint32_t high,
                      const struct entry *entry);
void sort_unless_sorted(const void *items, size_t count, size_t bytes,
                        int (*compare)(const void *, const void *));
