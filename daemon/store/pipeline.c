#include "store/pipeline.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "store/dblink.h"
#include "store/parameter.h"
#include "store/store.h"

enum { PREPARED_MOST = 64, SILENCE_MARGIN_MS = 5000, REASON_BYTES = 200 };

/* What the next result belongs to. */
struct expected {
    const struct statement *statement;
    bool is_preparation;
};

struct pipeline {
    struct dblink *link;
    const struct store_settings *settings;
    void (*changed)(void *context, struct pipeline *pipeline);
    void *context;
    bool is_ready;
    const struct statement *prepared[PREPARED_MOST];
    size_t prepared_count;
    /* The group: what was sent, and what has come of it. */
    struct expected *expected;
    size_t expected_count, expected_capacity, answered_count;
    PGresult **results;
    size_t result_count;
    char sqlstate[6]; /* "": nothing failed so far */
    char reason[REASON_BYTES];
    bool is_under_way;
    pipeline_done_fn done;
    void *done_context;
};

/* ---- the group ---- */

static void group_clear(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->result_count; i++)
        PQclear(pipeline->results[i]);
    pipeline->expected_count = pipeline->answered_count = pipeline->result_count = 0;
    pipeline->sqlstate[0] = '\0';
    pipeline->is_under_way = false;
}

/* The next group may begin in `done`: the results of this one are handed over first. */
static void group_finish(struct pipeline *pipeline, enum pipeline_outcome outcome)
{
    PGresult **results = pipeline->results;
    size_t count = pipeline->result_count;
    char sqlstate[sizeof pipeline->sqlstate], reason[REASON_BYTES];
    memcpy(sqlstate, pipeline->sqlstate, sizeof sqlstate);
    memcpy(reason, pipeline->reason, sizeof reason);
    pipeline->results = NULL;
    pipeline->result_count = 0;
    group_clear(pipeline);
    dblink_watch(pipeline->link, 0);
    pipeline->done(pipeline->done_context,
                   &(struct pipeline_reply){
                       .outcome = outcome, .results = results, .sqlstate = sqlstate, .reason = reason});
    for (size_t i = 0; i < count; i++)
        PQclear(results[i]);
    free(results);
}

static struct expected *expect(struct pipeline *pipeline)
{
    if (pipeline->expected_count == pipeline->expected_capacity) {
        pipeline->expected_capacity = pipeline->expected_capacity ? 2 * pipeline->expected_capacity : 32;
        pipeline->expected =
            heap_realloc(pipeline->expected, pipeline->expected_capacity * sizeof *pipeline->expected);
    }
    return &pipeline->expected[pipeline->expected_count++];
}

/* ---- sending ---- */

static bool is_prepared(const struct pipeline *pipeline, const struct statement *statement)
{
    for (size_t i = 0; i < pipeline->prepared_count; i++)
        if (pipeline->prepared[i] == statement)
            return true;
    return false;
}

static void prepare(struct pipeline *pipeline, PGconn *pg, const struct statement *statement)
{
    assert(pipeline->prepared_count < PREPARED_MOST);
    pipeline->prepared[pipeline->prepared_count++] = statement;
    *expect(pipeline) = (struct expected){statement, true};
    if (!PQsendPrepare(pg, statement->name, statement->sql, 0, NULL))
        dblink_drop(pipeline->link, NULL);
}

/* It was not prepared after all, since something before it failed. */
static void forget(struct pipeline *pipeline, const struct statement *statement)
{
    for (size_t i = 0; i < pipeline->prepared_count; i++)
        if (pipeline->prepared[i] == statement)
            pipeline->prepared[i] = pipeline->prepared[--pipeline->prepared_count];
}

void pipeline_send(struct pipeline *pipeline, const struct statement *statement,
                   const struct parameters *parameters)
{
    static const struct parameters none;
    static const int binary[COLUMN_COUNT_MOST] = {[0 ... COLUMN_COUNT_MOST - 1] = 1};
    assert(!pipeline->is_under_way);
    PGconn *pg = dblink_pg(pipeline->link);
    const struct parameters *sent = parameters ? parameters : &none;
    assert(pg);
    if (!is_prepared(pipeline, statement))
        prepare(pipeline, pg, statement);
    *expect(pipeline) = (struct expected){statement, false};
    if (!PQsendQueryPrepared(pg, statement->name, sent->count, sent->values, sent->lengths, binary, 1))
        dblink_drop(pipeline->link, NULL);
}

void pipeline_sync(struct pipeline *pipeline, pipeline_done_fn done, void *context)
{
    assert(!pipeline->is_under_way);
    pipeline->is_under_way = true;
    pipeline->done = done;
    pipeline->done_context = context;
    pipeline->results = heap_alloc((pipeline->expected_count + 1) * sizeof(PGresult *));
    dblink_watch(pipeline->link, pipeline->settings->statement_timeout_ms + SILENCE_MARGIN_MS);
    if (!PQpipelineSync(dblink_pg(pipeline->link)))
        dblink_drop(pipeline->link, NULL);
    else
        dblink_flush(pipeline->link);
}

void pipeline_drop(struct pipeline *pipeline, const char *reason)
{
    dblink_drop(pipeline->link, reason);
}

/* ---- receiving ---- */

static void note_failure(struct pipeline *pipeline, const struct statement *statement, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    snprintf(pipeline->sqlstate, sizeof pipeline->sqlstate, "%s", sqlstate ? sqlstate : "XX000");
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    snprintf(pipeline->reason, sizeof pipeline->reason, "%s: %s", statement->name, message ? message : "");
}

static void take_result(struct pipeline *pipeline, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (pipeline->answered_count == pipeline->expected_count) {
        PQclear(result); /* of a connection that is ending */
        return;
    }
    struct expected expected = pipeline->expected[pipeline->answered_count++];
    bool is_good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (status != PGRES_PIPELINE_ABORTED && !is_good && !pipeline->sqlstate[0])
        note_failure(pipeline, expected.statement, result);
    if (expected.is_preparation && !is_good)
        forget(pipeline, expected.statement);
    if (expected.is_preparation)
        PQclear(result);
    else
        pipeline->results[pipeline->result_count++] = result;
}

static void on_input(void *context)
{
    struct pipeline *pipeline = context;
    PGconn *pg = dblink_pg(pipeline->link);
    unsigned empty = 0;
    /* A NULL ends each statement's results; two in a row, or a bad connection, end all there is. */
    while (pipeline->is_under_way && empty < 2 && !PQisBusy(pg)) {
        PGresult *result = PQgetResult(pg);
        if (!result) {
            empty++;
        } else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            empty = 0;
            PQclear(result);
            group_finish(pipeline, pipeline->sqlstate[0] ? PIPELINE_FAILED : PIPELINE_OK);
        } else {
            empty = 0;
            take_result(pipeline, result);
        }
    }
}

static void on_closed(void *context)
{
    struct pipeline *pipeline = context;
    pipeline->is_ready = false;
    pipeline->prepared_count = 0;
    if (pipeline->is_under_way)
        group_finish(pipeline, PIPELINE_LOST);
    group_clear(pipeline);
    pipeline->changed(pipeline->context, pipeline);
}

/* ---- opening ---- */

static const struct statement set_limits = {
    "set_limits", "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),"
                  " set_config('idle_in_transaction_session_timeout', $3, false)"};

static void on_limits_set(void *context, const struct pipeline_reply *reply)
{
    struct pipeline *pipeline = context;
    if (reply->outcome == PIPELINE_OK) {
        pipeline->is_ready = true;
        pipeline->changed(pipeline->context, pipeline);
    } else if (reply->outcome == PIPELINE_FAILED) {
        dblink_drop(pipeline->link, "limits can't be set");
    }
}

static void on_opened(void *context)
{
    struct pipeline *pipeline = context;
    const struct store_settings *settings = pipeline->settings;
    char texts[3][16];
    snprintf(texts[0], sizeof texts[0], "%u", settings->statement_timeout_ms);
    snprintf(texts[1], sizeof texts[1], "%u", settings->lock_timeout_ms);
    snprintf(texts[2], sizeof texts[2], "%u", settings->idle_timeout_ms);
    struct parameters parameters = {.count = 0};
    for (size_t i = 0; i < 3; i++)
        parameters_text(&parameters, texts[i]);
    if (!PQenterPipelineMode(dblink_pg(pipeline->link)))
        abort();
    pipeline_send(pipeline, &set_limits, &parameters);
    pipeline_sync(pipeline, on_limits_set, pipeline);
}

struct pipeline *pipeline_new(struct loop *loop, const struct store_settings *settings,
                              void (*changed)(void *context, struct pipeline *pipeline), void *context)
{
    struct pipeline *pipeline = heap_zalloc(sizeof *pipeline);
    pipeline->settings = settings;
    pipeline->changed = changed;
    pipeline->context = context;
    pipeline->link = dblink_new(
        loop, settings,
        &(struct dblink_handlers){.opened = on_opened, .input = on_input, .closed = on_closed}, pipeline);
    return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    if (pipeline->is_under_way)
        group_finish(pipeline, PIPELINE_LOST);
    group_clear(pipeline);
    dblink_free(pipeline->link);
    free(pipeline->expected);
    free(pipeline->results);
    free(pipeline);
}

bool pipeline_is_ready(const struct pipeline *pipeline)
{
    return pipeline->is_ready;
}
