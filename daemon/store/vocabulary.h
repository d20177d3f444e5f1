#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "vocab/vocabulary.h"

struct arena;
struct store;

/* A concept as loaded, in one language; lists of codes may name what is not there. */
struct store_concept {
    const char *code, *label, *description, *reuse;
    struct text_list other_labels, broader, related, sectors;
};

struct store_vocabulary {
    const char *vocabulary; /* "NAME VERSION": a blank, and a version without blanks; refused otherwise */
    enum scheme scheme;
    const char *language; /* lower case; of the words. "": "en" */
    bool labels_only;     /* the concepts stand already: only their words in this language are set */
    bool dry_run;
    const struct store_concept *concepts;
    size_t concept_count;
};

enum { VOCABULARY_REASONS_MOST = 100 };

struct store_vocabulary_result {
    uint64_t created, updated, deleted, rejected; /* concepts */
    const char *const *reasons;                   /* the first VOCABULARY_REASONS_MOST of the rejected */
    size_t reason_count;
    uint64_t revision; /* the current one where nothing changed */
};

typedef void (*store_vocabulary_done_fn)(void *context, struct status status,
                                         const struct store_vocabulary_result *result);

/* Replaces what the vocabulary's name, in any version, has in that scheme; words in other languages stay with the concepts
 * that stay. Rejected, each with a reason: a code twice, an empty code or label, a code that another vocabulary of the
 * scheme holds, with labels_only a code that this name has not. In one transaction; any count.
 * INVALID_ARGUMENT, field `vocabulary`: not of the form. The rest as in store.h. */
void store_vocabulary_load(struct store *store, struct arena *arena,
                           const struct store_vocabulary *vocabulary, store_vocabulary_done_fn done,
                           void *context);
