#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "match/index.h"
#include "partner/v1/match.pb-c.h"

struct arena;
struct packer;

/* Questions to an index. Pure: the same index, question and day give the same answer. Any thread; all memory, also the
 * answer's, from the arena. */

/* A need as asked. */
struct match_question {
    const pb_need *need; /* validated and normalised; inline, or a stored one found by match_index_need */
    const char
        *need_id; /* of a stored one: page tokens are bound to it, not to what it says; else NULL or "" */
    const char *sender_id; /* a well-formed id (of a record or not), or "": the need's organisation */
    Partner__V1__NetworkPreference network;
    const Partner__V1__Weights *weights; /* NULL or all zero: the default; checked */
    Partner__V1__MatchView view;
    uint32_t page_size;     /* 1 to 1,000 */
    const char *page_token; /* "" for the first page */
    int32_t today;          /* day number */
    bool facets;            /* whether eligible bodies are counted by country and by broad sector */
};

/* A stored need, in the arena; NULL where there is none. */
const pb_need *match_index_need(const struct match_index *index, struct arena *arena, const char *id);

/* INVALID_ARGUMENT (field page_token): not a token of this question. */
struct status match_find_hosts(const struct match_index *index, struct arena *arena,
                               const struct match_question *question,
                               Partner__V1__FindHostsResponse *ret_response);

/* The same answer as a packed message, with the revision. Matches in BASIC, of which most answers are made, go straight from the
 * packed records into the packer. */
struct status match_find_hosts_packed(const struct match_index *index, struct arena *arena,
                                      const struct match_question *question, uint64_t revision,
                                      struct packer *packer);

/* One pair in full. Exactly one of organisation_id and offer_id is given, the other is "". NOT_FOUND (field
 * "organisation_id" or "offer_id"): no such record. Page fields are not read. */
struct status match_explain(const struct match_index *index, struct arena *arena,
                            const struct match_question *question, const char *organisation_id,
                            const char *offer_id, Partner__V1__ExplainMatchResponse *ret_response);

/* About how long a find will take on this index, in microseconds: a cheap guess from the counts of candidates. */
int64_t match_find_hosts_cost_us(const struct match_index *index, const struct match_question *question);

/* Weights as a request may give them: each a number, not below zero; adds its faults, named "weights.sector" and so on. */
void match_weights_check(const Partner__V1__Weights *weights, struct faults *faults);
