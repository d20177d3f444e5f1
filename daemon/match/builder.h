#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "match/index_data.h"
#include "match/need_set.h"

struct identifier_book;

/* Inside the builder. All records that are here, by id; what has changed since the base was made; and the base. One thread. */

/* An organisation, or what offers name as theirs while it isn't here. What changes is an owner with all its offers. */
struct owner {
    char *id;
    struct organisation_entry *organisation; /* NULL: not here */
    struct offer_entry *first_offer;         /* the others by `next` */
    uint64_t touched_at; /* the number of the index that will be the first to have the change */
    bool listed;         /* among those changed since the base was made */
};

struct numbers_list {
    uint32_t *items;
    size_t count, capacity;
};

/* A partnership that changed since the base was made, and when last. */
struct changed_partnership {
    char *id;
    uint64_t touched_at;
};

struct match_builder {
    struct arena *scratch; /* of the record at hand */
    struct vocabulary *vocabulary;
    struct concepts *concepts;
    struct text_map by_id; /* id to row; the key is the current entry's own */
    struct entry **rows;
    uint32_t row_count, row_capacity;
    struct numbers_list unused_rows;

    struct text_map owners_by_id; /* the key is the owner's */
    struct owner *owners;
    uint32_t owner_count, owner_capacity;
    struct numbers_list unused_owners, changed_owners;
    struct changed_partnership *changed_partnerships;
    size_t changed_partnership_count, changed_partnership_capacity;
    struct text_map changed_by_id;
    struct identifier_book *book;
    struct need_book *needs;

    const struct segment *base; /* NULL: nothing published yet */
    const struct partnership_set *base_partnerships;
    uint64_t sequence;        /* of the index to be published next, from 1 */
    uint64_t base_number;     /* tells bases apart */
    bool base_is_stale;       /* concepts have other numbers now */
    struct match_index *last; /* published last */
    const struct segment
        *retired; /* an old base; the next rebuild's thread lets go of it, for that takes long */
};

void builder_add_number(struct numbers_list *list, uint32_t number);
/* A base with all that the index of that number has; takes over the references. */
void builder_set_base(struct match_builder *builder, const struct segment *segment,
                      const struct partnership_set *partnerships, uint64_t sequence);
/* By id; offers by their organisation's first. */
int entry_compare(const void *left, const void *right);
