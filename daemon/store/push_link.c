#include "store/push_link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "store/dblink.h"
#include "store/parameter.h"

/* A merge may well take minutes; a database that is gone is found out in the end. */
enum { SILENCE_MOST_MS = 30 * 60 * 1000, REASON_BYTES = 300, SLICE_BYTES = 256 << 10 };

struct push_link {
    struct dblink *link;
    struct push_link_handlers handlers;
    void *context;
    bool has_opened, is_busy, is_lost;
    push_done_fn done;
    void *done_context;
    const char *bytes; /* to be copied */
    size_t size;
    PGresult *last;
    char sqlstate[6], reason[REASON_BYTES];
};

static void finish(struct push_link *link, bool lost)
{
    struct push_reply reply = {.sqlstate = link->sqlstate, .reason = link->reason};
    PGresult *last = link->last;
    char sqlstate[sizeof link->sqlstate], reason[REASON_BYTES];
    memcpy(sqlstate, link->sqlstate, sizeof sqlstate);
    memcpy(reason, link->reason, sizeof reason);
    if (lost)
        reply = (struct push_reply){.sqlstate = "", .reason = "the connection was lost"};
    else if (*sqlstate)
        reply = (struct push_reply){.sqlstate = sqlstate, .reason = reason};
    else
        reply.result = last;
    link->last = NULL;
    link->is_busy = false;
    link->sqlstate[0] = '\0';
    dblink_watch(link->link, 0);
    link->done(link->done_context, &reply);
    PQclear(last);
}

static void on_opened(void *context)
{
    struct push_link *link = context;
    if (link->has_opened) /* again: all that was made on the first one is gone */
        return;
    link->has_opened = true;
    link->handlers.opened(link->context);
}

static void on_closed(void *context)
{
    struct push_link *link = context;
    if (link->is_lost)
        return;
    link->is_lost = true;
    if (link->is_busy)
        finish(link, true);
    else
        link->handlers.lost(link->context);
}

/* ---- results ---- */

/* In slices, since libpq keeps a second copy of what the socket doesn't take at once. */
static void send_bytes(struct push_link *link)
{
    PGconn *pg = dblink_pg(link->link);
    int sent = 1;
    for (size_t at = 0; at < link->size && sent == 1; at += SLICE_BYTES) {
        size_t part = link->size - at < SLICE_BYTES ? link->size - at : SLICE_BYTES;
        sent = PQputCopyData(pg, link->bytes + at, (int)part);
    }
    if (sent != 1 || PQputCopyEnd(pg, NULL) != 1)
        dblink_drop(link->link, NULL);
    dblink_flush(link->link);
}

static void note_failure(struct push_link *link, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (link->sqlstate[0])
        return;
    snprintf(link->sqlstate, sizeof link->sqlstate, "%s", sqlstate ? sqlstate : "XX000");
    snprintf(link->reason, sizeof link->reason, "%s", message ? message : "");
}

static void take_result(struct push_link *link, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COPY_IN) {
        PQclear(result);
        send_bytes(link);
        return;
    }
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        note_failure(link, result);
    PQclear(link->last);
    link->last = result;
}

static void on_input(void *context)
{
    struct push_link *link = context;
    PGconn *pg = dblink_pg(link->link);
    while (pg && link->is_busy && PQstatus(pg) == CONNECTION_OK && !PQisBusy(pg)) {
        PGresult *result = PQgetResult(pg);
        if (!result) {
            finish(link, false);
            return;
        }
        bool is_copy = PQresultStatus(result) == PGRES_COPY_IN;
        take_result(link, result);
        if (is_copy)
            return;
    }
}

/* ---- sending ---- */

static void begin(struct push_link *link, push_done_fn done, void *context)
{
    assert(!link->is_busy);
    link->is_busy = true;
    link->done = done;
    link->done_context = context;
    dblink_watch(link->link, SILENCE_MOST_MS);
}

void push_link_run(struct push_link *link, const char *sql, const struct parameters *parameters,
                   push_done_fn done, void *context)
{
    static const int binary[COLUMN_COUNT_MOST] = {[0 ... COLUMN_COUNT_MOST - 1] = 1};
    begin(link, done, context);
    PGconn *pg = dblink_pg(link->link);
    if (!pg) /* `closed` is on its way */
        return;
    int sent = parameters ? PQsendQueryParams(pg, sql, parameters->count, NULL, parameters->values,
                                              parameters->lengths, binary, 1)
                          : PQsendQuery(pg, sql);
    if (!sent)
        dblink_drop(link->link, NULL);
    dblink_flush(link->link);
}

void push_link_copy(struct push_link *link, const char *sql, const void *bytes, size_t size,
                    push_done_fn done, void *context)
{
    link->bytes = bytes;
    link->size = size;
    push_link_run(link, sql, NULL, done, context);
}

PGcancel *push_link_canceller(const struct push_link *link)
{
    PGconn *pg = dblink_pg(link->link);
    return pg && link->is_busy ? PQgetCancel(pg) : NULL;
}

struct push_link *push_link_new(struct loop *loop, const struct store_settings *settings,
                                const struct push_link_handlers *handlers, void *context)
{
    struct push_link *link = heap_zalloc(sizeof *link);
    link->handlers = *handlers;
    link->context = context;
    link->link = dblink_new(
        loop, settings,
        &(struct dblink_handlers){.opened = on_opened, .input = on_input, .closed = on_closed}, link);
    return link;
}

void push_link_free(struct push_link *link)
{
    if (!link)
        return;
    dblink_free(link->link);
    PQclear(link->last);
    free(link);
}
