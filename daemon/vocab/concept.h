#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "vocab/vocabulary.h"

/* A concept as the vocabulary keeps it. For this room alone: others read it through vocabulary.h. */
struct concept {
    enum scheme scheme;
    enum reuse reuse;
    uint32_t order; /* of loading */
    uint32_t code_bytes;
    const char *code, *vocabulary, *reuse_name;
    struct text_list broader, narrower, related, sectors; /* what a view shows */
    struct concept_list broader_there, narrower_there, related_there;
    const struct concept_words *words;
    size_t words_count;
};

/* Fills the lists of links: from the codes as loaded to the concepts that are there, with narrower as the inverse of
 * broader and related in both directions. Codes are interned: equal ones are one pointer. */
void concept_resolve_links(struct arena *arena, struct concept *concepts, size_t count,
                           const struct text_map by_code[SCHEME_COUNT]);

/* What vocabulary.c has for the rest of this room. */
struct word_index;
const struct word_index *vocabulary_word_index(const struct vocabulary *vocabulary, enum scheme scheme);
const struct concept *vocabulary_concepts(const struct vocabulary *vocabulary);
