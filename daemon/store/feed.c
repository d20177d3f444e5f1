#include "store/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/binary.h"
#include "store/column.h"
#include "store/dblink.h"
#include "store/feed_state.h"
#include "store/limits.h"
#include "store/parameter.h"
#include "store/record_sql.h"
#include "store/record_stamps.h"

enum { SILENCE_MS = 60000, COPY_HEADER_BYTES = 19 };

/* ---- steps ---- */

static int send(const struct feed *feed, const struct feed_step *step, const struct parameters *parameters)
{
    static const int binary[COLUMN_COUNT_MOST] = {[0 ... COLUMN_COUNT_MOST - 1] = 1};
    PGconn *pg = dblink_pg(feed->link);
    if (step->name)
        return PQsendQueryPrepared(pg, step->name, parameters->count, parameters->values, parameters->lengths,
                                   binary, 1);
    const char *sql = step->sql ? step->sql : feed->sql->copy[feed->load.kind];
    return PQsendQueryParams(pg, sql, parameters->count, NULL, parameters->values, parameters->lengths,
                             binary, 1);
}

void feed_run(struct feed *feed, const struct feed_step *step)
{
    struct parameters parameters = {.arena = feed->arena};
    arena_reset(feed->arena);
    if (step->fill)
        step->fill(feed, &parameters);
    feed->step = step;
    feed->is_copying = false;
    feed->is_first_copied = true;
    dblink_watch(feed->link, SILENCE_MS);
    if (!send(feed, step, &parameters) ||
        (step->mode == FEED_ROWS && !PQsetSingleRowMode(dblink_pg(feed->link))))
        dblink_drop(feed->link, NULL);
    else
        dblink_flush(feed->link);
    arena_reset(feed->arena);
}

void feed_fail(struct feed *feed, const char *reason)
{
    feed->step = NULL;
    dblink_drop(feed->link, reason);
}

static void on_look(void *context)
{
    struct feed *feed = context;
    if (!feed->step && feed->is_reachable)
        feed_follow_start(feed);
}

void feed_rest(struct feed *feed)
{
    feed->step = NULL;
    dblink_watch(feed->link, 0);
    timer_set(&feed->look, feed->is_woken ? 0 : feed->settings.look_ms);
    feed->is_woken = false;
}

void feed_wake(struct feed *feed)
{
    feed->is_woken = true;
    if (!feed->step && feed->is_reachable)
        feed_rest(feed);
}

void feed_report_newest(struct feed *feed, uint64_t newest)
{
    if (newest == feed->newest)
        return;
    feed->newest = newest;
    feed->handlers.newest(feed->context, newest);
}

/* ---- what comes ---- */

/* The stream begins with a header and ends with a field count of -1. */
static void take_copied(struct feed *feed, const unsigned char *bytes, size_t size)
{
    size_t skip = 0;
    if (feed->is_first_copied && size >= COPY_HEADER_BYTES)
        skip = COPY_HEADER_BYTES + binary_get_u32(bytes + COPY_HEADER_BYTES - 4);
    feed->is_first_copied = false;
    if (skip > size || size - skip < 2 || binary_get_u16(bytes + skip) == UINT16_MAX)
        return;
    feed->step->copied(feed, bytes + skip, size - skip);
    arena_reset(feed->arena);
}

/* False: there is no more for now. */
static bool take_copy(struct feed *feed, PGconn *pg)
{
    char *bytes = NULL;
    int size = PQgetCopyData(pg, &bytes, 1);
    if (size == -1)
        feed->is_copying = false;
    if (size == -2)
        feed_fail(feed, "a copy broke off");
    if (size > 0)
        take_copied(feed, (const unsigned char *)bytes, (size_t)size);
    PQfreemem(bytes);
    return size != 0 && size != -2;
}

static void take_rows(struct feed *feed, const PGresult *result)
{
    const struct feed_step *step = feed->step;
    for (int i = 0; i < PQntuples(result) && feed->step == step; i++) {
        if (step->row)
            step->row(feed, result, i);
        arena_reset(feed->arena);
    }
}

static void take_failure(struct feed *feed, const PGresult *result)
{
    log_event(LOG_WARN, "store.feed_failed", "the change log can't be read",
              LOG_TEXT("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE)),
              LOG_TEXT("reason", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
    feed_fail(feed, "a query failed");
}

static bool take_result(struct feed *feed, PGconn *pg)
{
    PGresult *result = PQgetResult(pg);
    if (!result) {
        feed->step->end(feed);
        return feed->step != NULL;
    }
    switch (PQresultStatus(result)) {
    case PGRES_COPY_OUT:
        feed->is_copying = true;
        break;
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
        take_rows(feed, result);
        break;
    case PGRES_COMMAND_OK:
        break;
    default:
        take_failure(feed, result);
    }
    PQclear(result);
    return feed->step != NULL;
}

static void on_input(void *context)
{
    struct feed *feed = context;
    PGconn *pg = dblink_pg(feed->link);
    PGnotify *notice;
    while (feed->step && (feed->is_copying || !PQisBusy(pg)))
        if (!(feed->is_copying ? take_copy(feed, pg) : take_result(feed, pg)))
            break;
    bool is_notified = false;
    for (; (notice = PQnotifies(pg)); PQfreemem(notice))
        is_notified = true;
    if (is_notified)
        feed_wake(feed);
}

/* ---- the connection ---- */

static void report_reachable(struct feed *feed, bool is_reachable)
{
    if (feed->has_reported && feed->is_reachable == is_reachable)
        return;
    feed->has_reported = true;
    feed->is_reachable = is_reachable;
    feed->handlers.reachable(feed->context, is_reachable);
}

static void on_closed(void *context)
{
    struct feed *feed = context;
    feed->step = NULL;
    timer_clear(&feed->look);
    report_reachable(feed, false);
}

static void on_placed(struct feed *feed)
{
    if (feed->is_loaded)
        feed_follow_start(feed);
    else if (feed->resume.epoch)
        feed_resume_start(feed);
    else
        feed_load_start(feed);
}

/* First it listens, then it reads: what is committed in between is either read or told. */
static void on_listening(struct feed *feed)
{
    report_reachable(feed, true);
    feed_place_start(feed, on_placed);
}

static const struct feed_step listen_step = {.sql = "LISTEN partnerd_change", .end = on_listening};

void feed_listen(struct feed *feed)
{
    feed_run(feed, &listen_step);
}

/* Long reads are no fault here; a silent database is. Following goes along keys, however little the planner knows of the
 * tables yet, so its statements are planned once; that makes plans look so costly that it would compile them, for 50 ms each. */
static const struct feed_step limits_step = {
    .sql = "SELECT set_config('statement_timeout', '0', false), set_config('enable_seqscan', 'off', false),"
           " set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),"
           " set_config('jit', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false)",
    .end = feed_follow_prepare};

static void on_opened(void *context)
{
    feed_run(context, &limits_step);
}

struct feed *feed_new(struct loop *loop, const struct store_settings *settings,
                      const struct feed_handlers *handlers, void *context)
{
    struct feed *feed = heap_zalloc(sizeof *feed);
    feed->loop = loop;
    feed->settings = limits_of(settings);
    feed->handlers = *handlers;
    feed->context = context;
    feed->codec = column_codec_new();
    feed->sql = record_sql_new();
    feed->arena = arena_new(0);
    feed->concepts.arena = arena_new(0);
    timer_init(&feed->look, loop, on_look, feed);
    feed->link = dblink_new(
        loop, &feed->settings,
        &(struct dblink_handlers){.opened = on_opened, .input = on_input, .closed = on_closed}, feed);
    return feed;
}

struct feed *feed_new_following(struct loop *loop, const struct store_settings *settings,
                                const struct feed_handlers *handlers, void *context)
{
    struct feed *feed = feed_new(loop, settings, handlers, context);
    feed->follows_alone = true;
    return feed;
}

struct feed_cursor feed_cursor(const struct feed *feed)
{
    return (struct feed_cursor){feed->epoch, feed->cursor, feed->cursor_change_set};
}

void feed_resume(struct feed *feed, const struct feed_cursor *cursor)
{
    free(feed->resume.epoch);
    feed->resume.epoch = heap_strdup(cursor->epoch);
    feed->resume.revision = cursor->revision;
    feed->resume.change_set = cursor->change_set;
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    dblink_free(feed->link);
    timer_fini(&feed->look);
    arena_free(feed->arena);
    arena_free(feed->concepts.arena);
    record_sql_free(feed->sql);
    column_codec_free(feed->codec);
    record_stamps_free(feed->load.stamps);
    free(feed->epoch);
    free(feed->follow.epoch);
    free(feed->resume.epoch);
    free(feed->place.epoch);
    free(feed);
}
