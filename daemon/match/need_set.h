#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "match/entry.h"
#include "match/posting.h"
#include "match/segment.h"

/* Stored needs side by side, for offers that ask who could use them: immutable, counted. Rows are in the order of the needs'
 * ids. Nothing in a set depends on organisations, so that it outlives their changes. */
struct need_set {
    atomic_uint references;
    struct arena *arena;
    uint32_t count, owner_count;
    const struct need_entry **needs;
    struct need_facts *facts; /* copies, one after the other; their lists are the entries' */
    uint32_t *owner;          /* by row */
    const char **owner_ids;   /* organisations that own needs here */
    /* Rows by what they ask for; value 0: those that leave it empty. Languages as in an index. */
    struct posting_table sector_under, sector_exact, country, language, eqf, mode;
};

/* Acquires the entries, which are in the order of their ids. One reference. */
struct need_set *need_set_new(const struct need_entry *const *needs, size_t count);
struct need_set *need_set_acquire(struct need_set *set);
void need_set_release(struct need_set *set);
/* UINT32_MAX where the id isn't there. */
uint32_t need_set_find(const struct need_set *set, const char *id);

/* Where the owners of a large set's needs are in a base of the index, found once for both. Counted. */
struct need_places {
    atomic_uint references;
    uint32_t *places; /* by owner; PLACE_NONE: not in that base */
};

/* All stored needs at one time: a large set that seldom changes, and a small one of what came since. Counted. */
enum { NEED_PARTS = 2 };
struct need_view {
    atomic_uint references;
    struct need_part {
        struct need_set *set;
        uint64_t *live;             /* rows that still count */
        struct need_places *places; /* NULL: look owners up */
    } parts[NEED_PARTS];
};
struct need_view *need_view_acquire(struct need_view *view);
void need_view_release(struct need_view *view); /* NULL is fine */

/* The builder's side: needs that come and go. One thread. */
struct need_book;
struct need_book *need_book_new(void);
void need_book_free(struct need_book *book);
/* Acquires the entry. */
void need_book_add(struct need_book *book, struct need_entry *need);
/* An entry that was added; its `dropped` is set. */
void need_book_remove(struct need_book *book, const struct need_entry *need);
/* One reference; the same view again where nothing changed. `base_number` tells the index's bases apart. */
struct need_view *need_book_publish(struct need_book *book, const struct segment *base, uint64_t base_number);
