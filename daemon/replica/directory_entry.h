#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replica/directory.h"
#include "vocab/vocabulary.h"

struct arena;
struct image_writer;

/* One organisation as the directory keeps it: its words folded, ready to be compared. Immutable, counted, any
 * thread. A list of texts is one text after the other, each ended by NUL, with an empty one at the end. */
struct directory_entry {
    _Atomic unsigned owners;
    uint32_t roles; /* a bit each, by the role's number */
    const char *id, *country;
    const char *name;        /* folded: words apart by one blank */
    const char *other_names; /* list, folded */
    const char *city;        /* folded */
    const char *identifiers; /* list: folded, without blanks; the id too, and what follows its '/' */
    const char *sectors;     /* list */
    uint32_t bytes;          /* of the data */
    char data[];
};

struct directory_entry *directory_entry_new(const pb_organisation *organisation);
struct directory_entry *directory_entry_acquire(struct directory_entry *entry);
void directory_entry_release(struct directory_entry *entry);

/* Copies it into the image; tells where. */
const struct directory_entry *directory_entry_put(const struct directory_entry *entry,
                                                  struct image_writer *image);

/* The next text of a list, NULL at its end. */
static inline const char *directory_list_next(const char **list)
{
    const char *text = *list;
    if (!*text)
        return NULL;
    while (*(*list)++)
        ;
    return text;
}

/* What most filters look at, apart from the entry, so that a row that doesn't pass costs no look at its entry. */
struct directory_traits {
    uint32_t roles;
    uint32_t country; /* its two letters; 0: not stated */
};
struct directory_traits directory_entry_traits(const struct directory_entry *entry);

/* A query's filters, ready to be asked of many; borrows the query. */
struct directory_filter {
    const struct directory_query *query;
    uint32_t roles;            /* 0: any */
    const uint32_t *countries; /* as in the traits */
    size_t registry_bytes;
};
struct directory_filter directory_filter_make(struct arena *arena, const struct directory_query *query);

/* Every filter that the query states holds: of the traits, of all. */
bool directory_traits_pass(const struct directory_traits *traits, const struct directory_filter *filter);
bool directory_entry_passes(const struct directory_entry *entry, const struct directory_filter *filter);
/* The entry is of the registry that the query states. */
bool directory_entry_is_of(const struct directory_entry *entry, const struct directory_filter *filter);

/* How well the words fit, 1 to 1000000; 0 where one is not found. The words are folded, one at least. */
uint32_t directory_entry_fit(const struct directory_entry *entry, struct text_list words);

/* How many of the words from `first` on make up the identifier when they are put together; 0: they don't. */
size_t directory_words_spell(struct text_list words, size_t first, const char *identifier);
