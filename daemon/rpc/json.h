#pragma once

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct arena;
struct text_buffer;

/* Messages as proto JSON, led by their descriptors. */

/* Appends a message: names in camelCase, enums by name, 64-bit numbers as strings, bytes in base64, Timestamp as RFC 3339,
 * Duration as "1.5s", double NaN and infinities as strings; what has its default is left out. indent 0: one line,
 * else so many blanks a level. No newline at the end. */
void json_from_message(struct text_buffer *out, const ProtobufCMessage *message, unsigned indent);

/* The name of a field as JSON has it: "pageToken". */
const char *json_field_name(struct arena *arena, const ProtobufCFieldDescriptor *field);

/* Reads an object into a message; all its memory is the arena's. Takes camelCase and snake_case names, enums by name or
 * number, 64-bit numbers as strings or numbers, null for a field that is not there. INVALID_ARGUMENT names the path
 * ("need.sectors[3]"): a field that the type does not have or that comes twice, a wrong kind of value, a number out of range,
 * two members of one oneof; text that is not JSON has no field and the line in its message. */
struct status json_to_message(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                              const char *text, size_t size, ProtobufCMessage **ret_message);
