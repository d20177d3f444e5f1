#pragma once

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/wire.h"

struct arena;

/* Writes protobuf messages from their end to their front: a submessage's length is known when its turn comes, so nothing is
 * counted beforehand. What is put comes before what was put before. Memory: the arena's. */
struct packer {
    struct arena *arena;
    unsigned char *bytes;
    size_t at, capacity; /* bytes[at .. capacity) are written */
};

static inline struct packer packer_of(struct arena *arena)
{
    return (struct packer){.arena = arena};
}

/* Room for so many bytes more, to be filled by the caller. */
unsigned char *packer_take(struct packer *packer, size_t size);
void packer_put(struct packer *packer, const void *bytes, size_t size);
void packer_put_varint(struct packer *packer, uint64_t value);
void packer_put_tag(struct packer *packer, uint32_t number, enum wire_type type);
/* A field of text, bytes or a packed submessage. */
void packer_put_bytes(struct packer *packer, uint32_t number, const void *bytes, size_t size);
/* What was written since packer_size gave `before`, as a field: puts its length and tag. */
void packer_close(struct packer *packer, uint32_t number, size_t before);
/* All of a message, byte for byte as protobuf_c_message_pack gives it. */
void packer_put_message(struct packer *packer, const ProtobufCMessage *message);

static inline size_t packer_size(const struct packer *packer)
{
    return packer->capacity - packer->at;
}

/* The first of packer_size bytes; they stay with the arena, unless more is put. */
static inline const unsigned char *packer_bytes(const struct packer *packer)
{
    return packer->bytes + packer->at;
}
