#include "replica/snapshot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/owners.h"
#include "match/index.h"
#include "model/timestamp.h"
#include "replica/directory.h"
#include "vocab/vocabulary.h"

struct snapshot *snapshot_acquire(const struct snapshot *snapshot)
{
    struct snapshot *shared = (struct snapshot *)snapshot;
    owners_add(&shared->references);
    return shared;
}

void snapshot_release(const struct snapshot *snapshot)
{
    struct snapshot *shared = (struct snapshot *)snapshot;
    if (!shared || !owners_drop(&shared->references))
        return;
    match_index_release(shared->index);
    directory_release(shared->directory);
    vocabulary_release(shared->vocabulary);
    record_set_fini(&shared->records);
    for (size_t i = 0; i < shared->registry_count; i++) {
        free(shared->registries[i].id);
        free(shared->registries[i].title);
    }
    free(shared->registries);
    free(shared->epoch);
    struct generation *generation = shared->generation;
    free(shared);
    atomic_store_explicit(&generation->gone, true, memory_order_release);
}

struct record snapshot_unpack(struct arena *arena, const struct stored_record *entry)
{
    struct record record = {.kind = RECORD_NONE};
    if (!record_unpack(arena, entry->kind, stored_record_packed(entry), entry->packed_bytes, &record))
        abort(); /* it packed these bytes itself */
    Google__Protobuf__Timestamp **time = NULL;
    uint64_t *revision = NULL;
    switch (entry->kind) {
    case RECORD_ORGANISATION: {
        pb_organisation *organisation = (pb_organisation *)record.organisation;
        time = &organisation->update_time;
        revision = &organisation->revision;
        break;
    }
    case RECORD_OFFER: {
        pb_offer *offer = (pb_offer *)record.offer;
        time = &offer->update_time;
        revision = &offer->revision;
        break;
    }
    case RECORD_NEED: {
        pb_need *need = (pb_need *)record.need;
        time = &need->update_time;
        revision = &need->revision;
        break;
    }
    default: {
        pb_partnership *partnership = (pb_partnership *)record.partnership;
        time = &partnership->update_time;
        revision = &partnership->revision;
        break;
    }
    }
    *revision = entry->revision;
    *time = timestamp_make(arena, entry->update_time_us);
    return record;
}

bool snapshot_record(const struct snapshot *snapshot, struct arena *arena, enum record_kind kind,
                     const char *id, struct record *ret_record)
{
    const struct stored_record *entry = record_set_find(&snapshot->records, id);
    if (!entry || (kind != RECORD_NONE && entry->kind != kind))
        return false;
    *ret_record = snapshot_unpack(arena, entry);
    return true;
}

struct snapshot_ref {
    pthread_mutex_t lock;
    struct snapshot *newest;
};

struct snapshot_ref *snapshot_ref_new(void)
{
    struct snapshot_ref *ref = heap_zalloc(sizeof *ref);
    pthread_mutex_init(&ref->lock, NULL);
    return ref;
}

void snapshot_ref_free(struct snapshot_ref *ref)
{
    if (!ref)
        return;
    snapshot_release(ref->newest);
    pthread_mutex_destroy(&ref->lock);
    free(ref);
}

struct snapshot *snapshot_ref_acquire(struct snapshot_ref *ref)
{
    pthread_mutex_lock(&ref->lock);
    struct snapshot *newest = ref->newest ? snapshot_acquire(ref->newest) : NULL;
    pthread_mutex_unlock(&ref->lock);
    return newest;
}

void snapshot_ref_set(struct snapshot_ref *ref, struct snapshot *snapshot)
{
    pthread_mutex_lock(&ref->lock);
    struct snapshot *former = ref->newest;
    ref->newest = snapshot;
    pthread_mutex_unlock(&ref->lock);
    snapshot_release(former);
}
