#pragma once

#include "match/senders.h"
#include "match/support_oracle.h"

/* Which stored needs an offer could serve, by the plain loop. */

struct oracle_sender {
    const pb_organisation *organisation;
    const pb_need *need;
    struct oracle_match match; /* of its need with the offer */
};

struct oracle_senders {
    bool found;                    /* the offer's organisation is there */
    struct oracle_sender *senders; /* all that are eligible, in order */
    size_t eligible;
    const char *relaxation_names[ORACLE_RELAXATIONS];
    size_t relaxation_counts[ORACLE_RELAXATIONS], relaxation_count;
};

/* Relaxations are always found. */
struct oracle_senders oracle_find_senders(struct arena *arena, const struct oracle_world *world,
                                          const struct senders_question *question);
