#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "service/upstream_parts.h"
#include "store/batch.h"
#include "store/push.h"

/* What came is written in whole revisions: several small ones in one batch, a large one by a push, which begins before all of
 * it is here. */
enum {
    BATCH_CHANGES = 5000,
    SPILL_BYTES = 2 << 20, /* of a revision that isn't whole: no longer kept in memory */
    PAUSE_BYTES = 4 << 20,
    RESUME_BYTES = 1 << 20,
    COMPACT_BYTES = 1 << 20,
    DELETE_PERCENT = 100
};

struct follow_batch {
    struct follow *follow;
    struct arena *arena;
    struct batch batch;
    struct store_batch request;
};

bool follow_is_writing(const struct follow *follow)
{
    return follow->push || follow->batch;
}

/* ---- what could not be taken ---- */

static enum upstream_fault fault_of(const char *field)
{
    if (strstr(field, "identifiers"))
        return FAULT_IDENTIFIER;
    if (strstr(field, "organisation_id") || strcmp(field, "delete_id") == 0)
        return FAULT_REFERENCE;
    size_t bytes = strlen(field);
    return bytes >= 3 && strcmp(field + bytes - 3, ".id") == 0 ? FAULT_ID : FAULT_VALUE;
}

static void log_rejected(const struct follow *follow, const char *id, const char *field, const char *reason)
{
    log_event(LOG_WARN, "upstream.rejected", "a record of an upstream can't be taken",
              LOG_TEXT("upstream", follow->upstream->settings->name), LOG_TEXT("id", id),
              LOG_TEXT("field", field), LOG_TEXT("reason", reason));
}

/* May run again: a write that is tried again is judged again. */
static const void *note_batch(void *context, struct arena *, const struct batch *batch, uint64_t,
                              size_t *ret_bytes)
{
    struct follow *follow = ((struct follow_batch *)context)->follow;
    memset(follow->rejected, 0, sizeof follow->rejected);
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_change *change = &batch->changes[i];
        if (change->verdict != BATCH_REJECTED)
            continue;
        follow->rejected[fault_of(change->reject_field)]++;
        log_rejected(follow, change->id, change->reject_field, change->reject_reason);
    }
    *ret_bytes = 0;
    return NULL;
}

static const void *note_push(void *context, struct arena *, const struct push_outcome *outcome,
                             size_t *ret_bytes)
{
    struct follow *follow = context;
    memset(follow->rejected, 0, sizeof follow->rejected);
    for (size_t i = 0; i < outcome->rejection_count; i++) {
        const struct push_rejection *rejection = &outcome->rejections[i];
        follow->rejected[fault_of(rejection->field)]++;
        log_rejected(follow, rejection->id, rejection->field, rejection->reason);
    }
    *ret_bytes = 0;
    return NULL;
}

/* ---- the place ---- */

static void set_followed(struct follow *follow, const char *title, const char *epoch, uint64_t revision)
{
    free(follow->from_epoch);
    free(follow->to_epoch);
    follow->from_epoch = heap_strdup(follow->epoch);
    follow->to_epoch = heap_strdup(epoch);
    follow->followed = (struct store_followed){
        .upstream = follow->upstream->settings->name,
        .title = title,
        .from_epoch = follow->from_epoch,
        .from_revision = follow->revision,
        .from_reached = follow->reached > follow->revision ? follow->reached : follow->revision,
        .epoch = follow->to_epoch,
        .revision = revision,
    };
}

/* What was written stands. */
static void take_place(struct follow *follow)
{
    bool is_newest = follow->followed.revision >= follow->upstream->state.newest;
    follow_set_place(follow, follow->to_epoch, follow->followed.revision,
                     is_newest ? clock_realtime_us() : follow->in_step_us);
    follow->is_here = true;
    follow->needs_export = false;
    upstream_note_rejected(follow->upstream, follow->rejected);
}

static void fail_write(struct follow *follow, struct status status)
{
    /* A fault that should not be: what the upstream has now may go where the change did not. */
    if (status.code == STATUS_INTERNAL)
        follow->needs_export = true;
    upstream_fail(follow->upstream, status.message);
}

/* ---- pushes ---- */

static void on_ready(void *context)
{
    struct follow *follow = context;
    follow->push_is_full = false;
    if (follow->course == FOLLOW_WATCHING) {
        follow_advance(follow);
    } else if (follow->call && follow->is_paused) {
        follow->is_paused = false;
        channel_call_resume(follow->call);
    }
}

static void end_push(struct follow *follow)
{
    follow->push = NULL;
    follow->has_push = false;
    follow->push_is_open = follow->push_is_full = follow->push_is_cancelled = false;
}

static void on_pushed(void *context, struct status status, const void *, size_t)
{
    struct follow *follow = context;
    struct upstreams *owner = follow->upstream->owner;
    end_push(follow);
    if (status_ok(status)) {
        take_place(follow);
        if (follow->course == FOLLOW_EXPORTING)
            follow_watch(follow);
        else
            follow_advance(follow);
    } else {
        fail_write(follow, status);
    }
    upstreams_give_push(owner);
}

static void on_released(void *context)
{
    struct follow *follow = context;
    end_push(follow);
    upstreams_give_push(follow->upstream->owner);
}

/* One may be opened: upstreams_take_push has said so. */
static void begin_push(struct follow *follow, bool full)
{
    struct upstreams *owner = follow->upstream->owner;
    follow->push_is_open = true;
    follow->push = store_push_begin(owner->store, owner->workers,
                                    &(struct store_push_options){
                                        .registry = follow->registry,
                                        .full = full,
                                        .max_delete_percent = DELETE_PERCENT,
                                        .request_id = "",
                                        .followed = &follow->followed,
                                        .pack = note_push,
                                        .ready = on_ready,
                                        .done = on_pushed,
                                        .context = follow,
                                    });
}

void follow_cancel_push(struct follow *follow)
{
    if (!follow->push || follow->push_is_cancelled)
        return;
    follow->push_is_cancelled = true;
    store_push_cancel(follow->push, on_released);
}

static void add_to_push(struct follow *follow, const pb_change *change)
{
    if (!store_push_add(follow->push, change))
        follow->push_is_full = true;
}

/* ---- an export ---- */

void follow_begin_export(struct follow *follow, const char *epoch, uint64_t revision)
{
    set_followed(follow, follow->is_here ? NULL : follow->title, epoch, revision);
    begin_push(follow, true);
}

void follow_add_record(struct follow *follow, pb_record *record)
{
    pb_change change = PARTNER__V1__CHANGE__INIT;
    change.kind_case = PARTNER__V1__CHANGE__KIND_UPSERT;
    change.upsert = record;
    add_to_push(follow, &change);
    if (follow->push_is_full && !follow->is_paused) {
        follow->is_paused = true;
        channel_call_pause(follow->call);
    }
}

void follow_end_export(struct follow *follow)
{
    follow->push_is_open = false;
    store_push_end(follow->push);
}

/* ---- the queue of a watch ---- */

struct queued {
    uint64_t revision;
    uint32_t size;
};

void follow_add_change(struct follow *follow, const pb_change *change)
{
    struct queued head = {change->revision, (uint32_t)protobuf_c_message_get_packed_size(&change->base)};
    struct text_buffer *queue = &follow->queue;
    text_buffer_append(queue, &head, sizeof head);
    void *packed = heap_alloc(head.size ? head.size : 1);
    protobuf_c_message_pack(&change->base, packed);
    text_buffer_append(queue, packed, head.size);
    free(packed);
}

static bool queue_at(const struct follow *follow, size_t at, struct queued *ret_head)
{
    if (at >= follow->queue.size)
        return false;
    memcpy(ret_head, follow->queue.bytes + at, sizeof *ret_head);
    return true;
}

static size_t queue_bytes(const struct follow *follow)
{
    return follow->queue.size - follow->queue_at;
}

static pb_change *queue_unpack(const struct follow *follow, size_t at, struct arena *arena)
{
    struct queued head = {0, 0};
    queue_at(follow, at, &head);
    return partner__v1__change__unpack(arena_protobuf(arena), head.size,
                                       (const uint8_t *)follow->queue.bytes + at + sizeof head);
}

static size_t after(size_t at, struct queued head)
{
    return at + sizeof head + head.size;
}

static void queue_compact(struct follow *follow)
{
    struct text_buffer *queue = &follow->queue;
    if (follow->queue_at == queue->size) {
        text_buffer_clear(queue);
        follow->queue_at = 0;
    } else if (follow->queue_at >= COMPACT_BYTES) {
        memmove(queue->bytes, queue->bytes + follow->queue_at, queue_bytes(follow));
        queue->size -= follow->queue_at;
        follow->queue_at = 0;
    }
}

/* How many changes of the revision at the head of `at` have come, at most so many. */
static size_t count_revision(const struct follow *follow, size_t at, size_t most)
{
    struct queued first = {0, 0}, head = {0, 0};
    size_t count = 0;
    for (queue_at(follow, at, &first);
         count < most && queue_at(follow, at, &head) && head.revision == first.revision; at = after(at, head))
        count++;
    return count;
}

/* ---- large revisions ---- */

/* True: it is all there, and is being written. */
static bool feed_push(struct follow *follow)
{
    struct arena *arena = arena_new(0);
    struct queued head = {0, 0};
    bool has_head;
    while ((has_head = queue_at(follow, follow->queue_at, &head)) && head.revision == follow->push_revision &&
           !follow->push_is_full) {
        pb_change *change = queue_unpack(follow, follow->queue_at, arena);
        if (change)
            add_to_push(follow, change);
        follow->queue_at = after(follow->queue_at, head);
        arena_reset(arena);
    }
    arena_free(arena);
    queue_compact(follow);
    if (follow->push_is_full || follow->whole < follow->push_revision ||
        (has_head && head.revision == follow->push_revision))
        return false;
    follow->push_is_open = false;
    store_push_end(follow->push);
    return true;
}

static bool begin_large(struct follow *follow, uint64_t revision)
{
    follow->waits_for_push = !upstreams_take_push(follow->upstream->owner);
    if (follow->waits_for_push)
        return false;
    follow->has_push = true;
    follow->push_revision = revision;
    set_followed(follow, NULL, follow->epoch, revision);
    begin_push(follow, false);
    return true;
}

/* ---- small ones ---- */

static void on_written(void *context, struct status status, const void *, size_t)
{
    struct follow_batch *batch = context;
    struct follow *follow = batch->follow;
    follow->batch = NULL;
    if (status_ok(status))
        take_place(follow);
    else
        fail_write(follow, status);
    arena_free(batch->arena);
    if (status_ok(status))
        follow_advance(follow);
}

/* Takes the changes of the revision at `at` into the batch; false: one of them is there already, by an earlier revision. */
static bool add_revision(struct follow_batch *into, struct text_map *ids, size_t *at, size_t count)
{
    const struct follow *follow = into->follow;
    struct batch *batch = &into->batch;
    size_t before = batch->count;
    for (size_t i = 0; i < count; i++) {
        struct queued head = {0, 0};
        pb_change *message = queue_unpack(follow, *at, into->arena);
        struct batch_change *change = &batch->changes[batch->count];
        queue_at(follow, *at, &head);
        *at = after(*at, head);
        if (!message)
            continue;
        batch_change_prepare(into->arena, NULL, follow->registry, message, change);
        if (text_map_get(ids, change->id) != TEXT_MAP_NONE) {
            batch->count = before;
            return false;
        }
        batch->count++;
    }
    for (size_t i = before; i < batch->count; i++)
        text_map_set(ids, batch->changes[i].id, 1);
    return true;
}

/* As many whole revisions as there is room for. Gives the last one. */
static uint64_t fill_batch(struct follow *follow, struct follow_batch *into)
{
    struct text_map ids;
    struct queued head = {0, 0};
    uint64_t last = 0;
    text_map_init(&ids);
    for (size_t at = follow->queue_at; queue_at(follow, at, &head) && head.revision <= follow->whole;) {
        size_t room = BATCH_CHANGES - into->batch.count;
        size_t count = count_revision(follow, at, room + 1);
        if (count > room || !add_revision(into, &ids, &at, count))
            break;
        follow->queue_at = at;
        last = head.revision;
    }
    text_map_fini(&ids);
    bool is_all = !queue_at(follow, follow->queue_at, &head) || head.revision > follow->whole;
    queue_compact(follow);
    return is_all ? follow->whole : last;
}

static void begin_batch(struct follow *follow)
{
    struct arena *arena = arena_new(0);
    struct follow_batch *batch = arena_zalloc(arena, sizeof *batch);
    follow->batch = batch;
    *batch = (struct follow_batch){.follow = follow, .arena = arena};
    batch->batch = (struct batch){
        .registry = follow->registry,
        .changes = arena_array(arena, BATCH_CHANGES, sizeof(struct batch_change)),
    };
    set_followed(follow, NULL, follow->epoch, fill_batch(follow, batch));
    batch->request = (struct store_batch){
        .arena = arena,
        .batch = &batch->batch,
        .method = "",
        .request_id = "",
        .followed = &follow->followed,
        .pack = note_batch,
        .done = on_written,
        .context = batch,
    };
    store_batch_apply(follow->upstream->owner->store, &batch->request);
}

/* ---- the course of it ---- */

/* False: there is nothing to write now. */
static bool begin_write(struct follow *follow)
{
    struct queued head = {0, 0};
    if (!queue_at(follow, follow->queue_at, &head)) {
        if (follow->whole > follow->reached) {
            follow->reached = follow->whole;
            follow->is_told = false;
        }
        return false;
    }
    bool is_whole = head.revision <= follow->whole;
    if (!is_whole && queue_bytes(follow) < SPILL_BYTES)
        return false;
    if (!is_whole || count_revision(follow, follow->queue_at, BATCH_CHANGES + 1) > BATCH_CHANGES)
        return begin_large(follow, head.revision);
    begin_batch(follow);
    return true;
}

static void hold_back(struct follow *follow)
{
    size_t bytes = queue_bytes(follow);
    if (!follow->call)
        return;
    if (!follow->is_paused && bytes > PAUSE_BYTES) {
        follow->is_paused = true;
        channel_call_pause(follow->call);
    } else if (follow->is_paused && bytes < RESUME_BYTES) {
        follow->is_paused = false;
        channel_call_resume(follow->call);
    }
}

void follow_advance(struct follow *follow)
{
    while (follow->course == FOLLOW_WATCHING && !follow->batch) {
        if (follow->push && (!follow->push_is_open || follow->push_is_full || !feed_push(follow)))
            break;
        if (!follow->push && !begin_write(follow))
            break;
    }
    hold_back(follow);
}
