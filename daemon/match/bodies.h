#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct entry;
struct organisation_entry;

/* Who shares a strong identifier with whom: kept up to date as organisations come and go, so that an index need only look at
 * identifiers with several holders. One thread. */
struct identifier_book;
struct identifier_book *identifier_book_new(void);
void identifier_book_free(struct identifier_book *book);
/* The entry lives until it is removed again. */
void identifier_book_add(struct identifier_book *book, const struct organisation_entry *organisation);
void identifier_book_remove(struct identifier_book *book, const struct organisation_entry *organisation);

/* Bodies: connected components of organisations of different registries over identifiers that they share. Numbered in the order
 * of their first members; members ascending. */
struct bodies {
    uint32_t count;
    uint32_t *of_organisation;
    uint32_t *first;   /* count + 1: where a body's members begin */
    uint32_t *members; /* organisations */
};

/* Organisations by place; their entries' `place` is set. Memory from the arena. */
void bodies_make(struct bodies *bodies, struct arena *arena, const struct identifier_book *book,
                 uint32_t organisation_count);
