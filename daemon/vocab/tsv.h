#pragma once

#include <stddef.h>

#include "base/status.h"
#include "vocab/vocabulary.h"

/* Vocabularies as the project ships them: UTF-8, a header line, then a concept a line, columns apart by tabs:
 * code label other_labels description broader related reuse sectors; lists apart by |, lines end in \n.
 * The header's names say which column is which; code and label must be there. */

struct arena;

/* What the file does not say itself. */
struct tsv_options {
    enum scheme scheme;
    const char *vocabulary; /* "ISCED-F 2013" */
    const char *language;   /* of the words: "en" */
};

/* The concept is borrowed for the length of the call. */
typedef void (*tsv_concept_fn)(void *context, const struct concept_source *concept);

/* Calls `take` for each concept, in order. INVALID_ARGUMENT: not such a file; the message names the line, and
 * concepts before it were given. */
struct status tsv_read(struct arena *arena, const char *bytes, size_t size, const struct tsv_options *options,
                       tsv_concept_fn take, void *context);
