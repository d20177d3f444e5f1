#pragma once

#include <stdint.h>

#include "partner/v1/match.pb-c.h"

struct arena;
struct vocabulary;

/* A request's words for an outcome, looked up, and how they were read. CONCEPT_NONE: not surely enough to rely on. */
uint32_t words_read(struct arena *arena, const struct vocabulary *vocabulary, const char *text,
                    Partner__V1__Interpretation **ret_said);
