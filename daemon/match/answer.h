#pragma once

#include "match/rank.h"
#include "partner/v1/match.pb-c.h"

struct packer;

/* Matches as messages: what is said of one slot. All in the query's arena. */

/* Has it brought near what a page's matches are made of. It lies scattered in memory, one thing pointing to the next, so that all
 * matches take a step before any takes the next one. */
void answer_fetch(const struct match_index *index, const struct ranked *page, size_t count);
/* In full, or the bare facts in BASIC. */
Partner__V1__Match *answer_match(const struct scoring *scoring, const struct ranked *ranked,
                                 Partner__V1__MatchView view);
/* Puts the match in BASIC as its response has it. */
void answer_pack(struct packer *packer, const struct match_query *query, const struct ranked *ranked);
/* More than tag and length of a match take in its response. */
enum { ANSWER_OVERHEAD_BYTES = 8 };
/* What such a match takes in its response, at least as much as it does; in BASIC, without counting, what the longest takes. */
size_t answer_bytes_most(const Partner__V1__Match *match, Partner__V1__MatchView view);
/* The scorecard for values by the criterion table's rows; `unread`: some wishes could not be read. */
Partner__V1__Scorecard *answer_scorecard(struct arena *arena, const struct weighing *weighing,
                                         const double *values, bool unread);
/* Adds a row for role, validity and each stated filter. */
void answer_add_filters(const struct match_query *query, uint32_t slot, Partner__V1__Match *match);
