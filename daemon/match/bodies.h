#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct organisation_entry;

/* Who shares a strong identifier with whom: kept up to date as organisations come and go. One thread. */
struct identifier_book;
struct identifier_book *identifier_book_new(void);
void identifier_book_free(struct identifier_book *book);
/* The entry lives until it is removed again. */
void identifier_book_add(struct identifier_book *book, const struct organisation_entry *organisation);
void identifier_book_remove(struct identifier_book *book, const struct organisation_entry *organisation);
/* Who holds an identifier together, where that joins them; 0 where it doesn't: within one registry nobody is joined. */
uint32_t identifier_book_joined(const struct identifier_book *book, const char *key,
                                const struct organisation_entry *const **ret_holders);

/* Two organisations of one body, by place. */
struct join {
    uint32_t left, right;
};

/* Bodies: organisations of different registries that share identifiers, also in chains. Most stand alone and take no room
 * here. A body is named by its first member. */
struct bodies {
    uint32_t several_count; /* organisations that don't stand alone */
    struct several {
        uint32_t place;
        uint32_t first, count; /* the body's members in `members`, ascending */
        uint32_t preference;   /* most offers first, then by id; 0 is shown first */
        const char **same_as;  /* the others' ids, sorted */
    } * several;               /* by place */
    uint32_t *members;
};

/* Memory from the arena; preferences and same_as are left open. */
void bodies_make(struct bodies *bodies, struct arena *arena, const struct join *joins, size_t count);
/* NULL: stands alone. */
struct several *bodies_find(const struct bodies *bodies, uint32_t place);
/* The first member of a place's body. */
uint32_t bodies_first(const struct bodies *bodies, uint32_t place);
