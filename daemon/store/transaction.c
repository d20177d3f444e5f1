#include "store/transaction.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "store/parameter.h"
#include "store/store.h"

enum { ATTEMPTS_MOST = 3, BUSY_RETRY_MS = 500 };

static const struct statement begin = {"begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
static const struct statement commit = {"commit", "COMMIT"};
static const struct statement rollback = {"rollback", "ROLLBACK"};
/* A hint only, so that readers need not wait for their next look. */
static const struct statement notify = {"notify", "SELECT pg_notify('partnerd_change', '')"};

static const struct statement line = {"line",
                                      "SELECT nextval('change_set'), (SELECT newest FROM revision_line)"};

static const struct statement take_revision = {
    "take_revision",
    "WITH line AS (UPDATE revision_line SET newest = newest + 1, changes = changes + $2::integer"
    " RETURNING newest, changes)"
    " INSERT INTO revision (revision, change_set, time, change_count, vocabulary, total)"
    " SELECT newest, $1, clock_timestamp(), $2::integer, $3, changes FROM line RETURNING revision"};

/* ---- failures ---- */

static bool sqlstate_is(const char *sqlstate, const char *code)
{
    return strncmp(sqlstate, code, strlen(code)) == 0;
}

/* Another writer was in the way, and nothing was written. */
static bool is_worth_another(const char *sqlstate)
{
    return sqlstate_is(sqlstate, "40001") || sqlstate_is(sqlstate, "40P01") || sqlstate_is(sqlstate, "55P03");
}

static struct status status_of_sqlstate(const char *sqlstate)
{
    struct status status = status_make(STATUS_UNAVAILABLE, "the database can't take the write now");
    status.retry_ms = BUSY_RETRY_MS;
    if (is_worth_another(sqlstate))
        status.message = "another write is in the way";
    else if (sqlstate_is(sqlstate, "57014"))
        status.message = "the database took too long";
    else if (!sqlstate_is(sqlstate, "25006") && !sqlstate_is(sqlstate, "53") && !sqlstate_is(sqlstate, "57"))
        return status_make(STATUS_INTERNAL, "the write failed");
    return status;
}

static struct status status_of_loss(void)
{
    struct status status =
        status_make(STATUS_UNAVAILABLE, "the database was lost under way: it is not known whether the write "
                                        "happened; send the same request_id again");
    status.retry_ms = BUSY_RETRY_MS;
    return status;
}

/* ---- the course of it ---- */

static void note_end(const struct transaction *transaction, struct status status)
{
    const struct store_metrics *metrics = store_metrics(transaction->store);
    if (status.code == STATUS_UNAVAILABLE || status.code == STATUS_RESOURCE_EXHAUSTED ||
        status.code == STATUS_INTERNAL)
        metric_add(metrics->failures, 1);
    metric_observe_ns(metrics->seconds, clock_monotonic_ns() - transaction->start_ns);
}

static void finish(struct transaction *transaction, struct status status)
{
    struct pipeline *pipeline = transaction->pipeline;
    transaction->pipeline = NULL;
    store_release(transaction->store, pipeline);
    note_end(transaction, status);
    transaction->finish(transaction, status);
}

static void try_again(struct transaction *transaction)
{
    struct pipeline *pipeline = transaction->pipeline;
    transaction->pipeline = NULL;
    metric_add(store_metrics(transaction->store)->retries, 1);
    store_release(transaction->store, pipeline);
    store_submit(transaction->store, &transaction->job);
}

static void on_rolled_back(void *context, const struct pipeline_reply *reply)
{
    struct transaction *transaction = context;
    if (reply->outcome == PIPELINE_FAILED)
        pipeline_drop(transaction->pipeline, "a transaction can't be rolled back");
    if (transaction->tries_again)
        try_again(transaction);
    else
        finish(transaction, transaction->outcome);
}

void transaction_refuse(struct transaction *transaction, struct status status)
{
    transaction->outcome = status;
    pipeline_send(transaction->pipeline, &rollback, NULL);
    pipeline_sync(transaction->pipeline, on_rolled_back, transaction);
}

static void on_failed(struct transaction *transaction, const struct pipeline_reply *reply)
{
    const char *sqlstate = reply->sqlstate;
    struct status status = status_of_sqlstate(sqlstate);
    if (status.code == STATUS_INTERNAL)
        log_event(LOG_ERROR, "store.fault", "a write failed that should not", LOG_TEXT("sqlstate", sqlstate),
                  LOG_TEXT("reason", reply->reason));
    if (sqlstate_is(sqlstate, "25006")) /* it has become a standby: another connection may find the primary */
        pipeline_drop(transaction->pipeline, "the database takes no writes");
    transaction->tries_again = is_worth_another(sqlstate) && transaction->attempt_count < ATTEMPTS_MOST;
    transaction_refuse(transaction, status);
}

static void on_reply(void *context, const struct pipeline_reply *reply)
{
    struct transaction *transaction = context;
    bool was_last = transaction->is_committing;
    if (reply->outcome == PIPELINE_LOST) {
        finish(transaction, status_of_loss());
    } else if (reply->outcome == PIPELINE_FAILED) {
        on_failed(transaction, reply);
    } else {
        if (transaction->next)
            transaction->next(transaction, reply->results);
        if (was_last)
            finish(transaction, STATUS_NONE);
    }
}

static void on_start(struct store_job *job, struct pipeline *pipeline)
{
    struct transaction *transaction = (struct transaction *)job;
    transaction->pipeline = pipeline;
    transaction->attempt_count++;
    transaction->tries_again = transaction->is_committing = false;
    transaction->start(transaction);
}

void transaction_finish_shared(struct transaction *transaction, struct status status)
{
    note_end(transaction, status);
    transaction->finish(transaction, status);
}

static void on_refused(struct store_job *job, struct status status)
{
    transaction_finish_shared((struct transaction *)job, status);
}

void transaction_start(struct transaction *transaction, struct store *store,
                       void (*start)(struct transaction *transaction),
                       void (*done)(struct transaction *transaction, struct status status))
{
    *transaction = (struct transaction){.job = {.start = on_start, .refuse = on_refused},
                                        .store = store,
                                        .start = start,
                                        .finish = done,
                                        .start_ns = clock_monotonic_ns()};
    store_submit(store, &transaction->job);
}

void transaction_begin(struct transaction *transaction)
{
    pipeline_send(transaction->pipeline, &begin, NULL);
}

void transaction_send(struct transaction *transaction, const struct statement *statement,
                      const struct parameters *parameters)
{
    pipeline_send(transaction->pipeline, statement, parameters);
}

void transaction_run(struct transaction *transaction,
                     void (*next)(struct transaction *transaction, PGresult *const *results))
{
    transaction->next = next;
    pipeline_sync(transaction->pipeline, on_reply, transaction);
}

static void send_commit(struct transaction *transaction,
                        void (*next)(struct transaction *transaction, PGresult *const *results))
{
    pipeline_send(transaction->pipeline, &commit, NULL);
    transaction->is_committing = true;
    transaction_run(transaction, next);
}

void transaction_commit(struct transaction *transaction,
                        void (*next)(struct transaction *transaction, PGresult *const *results))
{
    pipeline_send(transaction->pipeline, &notify, NULL);
    send_commit(transaction, next);
}

void transaction_commit_quietly(struct transaction *transaction)
{
    send_commit(transaction, NULL);
}

/* ---- the revision line ---- */

void transaction_send_line(struct transaction *transaction)
{
    pipeline_send(transaction->pipeline, &line, NULL);
}

struct line_state line_of(const PGresult *result)
{
    return (struct line_state){.change_set = result_int8(result, 0, 0),
                               .newest = (uint64_t)result_int8(result, 0, 1)};
}

void transaction_send_revision(struct transaction *transaction, struct arena *arena, int64_t change_set,
                               size_t change_count, bool vocabulary)
{
    struct parameters parameters = {.arena = arena};
    parameters_int8(&parameters, change_set);
    parameters_int4(&parameters, (int32_t)change_count);
    parameters_bool(&parameters, vocabulary);
    pipeline_send(transaction->pipeline, &take_revision, &parameters);
}

const char *transaction_revision_sql(void)
{
    return take_revision.sql;
}
