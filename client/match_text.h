#pragma once

#include <stdbool.h>

#include "partner/v1/match.pb-c.h"

struct arena;

/* Parts of a match as a person reads them. Pure; results in the arena. */

const char *match_place(struct arena *arena, const Partner__V1__Match *match);
/* "14-21", "14", "" where nothing is stated. */
const char *match_days(struct arena *arena, const Partner__V1__Match *match);
/* The scorecard: a letter with a bar each, or with 0 to 10 where there is no UTF-8. */
const char *match_letters(struct arena *arena, const Partner__V1__Scorecard *scorecard, bool utf8);
/* Title, what is covered and what is missing, and the network. */
const char *match_note(struct arena *arena, const Partner__V1__Match *match);
/* What giving up one wish would bring, a line each, the most first; "" where there is nothing to say. */
const char *match_advice(struct arena *arena, const Partner__V1__FindHostsResponse *answer);
/* A filter's name as a person says it. */
const char *match_filter_name(const char *filter);
