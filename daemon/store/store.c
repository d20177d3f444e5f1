#include "store/store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "store/column.h"
#include "store/limits.h"
#include "store/pipeline.h"
#include "store/pool.h"
#include "store/purge.h"
#include "store/record_sql.h"

enum { FULL_RETRY_MS = 200, UNREACHABLE_RETRY_MS = 500 };

struct member {
    struct pipeline *pipeline;
    bool is_busy;
};

struct store {
    struct loop *loop;
    struct store_settings settings;
    struct column_codec *codec;
    struct record_sql *sql;
    struct member *members;
    struct store_job *first, **last; /* those who wait */
    unsigned waiting_count;
    bool has_tried; /* a first attempt to connect has ended */
    bool is_ending;
    struct purge *purge;
    struct store_metrics metrics;
};

static struct status say_unreachable(void)
{
    struct status status = status_make(STATUS_UNAVAILABLE, "the database can't be reached");
    status.retry_ms = UNREACHABLE_RETRY_MS;
    return status;
}

/* ---- the queue ---- */

static struct store_job *take_first(struct store *store)
{
    struct store_job *job = store->first;
    if (!job)
        return NULL;
    store->first = job->next;
    store->waiting_count--;
    if (!store->first)
        store->last = &store->first;
    return job;
}

bool store_has_waiting(const struct store *store)
{
    return store->first;
}

void store_take_waiting(struct store *store, bool (*take)(void *context, struct store_job *job),
                        void *context)
{
    struct store_job **link = &store->first, *job;
    while ((job = *link)) {
        struct store_job *next = job->next;
        if (take(context, job)) {
            *link = next;
            store->waiting_count--;
        } else {
            link = &job->next;
        }
    }
    store->last = link;
}

static void start_waiting(struct store *store)
{
    for (unsigned i = 0; i < store->settings.connection_count; i++) {
        struct member *member = &store->members[i];
        if (member->is_busy || !pipeline_is_ready(member->pipeline))
            continue;
        struct store_job *job = take_first(store);
        if (!job)
            return;
        member->is_busy = true;
        job->start(job, member->pipeline);
    }
}

static void refuse_waiting(struct store *store)
{
    struct store_job *job;
    while ((job = take_first(store)))
        job->refuse(job, say_unreachable());
}

void store_submit(struct store *store, struct store_job *job)
{
    if (store->is_ending || (store->has_tried && !store_is_reachable(store))) {
        job->refuse(job, say_unreachable());
        return;
    }
    if (store->waiting_count >= store->settings.queue_most) {
        struct status status =
            status_make(STATUS_RESOURCE_EXHAUSTED, "too many writes wait for the database");
        status.retry_ms = FULL_RETRY_MS;
        job->refuse(job, status);
        return;
    }
    job->next = NULL;
    *store->last = job;
    store->last = &job->next;
    store->waiting_count++;
    start_waiting(store);
}

void store_release(struct store *store, struct pipeline *pipeline)
{
    for (unsigned i = 0; i < store->settings.connection_count; i++)
        if (store->members[i].pipeline == pipeline)
            store->members[i].is_busy = false;
    if (!store->is_ending)
        start_waiting(store);
}

/* ---- the connections ---- */

static void on_changed(void *context, struct pipeline *pipeline)
{
    struct store *store = context;
    store->has_tried = true;
    if (pipeline_is_ready(pipeline))
        start_waiting(store);
    else
        metric_add(store->metrics.connection_failures, 1);
    if (!store_is_reachable(store))
        refuse_waiting(store);
}

bool store_is_reachable(const struct store *store)
{
    for (unsigned i = 0; i < store->settings.connection_count; i++)
        if (pipeline_is_ready(store->members[i].pipeline))
            return true;
    return false;
}

static struct store_metrics make_metrics(void)
{
    return (struct store_metrics){
        .seconds = metric_new(METRIC_HISTOGRAM, "partnerd_database_write_seconds", "",
                              "How long writes took, from the wait for a connection to the commit."),
        .failures = metric_new(METRIC_COUNTER, "partnerd_database_write_failures_total", "",
                               "Writes that the database did not take."),
        .retries = metric_new(METRIC_COUNTER, "partnerd_database_write_retries_total", "",
                              "Transactions begun again, since another one was in the way."),
        .connection_failures = metric_new(METRIC_COUNTER, "partnerd_database_connection_failures_total", "",
                                          "Connections lost, and attempts to connect that failed."),
    };
}

struct store *store_new(struct loop *loop, const struct store_settings *settings)
{
    struct store *store = heap_zalloc(sizeof *store);
    store->loop = loop;
    store->settings = limits_of(settings);
    store->codec = column_codec_new();
    store->sql = record_sql_new();
    store->metrics = make_metrics();
    store->last = &store->first;
    store->members = heap_zalloc(store->settings.connection_count * sizeof *store->members);
    for (unsigned i = 0; i < store->settings.connection_count; i++)
        store->members[i].pipeline = pipeline_new(loop, &store->settings, on_changed, store);
    store->purge = purge_new(store);
    return store;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    store->is_ending = true;
    refuse_waiting(store);
    for (unsigned i = 0; i < store->settings.connection_count; i++)
        pipeline_free(store->members[i].pipeline);
    purge_free(store->purge);
    column_codec_free(store->codec);
    record_sql_free(store->sql);
    free(store->members);
    free(store);
}

struct loop *store_loop(const struct store *store)
{
    return store->loop;
}

const struct store_settings *store_settings_of(const struct store *store)
{
    return &store->settings;
}

const struct column_codec *store_codec(const struct store *store)
{
    return store->codec;
}

const struct record_sql *store_sql(const struct store *store)
{
    return store->sql;
}

const struct store_metrics *store_metrics(const struct store *store)
{
    return &store->metrics;
}
