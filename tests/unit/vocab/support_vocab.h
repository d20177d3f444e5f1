#pragma once

#include "vocab/vocabulary.h"

/* A concept in few words: lists apart by '|', "" for none; English. */
struct small_concept {
    enum scheme scheme;
    const char *code, *label, *other_labels, *description, *broader, *related, *reuse;
};

void support_add(struct vocabulary_builder *builder, const struct small_concept *concept);
struct vocabulary *support_vocabulary(const struct small_concept *concepts, size_t count);
/* From the file of that name in the project's sql/vocabulary; NULL where it isn't there. */
struct vocabulary *support_shipped(const char *name, enum scheme scheme);
