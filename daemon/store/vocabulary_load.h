#pragma once

#include "store/vocabulary.h"

enum { SEED_CHECKSUM_BYTES = 32 };

/* store_vocabulary_load, for a file that the program brings along: nothing is done where that file is loaded already, or
 * where somebody loaded a vocabulary of that name; the database remembers the checksum. NULL: somebody loads it. */
void vocabulary_load(struct store *store, struct arena *arena, const struct store_vocabulary *vocabulary,
                     const unsigned char *seed_checksum, store_vocabulary_done_fn done, void *context);
