#pragma once

#include <stddef.h>

#include "base/status.h"
#include "vocab/vocabulary.h"

struct arena;
struct store_concept;

/* What a concept names as narrower is the same link from the other end: puts it behind what that one names as broader, where it is not
 * there yet. `narrower` has a list a concept. Pure, any thread; memory from the arena; n log n in concepts and links.
 * INVALID_ARGUMENT, field `concept.narrower`: names what is not among these concepts (the link would be kept with it, and belong to
 * whoever loads it), the concept itself, or one that stands as broader. Nothing is changed then. */
struct status concept_links_turn(struct arena *arena, struct store_concept *concepts,
                                 const struct text_list *narrower, size_t count);
