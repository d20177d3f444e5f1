#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct join;
struct organisation_entry;
struct weave;

/* Who holds which strong identifier. One that organisations of several registries hold joins them to a body; within one registry
 * nobody is joined. */

bool identifier_held(const struct organisation_entry *organisation, const char *key);
/* Organisations of different registries. */
bool identifier_joins(const struct organisation_entry *left, const struct organisation_entry *right);

/* Of organisations that stand: immutable, and without a pointer into their order. */
struct identifier_table {
    uint32_t count;
    const uint64_t
        *rows; /* a hash of the identifier, then the place of who holds it: 32 bits each; ascending */
};

struct identifier_table identifier_table_make(struct arena *arena,
                                              const struct organisation_entry *const *organisations,
                                              uint32_t count);
/* Of organisations of which some were left out, and others came between; what is left of an old table is copied. */
struct identifier_table identifier_table_weave(struct arena *arena, const struct weave *organisations,
                                               const struct identifier_table *old,
                                               const struct identifier_table *new);
/* Pairs that make bodies of all that are joined; heap memory. */
struct join *identifier_table_joins(const struct identifier_table *table,
                                    const struct organisation_entry *const *organisations, size_t *ret_count);
/* The rows of an identifier's hash; who is there may hold another one: identifier_held. */
void identifier_table_find(const struct identifier_table *table, const char *key, uint32_t *ret_first,
                           uint32_t *ret_end);
static inline uint32_t identifier_table_place(const struct identifier_table *table, uint32_t row)
{
    return (uint32_t)table->rows[row];
}

/* Of organisations that come and go. One thread. */
struct identifier_book;
struct identifier_book *identifier_book_new(void);
void identifier_book_free(struct identifier_book *book);
/* The entry lives until it is removed again. */
void identifier_book_add(struct identifier_book *book, const struct organisation_entry *organisation);
void identifier_book_remove(struct identifier_book *book, const struct organisation_entry *organisation);
/* Who holds an identifier; good until the book changes. */
uint32_t identifier_book_find(const struct identifier_book *book, const char *key,
                              const struct organisation_entry *const **ret_holders);
