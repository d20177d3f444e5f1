#pragma once

#include "vocab/word_index.h"

/* Words that one person writes in one and another in two: web site, childcare. */

/* The text, folded, with neighbours joined that together are a word of the index, and unknown words cut where both parts
 * are words of it. NULL where nothing is to be joined or cut. Memory from the arena. */
const char *compound_rewrite(const struct word_index *index, struct arena *arena, const char *text);
