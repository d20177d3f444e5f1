#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "match/entry.h"
#include "match/need_owner.h"
#include "match/posting.h"
#include "match/segment.h"

/* What filters and scores look at in every need, in half a cache line. */
enum { NEED_ASKS_REGIONS = 1, NEED_ASKS_ESSENTIALS = 2 };
struct need_brief {
    uint32_t owner;
    uint32_t min_days, max_days; /* 0: not stated */
    int32_t start, end;          /* INT32_MIN, INT32_MAX: open */
    int32_t valid_until;         /* INT32_MAX: until withdrawn */
    uint32_t places;             /* that a window must have; 0: neither learners nor most absent are stated */
    uint16_t themes;             /* bits, as in the facts */
    uint16_t asks;               /* bits: what the facts must be looked at for */
};

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
    struct need_brief *briefs;
    /* lists of each row one after the other: where they begin (count + 1), and all of them */
    uint32_t *wanted_first, *wanted; /* concepts */
    uint32_t *sector_first;
    uint16_t *sectors;
    const char **owner_ids;       /* organisations that own needs here */
    struct need_owner *owners;    /* NULL: look them up */
    uint32_t body_count, *bodies; /* of those that send, ascending */
    /* Rows by what they ask for; value 0: those that leave it empty. Languages as in an index. */
    struct posting_table sector_under, sector_exact, country, language, eqf, mode;
};

/* The entries are in the order of their ids, in the arena that becomes the set's; takes over one reference to each. `base`: of
 * the same base as the set, with its partnerships, or both NULL. One reference. */
struct need_set *need_set_new(struct arena *arena, const struct need_entry **needs, uint32_t count,
                              const struct segment *base, const struct partnership_set *partnerships);
const struct need_set *need_set_acquire(const struct need_set *set);
void need_set_release(const struct need_set *set); /* NULL is fine */
/* PLACE_NONE where the id isn't there. */
uint32_t need_set_find(const struct need_set *set, const char *id);

static inline struct concept_numbers need_set_wanted(const struct need_set *set, uint32_t row)
{
    uint32_t first = set->wanted_first[row];
    return (struct concept_numbers){set->wanted_first[row + 1] - first, set->wanted + first};
}

static inline struct numbers need_set_sectors(const struct need_set *set, uint32_t row)
{
    uint32_t first = set->sector_first[row];
    return (struct numbers){set->sector_first[row + 1] - first, set->sectors + first};
}

/* All stored needs at one time, in sets one over the other as the segments of an index: the base's, of which some count no more,
 * and those that came since. Counted. */
enum { NEED_PARTS = 3 };
struct need_view {
    atomic_uint references;
    int count;
    struct need_part {
        const struct need_set *set;
        uint64_t *live; /* rows that still count */
    } parts[NEED_PARTS];
};
/* A view over another one, or over none: NULL. Ids of which needs there count no more are `replaced`; also others. Takes over the
 * reference to the set. */
struct need_view *need_view_new(const struct need_view *below, const char *const *replaced,
                                uint32_t replaced_count, const struct need_set *set);
struct need_view *need_view_acquire(struct need_view *view);
void need_view_release(struct need_view *view); /* NULL is fine */
/* NULL: no such need counts. */
const struct need_entry *need_view_find(const struct need_view *view, const char *id);
