#include "replica/change_feed.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "replica/change_form.h"
#include "replica/change_ring.h"
#include "store/feed.h"
#include "store/store.h"

struct change_feed {
    struct change_ring *ring;
    const struct store_settings *settings;
    struct loop *loop;
    struct feed *feed;
};

/* ---- what the feed tells ---- */

static void on_reset(void *context)
{
    struct change_feed *self = context;
    change_ring_reset(self->ring);
}

static void on_registry(void *, const struct feed_registry *) {}

static void on_record(void *context, const struct feed_record *record)
{
    struct change_feed *self = context;
    change_ring_add(self->ring, &(struct record_form){
                                    .kind = record->kind,
                                    .id = record->id,
                                    .packed = record->packed,
                                    .packed_bytes = record->packed_bytes,
                                    .revision = record->revision,
                                    .update_time_us = record->update_time_us,
                                });
}

static void on_loaded(void *context, uint64_t revision, int64_t, const char *)
{
    struct change_feed *self = context;
    change_ring_loaded(self->ring, revision);
}

static void on_revision_done(void *context, uint64_t revision, int64_t)
{
    struct change_feed *self = context;
    change_ring_commit(self->ring, revision);
}

/* A revision that was on its way comes again. */
static void on_reachable(void *context, bool)
{
    struct change_feed *self = context;
    change_ring_drop(self->ring);
}

static void on_newest(void *, uint64_t) {}

static const struct feed_handlers handlers = {
    .reset = on_reset,
    .registry = on_registry,
    .record = on_record,
    .loaded = on_loaded,
    .revision_done = on_revision_done,
    .reachable = on_reachable,
    .newest = on_newest,
};

/* ---- life ---- */

struct change_feed *change_feed_new(struct change_ring *ring, const struct store_settings *settings)
{
    struct change_feed *self = heap_zalloc(sizeof *self);
    self->ring = ring;
    self->settings = settings;
    self->loop = loop_new("changes", 0);
    return self;
}

static void start(void *context)
{
    struct change_feed *self = context;
    self->feed = feed_new_following(self->loop, self->settings, &handlers, self);
}

void change_feed_start(struct change_feed *self)
{
    loop_post(self->loop, start, self);
    loop_start(self->loop);
}

static void stop(void *context)
{
    struct change_feed *self = context;
    feed_free(self->feed);
    self->feed = NULL;
}

void change_feed_stop(struct change_feed *self)
{
    loop_post(self->loop, stop, self);
    loop_stop(self->loop);
}

void change_feed_join(struct change_feed *self)
{
    loop_join(self->loop);
}

void change_feed_free(struct change_feed *self)
{
    if (!self)
        return;
    loop_free(self->loop);
    free(self);
}
