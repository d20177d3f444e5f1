#include "model/stored_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/owners.h"

struct stored_record *stored_record_new(const struct record *record, const void *packed, size_t packed_bytes,
                                        uint64_t revision, int64_t update_time_us)
{
    const char *scratch[1], *const *references;
    size_t reference_count = record_references(record, &references, scratch);
    size_t id_bytes = strlen(record_id(record)), reference_bytes = 0;
    for (size_t i = 0; i < reference_count; i++)
        reference_bytes += strlen(references[i]) + 1;
    struct stored_record *stored = heap_alloc(sizeof *stored + id_bytes + 1 + reference_bytes + packed_bytes);
    *stored = (struct stored_record){
        .kind = record->kind,
        .revision = revision,
        .update_time_us = update_time_us,
        .id_bytes = (uint32_t)id_bytes,
        .reference_bytes = (uint32_t)reference_bytes,
        .reference_count = (uint32_t)reference_count,
        .packed_bytes = (uint32_t)packed_bytes,
    };
    atomic_init(&stored->owners, 1);
    memcpy(stored->data, record_id(record), id_bytes + 1);
    char *at = stored->data + id_bytes + 1;
    for (size_t i = 0; i < reference_count; i++)
        at = stpcpy(at, references[i]) + 1;
    if (packed_bytes)
        memcpy(at, packed, packed_bytes);
    return stored;
}

const struct stored_record *stored_record_acquire(const struct stored_record *stored)
{
    owners_add(&stored->owners);
    return stored;
}

void stored_record_release(const struct stored_record *stored)
{
    if (stored && owners_drop(&stored->owners))
        free((void *)(uintptr_t)stored);
}

const struct stored_record *stored_record_put(const struct stored_record *stored, struct image_writer *image)
{
    size_t bytes = stored_record_bytes(stored);
    void *copy = heap_alloc(bytes);
    owners_copy(copy, stored, bytes);
    const struct stored_record *put = image_put_as(image, stored, copy, bytes);
    free(copy);
    return put;
}
