#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct arena;

/* A CSV column as a field of a message: its path, as "duration.min_days" or "languages.level", in snake_case or camelCase. A path goes
 * through one list at most; its items stand in a cell joined by "|". Pure; memory from the arena. */
struct import_column;

/* INVALID_ARGUMENT: there is no such field, it has parts, or it goes through two lists. The text is borrowed. */
struct status import_column_parse(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                  const char *path, const struct import_column **ret_column);
/* Puts a cell's value into the message, making the parts on the way; an empty cell says nothing. The k-th item of a list of parts
 * goes into the k-th part, where an empty one says nothing. INVALID_ARGUMENT: it isn't such a value. */
struct status import_column_set(struct arena *arena, const struct import_column *column,
                                ProtobufCMessage *message, const char *cell);
