#pragma once

#include "base/status.h"
#include "partner/v1/registry.pb-c.h"

struct arena;

/* How far a follower has come, as a file: the WatchRequest that goes on from there, as one line of JSON. */

/* NOT_FOUND: there is no such file. INVALID_ARGUMENT: it can't be read, or is no place. The message is the arena's. */
struct status place_read(struct arena *arena, const char *path, Partner__V1__WatchRequest **ret_place);
/* Replaces the file; on the disk when it returns. */
struct status place_write(struct arena *arena, const char *path, const Partner__V1__WatchRequest *place);
