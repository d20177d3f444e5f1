#pragma once

#include <stdint.h>

#include "base/status.h"

struct arena;
struct store;

typedef void (*store_registry_done_fn)(void *context, struct status status, uint64_t revision);

/* Makes a registry; id and title are valid. ALREADY_EXISTS, field `id`; FAILED_PRECONDITION, reason
 * REGISTRY_FOLLOWED: it is there, from an upstream. The rest as in store.h. */
void store_registry_create(struct store *store, struct arena *arena, const char *id, const char *title,
                           store_registry_done_fn done, void *context);
