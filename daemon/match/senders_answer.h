#pragma once

#include "match/senders_judge.h"

/* Matches of an offer as messages, in the query's arena. */

/* Of a part's row; in full, or the bare facts in BASIC. */
Partner__V1__SenderMatch *senders_answer_match(struct senders_query *query, int part, uint32_t row,
                                               int64_t billionths);

/* One sentence about a criterion that applies, told of the need and its sender. */
struct sender_reason {
    struct senders_query *query;
    const struct need_facts *facts;
    const struct sender *sender;
    const pb_need *need;
    const struct sender_values *values;
    const char *const *via; /* the common partners' ids */
    size_t via_count;
};
const char *senders_reason(const struct sender_reason *about, size_t criterion);
