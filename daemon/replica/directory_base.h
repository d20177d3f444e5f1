#pragma once

#include <stddef.h>
#include <stdint.h>

#include "replica/directory_entry.h"

/* Many organisations in order of id, with an index over their words and identifiers. Immutable, counted, any
 * thread. */

struct directory_base {
    _Atomic unsigned owners;
    struct arena *arena;
    struct directory_entry **entries;
    struct directory_traits *traits; /* of each entry */
    uint32_t count;
    const char **words; /* distinct, in byte order */
    uint32_t word_count;
    uint32_t *starts, *rows;                  /* of each word, where in `entries` it comes */
    struct directory_identifier *identifiers; /* in byte order */
    uint32_t identifier_count;
};

struct directory_identifier {
    const char *text;
    uint32_t row;
};

/* Acquires the entries, which are in order of id; the array is copied. */
struct directory_base *directory_base_new(struct directory_entry *const *entries, uint32_t count);
/* A base of an old one's rows but for those whose bit is set, and of entries in order of id, none of a row that stays: copied in
 * runs, a tenth of the time that directory_base_new takes for as many. Any thread. */
struct directory_base *directory_base_merge(const struct directory_base *old, const uint64_t *dead,
                                            struct directory_entry *const *added, uint32_t added_count);
struct directory_base *directory_base_acquire(struct directory_base *base);
void directory_base_release(struct directory_base *base); /* NULL is fine */

/* Puts all of it into an image; tells where. */
const struct directory_base *directory_base_put(const struct directory_base *base,
                                                struct image_writer *image);

/* The first row whose id is not before this one. */
uint32_t directory_base_row(const struct directory_base *base, const char *id);
/* The first identifier, from that one on, that is not before the text. */
uint32_t directory_base_identifier(const struct directory_base *base, uint32_t from, const char *text);

static inline size_t directory_bit_words(uint32_t rows)
{
    return ((size_t)rows + 63) / 64;
}

/* The rows for which every word is found, as a bit set in the arena of directory_bit_words() words. */
uint64_t *directory_base_search(const struct directory_base *base, struct arena *arena,
                                struct text_list words);
