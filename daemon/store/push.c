#include "store/push.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/log.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "store/binary.h"
#include "store/column.h"
#include "store/followed.h"
#include "store/parameter.h"
#include "store/pool.h"
#include "store/push_state.h"

extern const struct embedded_file embedded_push[];

enum { BUSY_RETRY_MS = 500 };

/* ---- the end ---- */

static void free_push(struct store_push *push)
{
    push_link_free(push->link);
    EVP_MD_CTX_free(push->hash);
    for (size_t i = 0; i < PUSH_BLOCKS; i++)
        push_block_fini(&push->blocks[i]);
    arena_free(push->arena);
    free(push);
}

static void on_ended(void *context)
{
    struct store_push *push = context;
    bool is_ok = status_ok(push->status);
    /* Before anybody hears of it: the connection has no locks left. */
    push_link_free(push->link);
    push->link = NULL;
    if (push->is_cancelled) {
        if (push->released)
            push->released(push->options.context);
    } else {
        push->options.done(push->options.context, push->status, is_ok ? push->answer : NULL,
                           is_ok ? push->answer_bytes : 0);
    }
    free_push(push);
}

static void end_when_idle(struct store_push *push)
{
    if (push->job_count || push->is_ending)
        return;
    push->is_ending = true;
    loop_post(store_loop(push->store), on_ended, push);
}

void push_finish(struct store_push *push, struct status status)
{
    if (!push->is_over) {
        push->is_over = true;
        push->status = status;
    }
    end_when_idle(push);
}

static bool sqlstate_is(const char *sqlstate, const char *code)
{
    return strncmp(sqlstate, code, strlen(code)) == 0;
}

struct status push_failure(struct store_push *push, const struct push_reply *reply)
{
    struct status status = status_make(STATUS_UNAVAILABLE, "the database can't take the push now");
    status.retry_ms = BUSY_RETRY_MS;
    const char *sqlstate = reply->sqlstate;
    if (!*sqlstate)
        status.message = push->is_committing
                             ? "the database was lost under way: it is not known whether the push "
                               "happened; send the same request_id again"
                             : "the database was lost; nothing was changed";
    else if (sqlstate_is(sqlstate, "40001") || sqlstate_is(sqlstate, "40P01") ||
             sqlstate_is(sqlstate, "55P03"))
        status.message = "another write to the registry is in the way; nothing was changed";
    else if (!sqlstate_is(sqlstate, "25006") && !sqlstate_is(sqlstate, "53") &&
             !sqlstate_is(sqlstate, "57")) {
        log_event(LOG_ERROR, "store.fault", "a push failed that should not", LOG_TEXT("sqlstate", sqlstate),
                  LOG_TEXT("reason", reply->reason));
        status = status_make(STATUS_INTERNAL, "the push failed");
    }
    return status;
}

/* ---- the stream ---- */

static void advance(struct store_push *push);

static struct push_block *find_block(struct store_push *push, enum push_block_state state)
{
    struct push_block *found = NULL;
    for (size_t i = 0; i < PUSH_BLOCKS; i++) {
        struct push_block *block = &push->blocks[i];
        if (block->state == state && !block->is_under_way && block != push->filling &&
            (!found || block->first_ordinal < found->first_ordinal))
            found = block;
    }
    return found;
}

static bool has_work(const struct store_push *push)
{
    for (size_t i = 0; i < PUSH_BLOCKS; i++)
        if (push->blocks[i].state != PUSH_BLOCK_FREE)
            return true;
    return false;
}

/* What a worker is given: a push and one of its blocks. */
struct block_job {
    struct store_push *push;
    struct push_block *block;
    int64_t took_ns;
};

static void submit(struct store_push *push, struct push_block *block, void (*work)(void *context),
                   void (*done)(void *context))
{
    struct block_job *job = arena_alloc(block->arena, sizeof *job);
    *job = (struct block_job){push, block, 0};
    block->is_under_way = true;
    push->job_count++;
    worker_submit(push->workers, store_loop(push->store), work, done, job);
}

static void take_job_back(struct block_job *job, enum push_block_state state)
{
    struct store_push *push = job->push;
    push->job_count--;
    push->phase_ns[PUSH_PHASE_PREPARE] += job->took_ns;
    job->block->is_under_way = false;
    job->block->state = state;
}

static void prepare_on_worker(void *context)
{
    struct block_job *job = context;
    const struct store_push_options *options = &job->push->options;
    int64_t start_ns = clock_monotonic_ns();
    push_block_prepare(job->block, options->vocabulary, options->registry, job->push->hash);
    job->took_ns = clock_monotonic_ns() - start_ns;
}

static void on_prepared(void *context)
{
    struct block_job *job = context;
    struct store_push *push = job->push;
    take_job_back(job, PUSH_BLOCK_PREPARED);
    advance(push);
}

static void encode_on_worker(void *context)
{
    struct block_job *job = context;
    int64_t start_ns = clock_monotonic_ns();
    push_block_encode(job->block, store_codec(job->push->store), job->push->options.registry);
    job->took_ns = clock_monotonic_ns() - start_ns;
}

static void on_encoded(void *context)
{
    struct block_job *job = context;
    struct store_push *push = job->push;
    take_job_back(job, PUSH_BLOCK_ENCODED);
    push->encoding = NULL;
    advance(push);
}

static void on_compared(void *context, const struct push_reply *reply)
{
    struct store_push *push = context;
    struct push_block *block = push->copying;
    push->copying = NULL;
    push->phase_ns[PUSH_PHASE_COPY] += clock_monotonic_ns() - push->step_start_ns;
    if (!reply->result) {
        push_finish(push, push_failure(push, reply));
        return;
    }
    push_block_compare(block, reply->result);
    block->is_under_way = false;
    block->state = PUSH_BLOCK_COMPARED;
    advance(push);
}

static const char *const table_names[PUSH_TABLE_KINDS] = {"push_change", "push_member", "push_key",
                                                          "push_body"};

static const char *copy_sql(struct arena *arena, unsigned table)
{
    if (table < PUSH_TABLE_KINDS)
        return arena_format(arena, "COPY %s FROM STDIN (FORMAT binary)", table_names[table]);
    return arena_format(arena, "COPY push_%s FROM STDIN (FORMAT binary)",
                        record_table_of(table - PUSH_TABLE_KINDS + 1)->name);
}

static void copy_next(struct store_push *push);

static void on_copied(void *context, const struct push_reply *reply)
{
    struct store_push *push = context;
    push->phase_ns[PUSH_PHASE_COPY] += clock_monotonic_ns() - push->step_start_ns;
    if (!reply->result) {
        push->copying = NULL;
        push_finish(push, push_failure(push, reply));
        return;
    }
    copy_next(push);
}

static void copy_next(struct store_push *push)
{
    struct push_block *block = push->copying;
    while (block->next_table < PUSH_TABLE_COUNT && !block->rows[block->next_table].size)
        block->next_table++;
    if (block->next_table == PUSH_TABLE_COUNT || push->is_over) {
        push_block_clear(block);
        push->copying = NULL;
        advance(push);
        return;
    }
    unsigned table = block->next_table++;
    if (table >= PUSH_TABLE_KINDS)
        push->kind_counts[table - PUSH_TABLE_KINDS + 1]++;
    else if (table == PUSH_TABLE_KEY)
        push->kind_counts[RECORD_NONE]++;
    push->step_start_ns = clock_monotonic_ns();
    push_link_copy(push->link, copy_sql(block->arena, table), block->rows[table].bytes,
                   block->rows[table].size, on_copied, push);
}

/* The connection takes one thing at a time; what is nearest to its end comes first. */
static void use_link(struct store_push *push)
{
    struct push_block *block;
    if (!push->is_open || push->copying)
        return;
    if ((block = find_block(push, PUSH_BLOCK_ENCODED))) {
        block->is_under_way = true;
        push->copying = block;
        copy_next(push);
    } else if ((block = find_block(push, PUSH_BLOCK_PREPARED))) {
        struct parameters parameters;
        const char *sql = push_block_ask(block, push->options.registry, &parameters);
        block->is_under_way = true;
        push->copying = block;
        push->step_start_ns = clock_monotonic_ns();
        push_link_run(push->link, sql, &parameters, on_compared, push);
    }
}

/* Blocks are prepared one after the other, since the request's hash runs through them all. */
static bool is_preparing(const struct store_push *push)
{
    for (size_t i = 0; i < PUSH_BLOCKS; i++)
        if (push->blocks[i].state == PUSH_BLOCK_FILLED && push->blocks[i].is_under_way)
            return true;
    return false;
}

static void use_workers(struct store_push *push)
{
    struct push_block *block;
    if (!is_preparing(push) && (block = find_block(push, PUSH_BLOCK_FILLED)))
        submit(push, block, prepare_on_worker, on_prepared);
    if (!push->encoding && (block = find_block(push, PUSH_BLOCK_COMPARED))) {
        push->encoding = block;
        submit(push, block, encode_on_worker, on_encoded);
    }
}

static void take_more(struct store_push *push)
{
    if (!push->filling)
        push->filling = find_block(push, PUSH_BLOCK_FREE);
    if (push->filling && push->is_held_back) {
        push->is_held_back = false;
        push->options.ready(push->options.context);
    }
}

static void advance(struct store_push *push)
{
    if (push->is_over) {
        end_when_idle(push);
        return;
    }
    use_workers(push);
    use_link(push);
    if (!push->is_ended)
        take_more(push);
    else if (push->is_open && !push->is_merging && !has_work(push)) {
        push->is_merging = true;
        push_merge(push);
    }
}

static void fill_up(struct store_push *push)
{
    push->filling->state = PUSH_BLOCK_FILLED;
    push->filling = find_block(push, PUSH_BLOCK_FREE);
}

bool store_push_add(struct store_push *push, const pb_change *change)
{
    if (push->is_over)
        return true;
    assert(push->filling && push->change_count < INT32_MAX);
    struct push_block *block = push->filling;
    if (!block->count)
        block->first_ordinal = push->change_count;
    push_block_add(block, change);
    push->change_count++;
    if (!push_block_is_full(block))
        return true;
    fill_up(push);
    push->is_held_back = !push->filling;
    advance(push);
    return !push->is_held_back;
}

void store_push_end(struct store_push *push)
{
    push->is_ended = true;
    if (push->filling && push->filling->count)
        push->filling->state = PUSH_BLOCK_FILLED;
    push->filling = NULL;
    advance(push);
}

/* ---- cancelling ---- */

struct cancelling {
    PGcancel *cancel;
};

static void cancel_on_worker(void *context)
{
    char reason[256];
    struct cancelling *cancelling = context;
    PQcancel(cancelling->cancel, reason, sizeof reason);
}

static void on_cancelled(void *context)
{
    struct cancelling *cancelling = context;
    PQfreeCancel(cancelling->cancel);
    free(cancelling);
}

void store_push_cancel(struct store_push *push, void (*released)(void *context))
{
    push->is_cancelled = true;
    push->released = released;
    PGcancel *cancel = push->link && !push->is_committing ? push_link_canceller(push->link) : NULL;
    if (cancel) {
        struct cancelling *cancelling = heap_alloc(sizeof *cancelling);
        cancelling->cancel = cancel;
        worker_submit(push->workers, store_loop(push->store), cancel_on_worker, on_cancelled, cancelling);
    }
    push_finish(push, status_make(STATUS_CANCELLED, "the push was cancelled"));
}

/* ---- opening ---- */

static const char session_sql[] =
    "SET statement_timeout = 60000; SET lock_timeout = 5000; SET client_connection_check_interval = 1000;"
    "SET temp_buffers = '32MB'; SET jit = off; SET synchronize_seqscans = off;"
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;";

static const char registry_sql[] =
    "SELECT upstream, change_set, upstream_epoch, upstream_revision FROM registry WHERE id = $1";

bool push_take_registry(struct store_push *push, const PGresult *result)
{
    struct status status = followed_check(push->arena, push->options.followed, result);
    if (!status_ok(status))
        push_finish(push, status);
    return status_ok(status);
}

/* One that is made by the push is not there yet. */
static bool may_be_missing(const struct store_push *push)
{
    return push->options.followed && push->options.followed->title;
}

static void on_registry(void *context, const struct push_reply *reply)
{
    struct store_push *push = context;
    if (!reply->result) {
        push_finish(push, push_failure(push, reply));
        return;
    }
    if (PQntuples(reply->result) || !may_be_missing(push)) {
        if (!push_take_registry(push, reply->result))
            return;
        push->first_change_set = result_int8(reply->result, 0, 1);
    }
    push->is_open = true;
    advance(push);
}

static void on_staging(void *context, const struct push_reply *reply)
{
    struct store_push *push = context;
    if (!reply->result) {
        push_finish(push, push_failure(push, reply));
        return;
    }
    struct parameters parameters = {.arena = push->arena};
    parameters_text(&parameters, push->options.registry);
    push_link_run(push->link, registry_sql, &parameters, on_registry, push);
}

static void add_kind_table(struct text_buffer *sql, const struct record_table *table)
{
    text_buffer_format(sql, "CREATE TEMP TABLE push_%s AS SELECT 0 AS ordinal", table->name);
    for (size_t i = 0; i < table->column_count; i++)
        text_buffer_format(sql, ", %s", table->columns[i].name);
    text_buffer_format(sql, " FROM %s WITH NO DATA;", table->name);
}

static void on_opened(void *context)
{
    struct store_push *push = context;
    struct text_buffer sql = {0};
    text_buffer_add(&sql, session_sql);
    text_buffer_append(&sql, embedded_push[0].bytes, embedded_push[0].size);
    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_KIND_COUNT; kind++)
        add_kind_table(&sql, record_table_of(kind));
    push_link_run(push->link, sql.bytes, NULL, on_staging, push);
    text_buffer_fini(&sql);
}

static void on_lost(void *context)
{
    struct store_push *push = context;
    struct push_reply lost = {.sqlstate = ""};
    struct status status = push_failure(push, &lost);
    if (!push->is_open)
        status.message = "the database can't be reached";
    push_finish(push, status);
}

static void begin_hash(struct store_push *push)
{
    const struct store_push_options *options = &push->options;
    unsigned char percent[4];
    unsigned char flags[] = {options->full, options->all_or_nothing, options->dry_run};
    binary_put_u32(percent, options->max_delete_percent);
    push->hash = EVP_MD_CTX_new();
    EVP_DigestInit_ex(push->hash, EVP_sha256(), NULL);
    EVP_DigestUpdate(push->hash, options->registry, strlen(options->registry) + 1);
    EVP_DigestUpdate(push->hash, flags, sizeof flags);
    EVP_DigestUpdate(push->hash, percent, sizeof percent);
}

struct store_push *store_push_begin(struct store *store, struct worker_pool *workers,
                                    const struct store_push_options *options)
{
    struct store_push *push = heap_zalloc(sizeof *push);
    push->store = store;
    push->workers = workers;
    push->arena = arena_new(0);
    push->options = *options;
    push->options.registry = arena_strdup(push->arena, options->registry);
    push->options.request_id = arena_strdup(push->arena, options->request_id);
    push->start_ns = clock_monotonic_ns();
    for (size_t i = 0; i < PUSH_BLOCKS; i++)
        push_block_init(&push->blocks[i]);
    push->filling = &push->blocks[0];
    if (*options->request_id)
        begin_hash(push);
    push->link = push_link_new(store_loop(store), store_settings_of(store),
                               &(struct push_link_handlers){.opened = on_opened, .lost = on_lost}, push);
    return push;
}
