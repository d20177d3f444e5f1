#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* All concepts of all schemes, with their links and labels: immutable, counted, read from any thread. */
struct vocabulary;

/* Numbers as in partner.v1.Scheme. */
enum scheme {
    SCHEME_NONE = 0,
    SCHEME_SECTOR = 1,
    SCHEME_OUTCOME = 2,
    SCHEME_OCCUPATION = 3,
    SCHEME_COUNTRY = 4,
    SCHEME_REGION = 5,
    SCHEME_INDUSTRY = 6,
    SCHEME_LANGUAGE = 7,
    SCHEME_COUNT
};

enum reuse {
    REUSE_NONE,
    REUSE_TRANSVERSAL,
    REUSE_CROSS_SECTOR,
    REUSE_SECTOR_SPECIFIC,
    REUSE_OCCUPATION_SPECIFIC
};

/* A concept's number in one vocabulary, 0 to vocabulary_concept_count() - 1. */
#define CONCEPT_NONE UINT32_MAX

/* A list of text, borrowed. */
struct text_list {
    const char *const *items;
    size_t count;
};

/* The words for a concept in one language. */
struct concept_words {
    const char *language; /* BCP 47, lower case: "en" */
    const char *label;
    struct text_list other_labels;
    const char *description;
};

/* A concept as it is loaded; all borrowed for the length of the call. */
struct concept_source {
    enum scheme scheme;
    const char *code;
    const char *vocabulary;                     /* "ESCO 1.1.1" */
    const char *reuse;                          /* "transversal", ... or "" */
    struct text_list broader, related, sectors; /* codes, also of what is not there */
    const struct concept_words *words;
    size_t words_count; /* any number of languages; one at least */
};

struct vocabulary_builder;
struct vocabulary_builder *vocabulary_builder_new(void);
/* A code twice in one scheme: the first stays. */
void vocabulary_builder_add(struct vocabulary_builder *builder, const struct concept_source *concept);
/* Frees the builder; the result has one owner. */
struct vocabulary *vocabulary_builder_finish(struct vocabulary_builder *builder);

struct vocabulary *vocabulary_acquire(const struct vocabulary *vocabulary);
void vocabulary_release(const struct vocabulary *vocabulary);

/* ---- concepts and links ---- */
size_t vocabulary_concept_count(const struct vocabulary *vocabulary);
size_t vocabulary_scheme_count(const struct vocabulary *vocabulary, enum scheme scheme);
uint32_t vocabulary_find(const struct vocabulary *vocabulary, enum scheme scheme, const char *code);

/* A view of one concept; strings live as long as the vocabulary. Lists of links hold the codes as loaded (narrower:
 * the codes of the scheme's concepts that name it as broader; related: both directions). */
struct concept_view {
    enum scheme scheme;
    enum reuse reuse;
    const char *code, *vocabulary, *reuse_name;
    struct text_list broader, narrower, related, sectors;
};
void vocabulary_concept(const struct vocabulary *vocabulary, uint32_t concept, struct concept_view *ret_view);
/* In that language, else (and where the language is "" or NULL) English, else the first there is. A language with a
 * region falls back to the plain one. */
const struct concept_words *vocabulary_words(const struct vocabulary *vocabulary, uint32_t concept,
                                             const char *language);

/* Links to concepts that are there, of the same scheme, sorted, distinct. Narrower is the inverse of broader;
 * related counts in both directions. */
struct concept_list {
    const uint32_t *items;
    size_t count;
};
struct concept_list vocabulary_broader(const struct vocabulary *vocabulary, uint32_t concept);
struct concept_list vocabulary_narrower(const struct vocabulary *vocabulary, uint32_t concept);
struct concept_list vocabulary_related(const struct vocabulary *vocabulary, uint32_t concept);
enum reuse vocabulary_reuse(const struct vocabulary *vocabulary, uint32_t concept);
const char *vocabulary_code(const struct vocabulary *vocabulary, uint32_t concept);

/* Names with version of all vocabularies loaded, sorted: "ESCO 1.1.1", "ISCED-F 2013". */
struct text_list vocabulary_names(const struct vocabulary *vocabulary);
