#include "replica/replica.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "loop/thread.h"
#include "loop/timer.h"
#include "loop/worker.h"
#include "match/index.h"
#include "replica/change_feed.h"
#include "replica/change_ring.h"
#include "replica/reader.h"
#include "replica/snapshot_file.h"
#include "replica/snapshot_keeper.h"
#include "replica/working_set.h"
#include "store/feed.h"
#include "store/store.h"
#include "vocab/vocabulary.h"

/* By then the last readers of the old base have gone, but for those that take long. */
enum { DROP_DELAY_MS = 500 };

struct replica {
    struct loop *loop;
    const struct store_settings *settings;
    struct feed *feed;
    struct working_set *set;
    struct vocabulary_builder *concepts; /* between vocabulary_begin and _end */
    struct snapshot_ref *newest;
    struct change_ring *changes;
    struct change_feed *change_feed;
    const char *file_path; /* NULL: none is kept */
    unsigned file_minutes;
    struct snapshot_file *file;   /* to start from, until the first load */
    struct snapshot_file *mapped; /* that records are in; NULL: none */
    struct snapshot_keeper *keeper;
    char *epoch;
    struct reader_list readers;

    struct working_set_rebuild *rebuild; /* until the worker has let go of its old base; else NULL */
    struct working_set_rebuild *left;    /* of which others have the old base still */
    struct worker_pool *worker;

    struct timer publish_timer, drop_timer;
    bool loading, within_revision, dirty;
    uint64_t whole_revision; /* the last one that has come whole */
    int64_t published_ns, publish_took_ns;

    _Atomic bool reachable, loaded;
    _Atomic uint64_t revision, database_revision, records_loaded;
    struct metric *revision_metric, *database_metric, *reachable_metric, *bytes_metric, *publish_metric,
        *rebuild_metric, *fold_metric;
};

/* ---- publishing ---- */

static void publish_soon(struct replica *replica);

static void run_rebuild(void *context)
{
    const struct replica *replica = context;
    int64_t start_ns = clock_monotonic_ns();
    bool is_index = working_set_rebuild_run(replica->rebuild);
    metric_observe_ns(is_index ? replica->rebuild_metric : replica->fold_metric,
                      clock_monotonic_ns() - start_ns);
}

/* The old base's memory is in pieces that the allocator would keep; after a large change that is a lot. */
static void run_drop(void *context)
{
    struct replica *replica = context;
    replica->left = working_set_rebuild_let_go(replica->rebuild);
    if (replica->left != replica->rebuild)
        malloc_trim(0);
}

static void on_dropped(void *context);

static void drop(void *context)
{
    struct replica *replica = context;
    if (!replica->rebuild) {
        replica->rebuild = replica->left;
        replica->left = NULL;
    }
    worker_submit(replica->worker, replica->loop, run_drop, on_dropped, replica);
}

static void on_rebuilt(void *context)
{
    struct replica *replica = context;
    working_set_rebuild_finish(replica->set, replica->rebuild);
    timer_set(&replica->drop_timer, DROP_DELAY_MS);
    if (replica->feed)
        publish_soon(replica);
}

static void rebuild_if_due(struct replica *replica)
{
    if (replica->rebuild || !(replica->rebuild = working_set_rebuild_begin(replica->set, replica->left)))
        return;
    replica->left = NULL;
    timer_clear(&replica->drop_timer);
    worker_submit(replica->worker, replica->loop, run_rebuild, on_rebuilt, replica);
}

static void on_dropped(void *context)
{
    struct replica *replica = context;
    replica->rebuild = NULL;
    if (replica->feed && !replica->loading)
        rebuild_if_due(replica);
    if (replica->left)
        timer_set(&replica->drop_timer, DROP_DELAY_MS);
}

static void publish(struct replica *replica)
{
    int64_t start_ns = clock_monotonic_ns();
    struct snapshot *snapshot = working_set_publish(replica->set, replica->whole_revision);
    snapshot->epoch = heap_strdup(replica->epoch);
    snapshot->change_set = feed_cursor(replica->feed).change_set;
    metric_set(replica->bytes_metric, (int64_t)match_index_bytes(snapshot->index));
    snapshot_ref_set(replica->newest, snapshot);
    atomic_store(&replica->revision, replica->whole_revision);
    atomic_store(&replica->loaded, true);
    replica->dirty = false;
    replica->published_ns = clock_monotonic_ns();
    replica->publish_took_ns = replica->published_ns - start_ns;
    metric_set(replica->revision_metric, (int64_t)replica->whole_revision);
    metric_observe_ns(replica->publish_metric, replica->publish_took_ns);
    reader_list_notify(&replica->readers);
    rebuild_if_due(replica);
}

static void publish_now(void *context)
{
    struct replica *replica = context;
    if (replica->dirty && !replica->within_revision && !replica->loading)
        publish(replica);
}

/* Under steady change a twentieth of the thread's time goes into publishing, so that readers keep the processors, but nobody waits
 * longer than REST_MOST_NS for that; where publishing takes long itself, half of the time. */
static int64_t rest_of(int64_t took_ns)
{
    enum { REST_SHARE = 19, REST_MOST_NS = 25000000 };
    int64_t rest_ns = took_ns * REST_SHARE < REST_MOST_NS ? took_ns * REST_SHARE : REST_MOST_NS;
    return rest_ns > took_ns ? rest_ns : took_ns;
}

/* Many small revisions share one snapshot. */
static void publish_soon(struct replica *replica)
{
    replica->dirty = true;
    if (timer_is_set(&replica->publish_timer))
        return;
    int64_t rest_ns = replica->published_ns + rest_of(replica->publish_took_ns) - clock_monotonic_ns();
    timer_set(&replica->publish_timer, rest_ns > 0 ? rest_ns / 1000000 : 0);
}

/* ---- what the feed tells ---- */

static void on_reset(void *context)
{
    struct replica *replica = context;
    replica->loading = true;
    atomic_store(&replica->records_loaded, 0);
    working_set_clear(replica->set);
}

static void on_registry(void *context, const struct feed_registry *registry)
{
    struct replica *replica = context;
    replica->within_revision = true;
    working_set_registry(replica->set, registry->id, registry->title, registry->update_time_us);
}

static struct arena *arena_of_record(void *context)
{
    struct replica *replica = context;
    return working_set_load_arena(replica->set);
}

static void on_record(void *context, const struct feed_record *record)
{
    struct replica *replica = context;
    replica->within_revision = true;
    if (!record->record.message) {
        working_set_remove(replica->set, record->id, record->update_time_us);
        return;
    }
    working_set_put(replica->set, &record->record, record->packed, record->packed_bytes, record->revision,
                    record->update_time_us);
    if (replica->loading)
        atomic_fetch_add_explicit(&replica->records_loaded, 1, memory_order_relaxed);
}

static void on_vocabulary_begin(void *context)
{
    struct replica *replica = context;
    replica->within_revision = true;
    if (replica->concepts) /* the connection was lost in the middle of the former one */
        vocabulary_release(vocabulary_builder_finish(replica->concepts));
    replica->concepts = vocabulary_builder_new();
}

static void on_concept(void *context, const struct concept_source *concept)
{
    struct replica *replica = context;
    vocabulary_builder_add(replica->concepts, concept);
}

static void on_vocabulary_end(void *context)
{
    struct replica *replica = context;
    struct vocabulary *vocabulary = vocabulary_builder_finish(replica->concepts);
    replica->concepts = NULL;
    working_set_vocabulary(replica->set, vocabulary);
    vocabulary_release(vocabulary);
    if (replica->loading)
        working_set_load_begin(replica->set);
}

static void drop_file(struct replica *replica)
{
    snapshot_file_close(replica->file);
    replica->file = NULL;
}

static bool on_resume(void *context)
{
    struct replica *replica = context;
    replica->within_revision = true;
    if (!snapshot_file_load(replica->file, replica->set)) {
        drop_file(replica);
        return false;
    }
    replica->records_loaded = snapshot_file_record_count(replica->file);
    log_event(LOG_INFO, "replica.snapshot_read", "the records are those of the snapshot file",
              LOG_TEXT("file", replica->file_path),
              LOG_NUMBER("revision", (int64_t)snapshot_file_revision(replica->file)),
              LOG_NUMBER("records", (int64_t)atomic_load(&replica->records_loaded)));
    snapshot_keeper_note(replica->keeper, snapshot_file_epoch(replica->file),
                         snapshot_file_revision(replica->file));
    replica->mapped = replica->file;
    replica->file = NULL;
    return true;
}

static void on_loaded(void *context, uint64_t revision, int64_t, const char *epoch)
{
    struct replica *replica = context;
    replica->loading = replica->within_revision = false;
    replica->whole_revision = revision;
    free(replica->epoch);
    replica->epoch = heap_strdup(epoch);
    drop_file(replica);
    working_set_load_end(replica->set);
    publish(replica);
    log_event(LOG_INFO, "replica.loaded", "all records are in memory",
              LOG_NUMBER("revision", (int64_t)revision),
              LOG_NUMBER("records", (int64_t)atomic_load(&replica->records_loaded)),
              LOG_NUMBER("publish_ms", replica->publish_took_ns / 1000000), LOG_TEXT("epoch", epoch));
}

static void on_revision_done(void *context, uint64_t revision, int64_t)
{
    struct replica *replica = context;
    replica->within_revision = false;
    replica->whole_revision = revision;
    publish_soon(replica);
}

static void on_reachable(void *context, bool reachable)
{
    struct replica *replica = context;
    atomic_store(&replica->reachable, reachable);
    metric_set(replica->reachable_metric, reachable);
    if (reachable)
        log_event(LOG_INFO, "database.reachable", "the database can be reached");
    else
        log_event(LOG_WARN, "database.lost", "the database can't be reached; reads are answered from memory");
}

static void on_newest(void *context, uint64_t revision)
{
    struct replica *replica = context;
    atomic_store(&replica->database_revision, revision);
    metric_set(replica->database_metric, (int64_t)revision);
}

static const struct feed_handlers handlers = {
    .reset = on_reset,
    .registry = on_registry,
    .record_arena = arena_of_record,
    .record = on_record,
    .vocabulary_begin = on_vocabulary_begin,
    .concept = on_concept,
    .vocabulary_end = on_vocabulary_end,
    .resume = on_resume,
    .loaded = on_loaded,
    .revision_done = on_revision_done,
    .reachable = on_reachable,
    .newest = on_newest,
};

/* ---- life ---- */

struct replica *replica_new(struct loop *loop, const struct store_settings *settings, size_t watch_bytes)
{
    struct replica *replica = heap_zalloc(sizeof *replica);
    replica->loop = loop;
    replica->settings = settings;
    replica->set = working_set_new();
    replica->newest = snapshot_ref_new();
    replica->worker = worker_pool_new(1);
    replica->changes = change_ring_new(watch_bytes);
    replica->change_feed = change_feed_new(replica->changes, settings);
    replica->revision_metric =
        metric_new(METRIC_GAUGE, "partnerd_revision", "", "Revision that answers come from");
    replica->database_metric =
        metric_new(METRIC_GAUGE, "partnerd_database_revision", "", "Newest revision heard of");
    replica->reachable_metric =
        metric_new(METRIC_GAUGE, "partnerd_database_reachable", "", "1 while the database can be reached");
    replica->bytes_metric = metric_new(METRIC_GAUGE, "partnerd_index_bytes", "", "Memory of the match index");
    replica->publish_metric =
        metric_new(METRIC_HISTOGRAM, "partnerd_publish_seconds", "", "Time to make and publish a snapshot");
    replica->rebuild_metric = metric_new(METRIC_HISTOGRAM, "partnerd_rebuild_seconds", "",
                                         "Time to make a new base of the match index");
    replica->fold_metric = metric_new(METRIC_HISTOGRAM, "partnerd_directory_fold_seconds", "",
                                      "Time to make a new base of the directory");
    timer_init(&replica->publish_timer, loop, publish_now, replica);
    timer_init(&replica->drop_timer, loop, drop, replica);
    return replica;
}

void replica_keep_file(struct replica *replica, const char *path, unsigned minutes)
{
    replica->file_path = path;
    replica->file_minutes = minutes;
}

static void start_file(struct replica *replica)
{
    replica->file = snapshot_file_open(replica->file_path);
    if (replica->file)
        feed_resume(replica->feed, &(struct feed_cursor){snapshot_file_epoch(replica->file),
                                                         snapshot_file_revision(replica->file),
                                                         snapshot_file_change_set(replica->file)});
    replica->keeper = snapshot_keeper_new(replica->newest, replica->file_path, replica->file_minutes);
}

static void start(void *context)
{
    struct replica *replica = context;
    thread_give_way(0); /* loading and publishing take milliseconds at a time */
    replica->loading = true;
    replica->feed = feed_new(replica->loop, replica->settings, &handlers, replica);
    if (replica->file_path)
        start_file(replica);
}

void replica_start(struct replica *replica)
{
    loop_post(replica->loop, start, replica);
    change_feed_start(replica->change_feed);
}

static void stop(void *context)
{
    struct replica *replica = context;
    feed_free(replica->feed);
    replica->feed = NULL;
    timer_clear(&replica->publish_timer);
    timer_clear(&replica->drop_timer);
}

void replica_stop(struct replica *replica)
{
    loop_post(replica->loop, stop, replica);
    change_feed_stop(replica->change_feed);
}

void replica_join(struct replica *replica)
{
    change_feed_join(replica->change_feed);
}

void replica_free(struct replica *replica)
{
    if (!replica)
        return;
    worker_pool_free(replica->worker); /* waits for what is under way, whose end it has posted then */
    loop_flush(replica->loop);
    working_set_rebuild_free(replica->rebuild);
    working_set_rebuild_free(replica->left);
    timer_fini(&replica->publish_timer);
    timer_fini(&replica->drop_timer);
    snapshot_keeper_free(replica->keeper);
    drop_file(replica);
    if (replica->concepts)
        vocabulary_release(vocabulary_builder_finish(replica->concepts));
    snapshot_ref_free(replica->newest);
    working_set_free(replica->set);
    change_feed_free(replica->change_feed);
    change_ring_free(replica->changes);
    free(replica->epoch);
    reader_list_fini(&replica->readers);
    snapshot_file_close(replica->mapped);
    free(replica);
}

struct snapshot *replica_snapshot(struct replica *replica)
{
    return snapshot_ref_acquire(replica->newest);
}

const struct vocabulary *replica_vocabulary(struct replica *replica)
{
    struct snapshot *snapshot = replica_snapshot(replica);
    if (!snapshot)
        return NULL;
    const struct vocabulary *vocabulary = vocabulary_acquire(snapshot->vocabulary);
    snapshot_release(snapshot);
    return vocabulary;
}

struct change_ring *replica_changes(struct replica *replica)
{
    return replica->changes;
}

struct replica_state replica_state(const struct replica *replica)
{
    return (struct replica_state){
        .database_reachable = atomic_load_explicit(&replica->reachable, memory_order_relaxed),
        .loaded = atomic_load_explicit(&replica->loaded, memory_order_acquire),
        .revision = atomic_load_explicit(&replica->revision, memory_order_relaxed),
        .database_revision = atomic_load_explicit(&replica->database_revision, memory_order_relaxed),
        .records_loaded = atomic_load_explicit(&replica->records_loaded, memory_order_relaxed),
    };
}

struct reader_list *replica_readers(struct replica *replica)
{
    return &replica->readers;
}
