#pragma once

#include <stdint.h>

struct vocabulary;

/* The same for vocabularies that are alike in all that matching sees of them: each concept's number, code, links and reuse, and the
 * words by which outcomes are found. NULL has its own. Takes some ten milliseconds on 14,000 concepts. */
uint64_t vocabulary_fingerprint(const struct vocabulary *vocabulary);
