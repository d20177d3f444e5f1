#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

struct image_writer;

/* A stored record in memory: packed as in the change log, once for all who read it. Immutable, counted, any thread. One block
 * without a pointer in it, so that an image (base/image.h) may hold it; there it is never freed. */
struct stored_record {
    atomic_uint owners;
    enum record_kind kind;
    uint64_t revision;
    int64_t update_time_us; /* since 1970-01-01 UTC */
    uint32_t id_bytes, reference_bytes, reference_count, packed_bytes;
    char data[]; /* id and NUL; the organisations that it names, each ended by NUL; packed bytes */
};

/* One owner. Copies all that it needs of the record. */
struct stored_record *stored_record_new(const struct record *record, const void *packed, size_t packed_bytes,
                                        uint64_t revision, int64_t update_time_us);
const struct stored_record *stored_record_acquire(const struct stored_record *stored);
void stored_record_release(const struct stored_record *stored); /* NULL is fine */

/* Copies it into the image, to be found there by its address here; tells where. */
const struct stored_record *stored_record_put(const struct stored_record *stored, struct image_writer *image);

/* Bytes of the whole block. */
static inline size_t stored_record_bytes(const struct stored_record *stored)
{
    return offsetof(struct stored_record, data) + stored->id_bytes + 1 + stored->reference_bytes +
           stored->packed_bytes;
}
static inline const char *stored_record_id(const struct stored_record *stored)
{
    return stored->data;
}
/* The first of the organisations that it names; each begins behind the NUL of the one before. */
static inline const char *stored_record_references(const struct stored_record *stored)
{
    return stored->data + stored->id_bytes + 1;
}
static inline const void *stored_record_packed(const struct stored_record *stored)
{
    return stored_record_references(stored) + stored->reference_bytes;
}
