#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replica/directory.h"
#include "vocab/vocabulary.h"

/* One organisation as the directory keeps it: its words folded, ready to be compared. Immutable, counted, any thread.
 * A list of texts is one text after the other, each ended by NUL, with an empty one at the end. */
struct directory_entry {
    _Atomic unsigned owners;
    uint32_t roles; /* a bit each, by the role's number */
    const char *id, *country;
    const char *name;        /* folded: words apart by one blank */
    const char *other_names; /* list, folded */
    const char *city;        /* folded */
    const char *identifiers; /* list: folded, without blanks; the id too, and what follows its '/' */
    const char *sectors;     /* list */
    char data[];
};

struct directory_entry *directory_entry_new(const pb_organisation *organisation);
struct directory_entry *directory_entry_acquire(struct directory_entry *entry);
void directory_entry_release(struct directory_entry *entry);

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

/* Every filter that the query states holds. */
bool directory_entry_passes(const struct directory_entry *entry, const struct directory_query *query);

/* How well the words fit, 1 to 1000000; 0 where one is not found. The words are folded, one at least. */
uint32_t directory_entry_fit(const struct directory_entry *entry, struct text_list words);

/* How many of the words from `first` on make up the identifier when they are put together; 0: they don't. */
size_t directory_words_spell(struct text_list words, size_t first, const char *identifier);
