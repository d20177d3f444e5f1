#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "partner/v1/types.pb-c.h"

struct arena;
struct vocabulary;

/* Outcomes as numbers: a concept of the vocabulary has its number there, one outside it the next free number above. */

/* Below this a reading of words is not relied on. */
#define CONCEPTS_LEAST_CONFIDENCE 0.5

/* The builder's side: gives numbers to new concepts and remembers how words were read. One thread. */
struct concepts;
struct concepts *concepts_new(const struct vocabulary *vocabulary); /* may be NULL */
void concepts_free(struct concepts *concepts);
/* CONCEPT_NONE: words that could not be read. */
uint32_t concepts_read(struct concepts *concepts, const Partner__V1__Outcome *outcome);
/* Names concepts outside the vocabulary in the order of their numbers, before any other; the codes are borrowed for good. */
void concepts_add_outside(struct concepts *concepts, const char *const *codes, uint32_t count);
/* Numbers are below this. */
uint32_t concepts_limit(const struct concepts *concepts);

/* An index's side: names of the concepts outside the vocabulary, shared with the builder that goes on adding. */
struct concept_names {
    struct concept_store *store;
    struct text_map map;
    uint32_t limit;
};
void concept_names_init(struct concept_names *names, const struct concepts *concepts);
void concept_names_fini(struct concept_names *names);
/* CONCEPT_NONE: no offer has ever named it. */
uint32_t concept_names_find(const struct concept_names *names, const struct vocabulary *vocabulary,
                            const char *code);
