#pragma once

#include <stdint.h>

#include "partner/v1/admin.pb-c.h"

struct arena;
struct client;

/* `partner status --registries`: each registry, and how far those that are followed are behind. The lag comes from the status. */
int status_registries(struct client *client, const Partner__V1__GetStatusResponse *status);

/* "none", "12 revisions, 3 s". */
const char *status_lag_text(struct arena *arena, uint64_t revisions, double seconds);
