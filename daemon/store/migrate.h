#pragma once

#include <stdint.h>

#include "base/status.h"

struct arena;

/* Brings the database's schema to this program's, and loads the vocabularies that every database starts with, where they are
 * not loaded yet in this very form and no admin has loaded one of that name. Blocks; at start and for --migrate; several
 * programs may do it at once. Messages in the arena.
 * UNAVAILABLE: no connection. FAILED_PRECONDITION: the database is newer than the program, or an applied migration was
 * another text. */
struct status store_migrate(struct arena *arena, const char *conninfo);

/* Only looks: the same refusals, and how many migrations are missing. Blocks. */
struct status store_check(struct arena *arena, const char *conninfo, uint64_t *ret_missing);
