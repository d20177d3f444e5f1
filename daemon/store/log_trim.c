#include "store/log_trim.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/metric.h"
#include "loop/timer.h"
#include "store/parameter.h"
#include "store/transaction.h"

enum { FIRST_MS = 10 * 1000, STEP_REVISIONS = 1000, STEP_ROWS = 5000 };

static const struct statement take_turn = {
    "trim_turn", "SELECT pg_try_advisory_xact_lock(hashtextextended('partnerd log', 0))"};

/* Moves the line past the oldest revisions that may go. How many changes come after one follows from the running totals. */
static const struct statement move_line = {
    "trim_move",
    "UPDATE revision_line l SET trimmed = t.revision FROM (SELECT max(r.revision) AS revision FROM"
    " (SELECT v.revision, v.time, v.total FROM revision v WHERE v.revision > (SELECT trimmed FROM "
    "revision_line)"
    " ORDER BY v.revision LIMIT $1::integer) r, revision_line m"
    " WHERE r.time < now() - make_interval(hours => $2::integer)"
    " AND (($3::integer > 0 AND r.time < now() - make_interval(days => $3::integer))"
    " OR m.changes - r.total >= $4::bigint)) t WHERE t.revision > l.trimmed RETURNING l.trimmed"};

/* Removes rows that the line has passed; the mark moves to the last revision of which all are gone. */
static const struct statement empty_log = {
    "trim_empty",
    "WITH due AS (SELECT v.*, sum(v.change_count) OVER (ORDER BY v.revision) - v.change_count AS before FROM"
    " (SELECT revision, change_set, change_count FROM revision WHERE revision > (SELECT emptied FROM "
    "log_trim)"
    " AND revision <= (SELECT trimmed FROM revision_line) ORDER BY revision LIMIT $1::integer) v),"
    " now_due AS (SELECT * FROM due WHERE before < $2::integer),"
    " rows AS MATERIALIZED (SELECT d.revision, c.change_set, c.ordinal FROM now_due d CROSS JOIN LATERAL"
    " (SELECT l.change_set, l.ordinal FROM change_log l WHERE l.change_set = d.change_set"
    " ORDER BY l.ordinal LIMIT $2::integer) c ORDER BY d.revision LIMIT $2::integer),"
    " gone AS (DELETE FROM change_log l USING rows r WHERE l.change_set = r.change_set AND l.ordinal = "
    "r.ordinal),"
    " mark AS (SELECT CASE WHEN (SELECT count(*) FROM rows) < $2::integer THEN (SELECT max(revision) FROM "
    "now_due)"
    " ELSE (SELECT max(revision) - 1 FROM rows) END AS revision)"
    " UPDATE log_trim t SET emptied = greatest(t.emptied, mark.revision) FROM mark"
    " WHERE mark.revision IS NOT NULL RETURNING t.emptied"};

static const struct statement look = {
    "trim_look",
    "SELECT trimmed, changes - coalesce((SELECT total FROM revision WHERE revision = trimmed), 0)"
    " FROM revision_line"};

struct log_trim {
    struct transaction transaction;
    struct store *store;
    struct log_trim_settings settings;
    struct timer timer;
    struct arena *arena;
    bool is_working; /* there may be more to do */
    struct metric *trimmed_metric, *changes_metric;
};

static struct log_trim *trim_of(struct transaction *transaction)
{
    return (struct log_trim *)transaction;
}

static void on_finish(struct transaction *transaction, struct status status)
{
    struct log_trim *trim = trim_of(transaction);
    arena_reset(trim->arena);
    bool goes_on = status_ok(status) && trim->is_working;
    timer_set(&trim->timer, goes_on ? 0 : (int64_t)trim->settings.every_seconds * 1000);
}

static void on_done(struct transaction *transaction, PGresult *const *results)
{
    struct log_trim *trim = trim_of(transaction);
    bool has_emptied = PQntuples(results[0]) > 0;
    bool has_moved = PQntuples(results[1]) > 0;
    trim->is_working = has_moved || has_emptied;
    metric_set(trim->trimmed_metric, result_int8(results[2], 0, 0));
    metric_set(trim->changes_metric, result_int8(results[2], 0, 1));
    if (has_moved)
        log_event(LOG_DEBUG, "store.log_trimmed", "the change log has been trimmed",
                  LOG_NUMBER("revision", result_int8(results[2], 0, 0)));
    transaction_commit_quietly(transaction);
}

static void on_turn(struct transaction *transaction, PGresult *const *results)
{
    struct log_trim *trim = trim_of(transaction);
    if (!result_is_true(results[1], 0, 0)) {
        transaction_refuse(transaction, STATUS_NONE); /* another daemon is at it */
        return;
    }
    struct parameters move = {.arena = trim->arena}, empty = {.arena = trim->arena};
    parameters_int4(&move, STEP_REVISIONS);
    parameters_int4(&move, (int32_t)trim->settings.least_hours);
    parameters_int4(&move, (int32_t)trim->settings.keep_days);
    parameters_int8(&move, (int64_t)trim->settings.keep_changes);
    parameters_int4(&empty, STEP_REVISIONS);
    parameters_int4(&empty, STEP_ROWS);
    transaction_send(transaction, &empty_log, &empty);
    transaction_send(transaction, &move_line, &move);
    transaction_send(transaction, &look, NULL);
    transaction_run(transaction, on_done);
}

static void on_start(struct transaction *transaction)
{
    trim_of(transaction)->is_working = false;
    transaction_begin(transaction);
    transaction_send(transaction, &take_turn, NULL);
    transaction_run(transaction, on_turn);
}

void log_trim_run(struct log_trim *trim)
{
    timer_clear(&trim->timer);
    transaction_start(&trim->transaction, trim->store, on_start, on_finish);
}

static void on_due(void *context)
{
    log_trim_run(context);
}

struct log_trim *log_trim_new(struct store *store, const struct log_trim_settings *settings)
{
    struct log_trim *trim = heap_zalloc(sizeof *trim);
    trim->store = store;
    trim->settings = *settings;
    trim->arena = arena_new(0);
    trim->trimmed_metric = metric_new(METRIC_GAUGE, "partnerd_log_trimmed_revision", "",
                                      "Revision after which the change log holds all");
    trim->changes_metric =
        metric_new(METRIC_GAUGE, "partnerd_log_changes", "", "Changes that the log is held for");
    timer_init(&trim->timer, store_loop(store), on_due, trim);
    int64_t every_ms = (int64_t)settings->every_seconds * 1000;
    timer_set(&trim->timer, every_ms < FIRST_MS ? every_ms : FIRST_MS);
    return trim;
}

void log_trim_free(struct log_trim *trim)
{
    if (!trim)
        return;
    timer_fini(&trim->timer);
    arena_free(trim->arena);
    free(trim);
}
