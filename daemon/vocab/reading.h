#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vocab/word_index.h"

/* What a word that somebody typed may stand for, among the words of an index. */

struct reading {
    uint32_t word;
    float same;     /* above 0 to 1: how much of the word's weight it brings */
    bool inflected; /* in languages other than English the same word, in another number or case */
};

struct reading_list {
    const struct reading *items;
    size_t count;
};

struct reading_options {
    bool prefixes; /* the word may be unfinished */
    bool slips;    /* or mistyped, where it is no known word */
};

/* The likeliest first, equal ones in order of words; each word once. The word is folded and singular. */
struct reading_list reading_find(const struct word_index *index, struct arena *arena, const char *word,
                                 struct reading_options options);
