#pragma once

#include <stdint.h>

#include "google/protobuf/timestamp.pb-c.h"

struct arena;

/* Microseconds since 1970-01-01 UTC, not before, as the contract's time; in the arena. */
Google__Protobuf__Timestamp *timestamp_make(struct arena *arena, int64_t time_us);
