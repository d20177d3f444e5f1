#pragma once

#include <stdint.h>

#include "base/status.h"
#include "match/index.h"
#include "partner/v1/match.pb-c.h"

struct arena;

/* The reverse question: which stored needs an offer could serve. Pure; any thread; all memory from the arena. */

struct senders_question {
    const pb_offer *offer; /* validated and normalised; inline, or a stored one */
    const char *offer_id;  /* of a stored one: page tokens are bound to it; else NULL or "" */
    Partner__V1__NetworkPreference network;
    const Partner__V1__Weights *weights; /* NULL or all zero: the default; checked */
    Partner__V1__MatchView view;
    uint32_t page_size;     /* 1 to 1,000 */
    const char *page_token; /* "" for the first page */
    int32_t today;          /* day number */
};

/* INVALID_ARGUMENT (field page_token): not a token of this question. NOT_FOUND (field offer.organisation_id or offer_id): the
 * offer's organisation isn't there. */
struct status match_find_senders(const struct match_index *index, struct arena *arena,
                                 const struct senders_question *question,
                                 Partner__V1__FindSendersResponse *ret_response);

/* About how long that will take, in microseconds: a cheap guess. */
int64_t match_find_senders_cost_us(const struct match_index *index, const struct senders_question *question);
