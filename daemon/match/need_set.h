#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "match/entry.h"
#include "match/posting.h"
#include "match/segment.h"

/* Stored needs side by side, for offers that ask who could use them: immutable, counted. Rows are in the order of the needs'
 * ids. */
struct need_set {
    atomic_uint references;
    struct arena *arena; /* NULL: in an image */
    size_t bytes;
    uint32_t count, owner_count;
    const struct need_entry **needs;
    struct id_table table;
    struct need_facts *facts; /* copies, one after the other; their lists are the entries' */
    uint32_t *owner;          /* by row */
    const char **owner_ids;   /* organisations that own needs here */
    uint32_t *places;         /* by owner: where the base has it, or PLACE_NONE; NULL: look owners up */
    /* Rows by what they ask for; value 0: those that leave it empty. Languages as in an index. */
    struct posting_table sector_under, sector_exact, country, language, eqf, mode;
};

/* The entries are in the order of their ids, in the arena that becomes the set's; takes over one reference to each. `base`: of
 * the same base as the set, or NULL. One reference. */
struct need_set *need_set_new(struct arena *arena, const struct need_entry **needs, uint32_t count,
                              const struct segment *base);
const struct need_set *need_set_acquire(const struct need_set *set);
void need_set_release(const struct need_set *set); /* NULL is fine */
/* PLACE_NONE where the id isn't there. */
uint32_t need_set_find(const struct need_set *set, const char *id);

/* All stored needs at one time: the base's, of which some count no more, and those that came since. Counted. */
enum { NEED_PARTS = 2 };
struct need_view {
    atomic_uint references;
    struct need_part {
        const struct need_set *set;
        uint64_t *live; /* rows that still count */
    } parts[NEED_PARTS];
};
/* Acquires the base's; takes over the reference to the others. */
struct need_view *need_view_new(const struct need_set *base, const uint32_t *dead, size_t dead_count,
                                const struct need_set *delta);
struct need_view *need_view_acquire(struct need_view *view);
void need_view_release(struct need_view *view); /* NULL is fine */
