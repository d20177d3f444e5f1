#pragma once

#include "base/status.h"

struct arena;

/* Gives the database's history a new epoch: after an older state was put back in a way that nobody can see from inside, such as
 * a copy of its files. Daemons that run load anew, followers export again. Blocks; for --new-epoch.
 * UNAVAILABLE: no connection. INTERNAL: refused, the message says why. The new one: the arena's. */
struct status store_new_epoch(struct arena *arena, const char *conninfo, const char **ret_epoch);
