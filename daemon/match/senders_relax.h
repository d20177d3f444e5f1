#pragma once

#include "match/senders_judge.h"

/* How many bodies would be eligible without a filter. */

/* Fills the response's relaxations, beside its `eligible`. The rows are of each part; the bodies' numbers that are eligible. */
void senders_relax(struct senders_query *query, const struct need_rows *rows, const uint64_t *eligible,
                   Partner__V1__FindSendersResponse *response);
