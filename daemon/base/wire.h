#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The protobuf wire, read from the front. Every function checks the end: false, and the wire is spoilt. */
struct wire {
    const unsigned char *at, *end;
};

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_64BIT = 1,
    WIRE_BYTES = 2,
    WIRE_GROUP = 3,
    WIRE_GROUP_END = 4,
    WIRE_32BIT = 5
};

static inline struct wire wire_of(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    return (struct wire){at, size ? at + size : at};
}

static inline size_t wire_left(const struct wire *wire)
{
    return (size_t)(wire->end - wire->at);
}

/* At most ten bytes, none of which says more than 64 bits. */
static inline bool wire_varint(struct wire *wire, uint64_t *ret_value)
{
    if (wire->at < wire->end && *wire->at < 0x80) { /* most are short */
        *ret_value = *wire->at++;
        return true;
    }
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
        unsigned char byte = *wire->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return shift < 63 || byte <= 1;
        }
    }
    return false;
}

/* A field's number, 1 to 2^29 - 1, and its wire type. */
static inline bool wire_tag(struct wire *wire, uint32_t *ret_number, enum wire_type *ret_type)
{
    uint64_t tag;
    if (!wire_varint(wire, &tag) || tag > UINT32_MAX || tag < 8 || (tag & 7) > WIRE_32BIT)
        return false;
    *ret_number = (uint32_t)(tag >> 3);
    *ret_type = (enum wire_type)(tag & 7);
    return true;
}

/* What a length in front of it announces; no longer than what is left. */
static inline bool wire_bytes(struct wire *wire, struct wire *ret_bytes)
{
    uint64_t size;
    if (!wire_varint(wire, &size) || size > wire_left(wire))
        return false;
    *ret_bytes = (struct wire){wire->at, wire->at + size};
    wire->at += size;
    return true;
}

static inline bool wire_fixed(struct wire *wire, void *to, size_t size)
{
    if (size > wire_left(wire))
        return false;
    memcpy(to, wire->at, size); /* little endian, as this machine */
    wire->at += size;
    return true;
}

/* Skips a group with all in it. */
bool wire_skip_group(struct wire *wire, uint32_t number);

/* Skips a value whose tag has been read. */
static inline bool wire_skip(struct wire *wire, uint32_t number, enum wire_type type)
{
    uint64_t ignored;
    struct wire bytes;
    switch (type) {
    case WIRE_VARINT:
        return wire_varint(wire, &ignored);
    case WIRE_64BIT:
        return wire_fixed(wire, &ignored, 8);
    case WIRE_32BIT:
        return wire_fixed(wire, &ignored, 4);
    case WIRE_BYTES:
        return wire_bytes(wire, &bytes);
    case WIRE_GROUP:
        return wire_skip_group(wire, number);
    default:
        return false;
    }
}
