#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "match/base_set.h"

struct identifier_book;

/* What differs from a base: records that came, changed or went since it was made, and the organisations whose matching that
 * touches, whole bodies of them. One thread. */

#define OVERLAY_NONE UINT32_MAX

/* A record that came, changed or went. */
struct overlay_row {
    char *id;
    const struct entry *entry; /* NULL: it went */
    struct base_place base;    /* what the base has under the id */
    uint64_t touched_at;       /* the number of the index that will be the first to have it */
    uint32_t next;             /* of an offer: the next row of its owner's */
    bool is_other;             /* counted as such */
    bool is_fresh;
};

/* An organisation, or what offers name as theirs while it isn't here, that has changed in any way since the base was made. */
struct overlay_owner {
    char *id;
    const struct organisation_entry *organisation; /* NULL: not here */
    uint32_t place;                                /* in the base, or PLACE_NONE */
    uint32_t first_offer; /* row of those that came or changed; the others by `next` */
    bool lost_offers;     /* some that the base has as its own are no longer so */
    bool is_fresh;
    uint64_t touched_at;
};

struct overlay {
    const struct base_set *base;
    struct text_map rows_by_id, owners_by_id;
    struct overlay_row *rows;
    struct overlay_owner *owners;
    uint32_t row_count, row_capacity, owner_count, owner_capacity;
    uint32_t other_count; /* rows that are or were needs or partnerships, here or in the base */
    /* Rows and owners touched since the overlay was settled last. */
    struct overlay_list {
        uint32_t *items, count, capacity;
    } fresh_rows, fresh_owners;
    struct identifier_book *book; /* of the organisations in rows */
};

void overlay_init(struct overlay *overlay, const struct base_set *base);
void overlay_fini(struct overlay *overlay);

/* Puts an entry, whose reference it takes over, in place of what is under its id; `sequence` numbers the index to come. */
void overlay_put(struct overlay *overlay, const struct entry *entry, uint64_t sequence);
void overlay_remove(struct overlay *overlay, const char *id, uint64_t sequence);
/* Whether what the base has under an id is as it was. */
bool overlay_keeps(const struct overlay *overlay, const char *id);

/* Nothing is fresh any more. */
void overlay_settle(struct overlay *overlay);

/* Stands on another base, which has all that an index of that number or an older one has; the rest is fresh. */
void overlay_rebase(struct overlay *overlay, const struct base_set *base, uint64_t sequence);
