#pragma once

#include "base/status.h"

struct arena;
struct store_settings;

/* Makes an admin's token directly in the database, whose schema stands: the first one, or one more where all are lost. Blocks.
 * The secret is in the arena. INVALID_ARGUMENT, field `title`; UNAVAILABLE. */
struct status token_first_create(struct arena *arena, const struct store_settings *settings,
                                 const char *title, char **ret_secret);
