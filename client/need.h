#pragma once

#include <stdbool.h>

#include "partner/v1/match.pb-c.h"

struct client;

/* What find and explain ask, from their flags. Faults are reported and give an exit code other than EXIT_DONE; all memory is the
 * client's arena. */
struct question {
    Partner__V1__Need *need; /* NULL: need_id is set */
    const char *need_id;
    const char *sender_id; /* "" where none is named */
    Partner__V1__NetworkPreference network;
    Partner__V1__Weights *weights; /* NULL: the server's own */
};

int need_from_flags(struct client *client, struct question *ret_question);

/* Tells on standard error where the registry doesn't know the sender: its partners and strategy then count for nothing. */
void need_tell_sender(struct client *client, const struct question *question);
/* Tells on standard error how the server read words. */
void need_tell_interpretations(Partner__V1__Interpretation *const *interpretations, size_t count);
