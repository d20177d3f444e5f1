#pragma once

#include <stddef.h>

#include "base/status.h"

struct arena;
struct text_buffer;

/* Reads a whole file, "-" being standard input. INVALID_ARGUMENT: it can't be read, is longer than `most`, or is not UTF-8. The buffer
 * is the caller's. */
struct status file_read_all(struct arena *arena, const char *path, size_t most, struct text_buffer *text);
