#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct arena;
struct text_buffer;

/* A value in a message by its path, as "network.distance" or "outcomes.wanted.text"; names in snake_case or camelCase.
 * A path through a repeated field means that part of each element. Pure. */

struct field_path;

/* INVALID_ARGUMENT names the field that is not there, with the nearest or all that are. */
struct status field_path_parse(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                               const char *text, const struct field_path **ret_path);

/* Appends the value for a person or a CSV cell: several joined by "; ", enums by name, nothing where a message on the way is not
 * set, messages as JSON. */
void field_path_text(struct text_buffer *out, const struct field_path *path, const ProtobufCMessage *message);
/* Appends it as JSON: one value, or an array where the path goes through a repeated field; null where it is not there. */
void field_path_json(struct text_buffer *out, const struct field_path *path, const ProtobufCMessage *message);
