#include "store/log_page.h"

#include "base/arena.h"
#include "base/log.h"
#include "store/parameter.h"
#include "store/pipeline.h"

enum { PAGE_ROWS = 1000, PAGE_BYTES = 400 * 1000, RETRY_MS = 500 };

/* Whole revisions as far as they go, then the beginning of one: along keys, whatever the size of a revision, and all of one
 * state of the database. A row weighs 64 bytes more than its message. */
static const struct statement read_page = {
    "log_page",
    "SELECT p.revision, p.time, p.change_count, p.ordinal, p.kind, p.id, p.message FROM ("
    " SELECT v.revision, v.time, v.change_count, l.ordinal, l.kind, l.id, l.message,"
    " sum(coalesce(octet_length(l.message), 0) + 64) OVER (ORDER BY v.revision, l.ordinal ROWS UNBOUNDED "
    "PRECEDING)"
    " - coalesce(octet_length(l.message), 0) AS before"
    " FROM (SELECT r.*, sum(r.change_count) OVER (ORDER BY r.revision) - r.change_count AS rows_before"
    " FROM (SELECT * FROM revision WHERE revision > $1::bigint ORDER BY revision LIMIT $3::integer) r) v"
    " CROSS JOIN LATERAL (SELECT * FROM change_log c WHERE c.change_set = v.change_set AND c.ordinal >"
    " CASE WHEN v.revision = $1::bigint + 1 THEN $2::integer ELSE -1 END"
    " ORDER BY c.ordinal LIMIT $3::integer) l"
    " WHERE v.rows_before < $3::integer) p"
    " WHERE p.before <= $4::integer ORDER BY p.revision, p.ordinal"};

static const struct statement read_line = {
    "log_line", "SELECT newest, trimmed, epoch, place IN ('', database_place()) FROM revision_line"};

static struct status status_unavailable(const char *message)
{
    struct status status = status_make(STATUS_UNAVAILABLE, message);
    status.retry_ms = RETRY_MS;
    return status;
}

static void finish(struct log_page *page, struct status status, const struct log_line *line,
                   const PGresult *rows)
{
    if (page->pipeline)
        store_release(page->store, page->pipeline);
    page->pipeline = NULL;
    struct arena *arena = page->arena;
    page->done(page, status, line, rows);
    arena_reset(arena);
}

static void on_reply(void *context, const struct pipeline_reply *reply)
{
    struct log_page *page = context;
    if (reply->outcome == PIPELINE_LOST) {
        finish(page, status_unavailable("the database was lost"), NULL, NULL);
        return;
    }
    if (reply->outcome == PIPELINE_FAILED) {
        log_event(LOG_WARN, "store.log_failed", "the change log can't be read",
                  LOG_TEXT("sqlstate", reply->sqlstate), LOG_TEXT("reason", reply->reason));
        finish(page, status_unavailable("the database can't read the change log now"), NULL, NULL);
        return;
    }
    const PGresult *line_row = reply->results[page->line_alone ? 0 : 1];
    if (PQntuples(line_row) != 1 || PQgetisnull(line_row, 0, 3)) {
        finish(page, status_unavailable("the database is a standby now"), NULL, NULL);
        return;
    }
    const struct log_line line = {
        .newest = (uint64_t)result_int8(line_row, 0, 0),
        .trimmed = (uint64_t)result_int8(line_row, 0, 1),
        .epoch = result_text(page->arena, line_row, 0, 2),
        .is_settled = result_is_true(line_row, 0, 3),
    };
    finish(page, STATUS_NONE, &line, page->line_alone ? NULL : reply->results[0]);
}

static void on_start(struct store_job *job, struct pipeline *pipeline)
{
    struct log_page *page = (struct log_page *)job;
    page->pipeline = pipeline;
    if (!page->line_alone) {
        struct parameters parameters = {.arena = page->arena};
        parameters_int8(&parameters, (int64_t)page->after_revision);
        parameters_int4(&parameters, page->after_ordinal);
        parameters_int4(&parameters, PAGE_ROWS);
        parameters_int4(&parameters, PAGE_BYTES);
        pipeline_send(pipeline, &read_page, &parameters);
    }
    pipeline_send(pipeline, &read_line, NULL);
    pipeline_sync(pipeline, on_reply, page);
}

static void on_refused(struct store_job *job, struct status status)
{
    finish((struct log_page *)job, status, NULL, NULL);
}

static void submit(struct log_page *page)
{
    page->job = (struct store_job){.start = on_start, .refuse = on_refused};
    page->pipeline = NULL;
    store_submit(page->store, &page->job);
}

void log_page_read_line(struct log_page *page)
{
    page->line_alone = true;
    submit(page);
}

void log_page_read(struct log_page *page, uint64_t after_revision, int32_t after_ordinal)
{
    page->line_alone = false;
    page->after_revision = after_revision;
    page->after_ordinal = after_ordinal;
    submit(page);
}

struct log_row log_row_of(const PGresult *rows, int row)
{
    struct column_value message = result_blob(rows, row, 6);
    int16_t kind = result_int2(rows, row, 4);
    return (struct log_row){
        .revision = (uint64_t)result_int8(rows, row, 0),
        .time_us = result_time_us(rows, row, 1),
        .change_count = result_int4(rows, row, 2),
        .ordinal = result_int4(rows, row, 3),
        .kind = kind > RECORD_NONE && kind < RECORD_KIND_COUNT ? (enum record_kind)kind : RECORD_NONE,
        .id = PQgetvalue(rows, row, 5),
        .packed = message.size >= 0 ? message.bytes : NULL,
        .packed_bytes = message.size >= 0 ? (size_t)message.size : 0,
    };
}
