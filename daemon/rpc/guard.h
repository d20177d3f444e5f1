#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct arena;

/* Looks through a message from outside before anything is made of it; and then makes it. */

struct guard_limits {
    size_t memory_bytes; /* what the message may take when it is decoded */
    bool enums_open;     /* takes enum numbers that the contract does not have */
};

/* One pass, in O(size), with a stack bounded by the contract. Refuses with INVALID_ARGUMENT, naming the field ("need.sectors[3]"):
 * cut or malformed bytes, a wrong wire type, a submessage or oneof given twice, text that is not UTF-8 or has a NUL, enum
 * numbers and 32-bit numbers out of range. Of those that leave the rest readable it names all. Unknown fields and groups
 * pass. RESOURCE_EXHAUSTED: more memory than the limit. Texts of the status: the arena's.
 * OK: *ret_memory_bytes is what guard_decode will take. */
struct status guard_check(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                          const void *bytes, size_t size, struct guard_limits limits,
                          size_t *ret_memory_bytes);

/* The message of bytes that guard_check let pass, all of it in the arena, nothing shared with the bytes. Unknown fields
 * are left out. */
ProtobufCMessage *guard_decode(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                               const void *bytes, size_t size);

/* Both: check, then decode. */
struct status guard_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                           const void *bytes, size_t size, struct guard_limits limits,
                           ProtobufCMessage **ret_message);

/* A type that holds itself, directly or through others, which the guard would follow without end. */
bool guard_is_recursive(const ProtobufCMessageDescriptor *descriptor);

/* Of a message type: the most fields, and levels of messages within messages, that the guard can follow. */
enum { GUARD_FIELDS = 64, GUARD_DEPTH = 16 };
