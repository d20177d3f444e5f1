#pragma once

#include <stddef.h>

#include "base/status.h"
#include "vocab/vocabulary.h"

struct arena;
struct store_concept;

/* What a concept names as narrower is the same link from the other end: puts it behind what that one names as broader, by code, where it
 * is not there yet. What is not among these concepts is passed over: its links are kept with it, and belong to whoever loads it.
 * `narrower` has a list a concept. Pure, any thread; memory from the arena; n log n in concepts and links.
 * INVALID_ARGUMENT, field `concept.narrower`: a link that no `broader` has leads to the concept itself, or to one that stands as
 * broader. Nothing is changed then. So a vocabulary that is read back can be loaded as it is, whatever its `broader` say. */
struct status concept_links_turn(struct arena *arena, struct store_concept *concepts,
                                 const struct text_list *narrower, size_t count);
