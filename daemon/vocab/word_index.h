#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "vocab/concept.h"
#include "vocab/slip.h"
#include "vocab/swap.h"

/* An inverted index over the words of one scheme's labels, other labels and descriptions. Immutable. */

enum entry_kind { ENTRY_LABEL, ENTRY_OTHER_LABEL, ENTRY_DESCRIPTION };

/* One text of a concept: its label, one of its other labels, or its description, in one language. */
struct word_entry {
    uint32_t concept;  /* from 0 in the scheme */
    float weight;      /* sum of its distinct words' weights */
    uint16_t language; /* number in the index's list */
    uint8_t kind;
};

/* A stretch of a list of numbers, borrowed. */
struct number_list {
    const uint32_t *items;
    size_t count;
};

struct word_index {
    uint32_t first_concept, concept_count;
    struct word_entry *entries; /* by concept */
    uint32_t entry_count;
    const char **words; /* folded and singular, each once, in byte order */
    float *weights;     /* ln(1 + concepts / concepts that have the word): rarer words weigh more */
    uint32_t word_count;
    uint32_t *posting_starts, *postings; /* of each word the entries that have it */
    uint32_t *root_starts, *root_words;  /* of each root the words that have it */
    struct text_map by_word, by_root;
    struct slip_index slips;
    struct swap_table swaps;
    struct text_list languages;
    double heaviest; /* the weight of a word that one concept has */
};

/* Over count concepts of one scheme, the first of which has the number first_concept; all borrowed, memory from the
 * arena. */
struct word_index *word_index_new(struct arena *arena, const struct concept *concepts, uint32_t first_concept,
                                  uint32_t count);
void word_index_fini(struct word_index *index); /* what is not in the arena; NULL is fine */

/* TEXT_MAP_NONE where no text has it. */
uint32_t word_index_find(const struct word_index *index, const char *word);
/* Entries that have the word, ascending. */
struct number_list word_index_postings(const struct word_index *index, uint32_t word);
/* Words of one root, ascending. */
struct number_list word_index_family(const struct word_index *index, const char *word);
/* Words that begin so: from *ret_first on, so many. */
uint32_t word_index_prefix(const struct word_index *index, const char *prefix, uint32_t *ret_first);

/* The distinct words of a text, folded and singular, in their order. Memory from the arena. */
struct text_list word_split(struct arena *arena, const char *text);
