#include "store/batch.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/arena.h"
#include "model/batch.h"
#include "store/batch_share.h"
#include "store/batch_write.h"
#include "store/followed.h"
#include "store/parameter.h"

static const struct statement lock_registry = {"lock_registry", followed_lock_sql};
static const struct statement move_place = {"move_place", followed_place_sql};

/* One of the ids that stands for something else than an offer or a need of that organisation. */
static const struct statement find_foreign = {
    "find_foreign", "SELECT id FROM record r WHERE id = ANY ($1::text[])"
                    " AND NOT EXISTS (SELECT FROM offer WHERE id = r.id AND organisation_id = $2)"
                    " AND NOT EXISTS (SELECT FROM need WHERE id = r.id AND organisation_id = $2) LIMIT 1"};

static const struct statement find_request = {
    "find_request",
    "SELECT hash, answer FROM request"
    " WHERE scope = $1 AND method = $2 AND request_id = $3 AND time > now() - interval '7 days'"};

static const struct statement keep_answer = {
    "keep_answer", "INSERT INTO request (scope, method, request_id, hash, answer, time)"
                   " VALUES ($1, $2, $3, $4, $5, now())"
                   " ON CONFLICT (scope, method, request_id) DO UPDATE"
                   " SET hash = EXCLUDED.hash, answer = EXCLUDED.answer, time = EXCLUDED.time"};

static struct batch_write *write_of(struct transaction *transaction)
{
    return (struct batch_write *)transaction;
}

static bool keeps_answer(const struct batch_write *write)
{
    return write->request.request_id[0] && !write->request.dry_run;
}

static void pack_answer(struct batch_write *write, uint64_t revision)
{
    write->answer = write->request.pack(write->request.context, write->request.arena, write->request.batch,
                                        revision, &write->answer_bytes);
}

/* ---- last: telling ---- */

static void on_start(struct transaction *transaction);
static void on_finish(struct transaction *transaction, struct status status);

static struct batch_write *take_next(struct batch_write *first)
{
    struct batch_write *next = first->next;
    if (next) {
        first->next = next->next;
        next->next = NULL;
    }
    return next;
}

static void start_alone(struct batch_write *write)
{
    write->stays_alone = true;
    transaction_start(&write->transaction, write->transaction.store, on_start, on_finish);
}

/* A fault of the program: only the one that it comes from may see it. */
static void part(struct batch_write *first)
{
    struct batch_write *write;
    while ((write = take_next(first)))
        start_alone(write);
    start_alone(first);
}

/* What is told of all may lie in the first one's arena, which may be gone before the others are told: their callers are on
 * other threads. */
static struct status copy_for(const struct batch_write *write, struct status status)
{
    if (status.message)
        status.message = arena_strdup(write->request.arena, status.message);
    return status;
}

static void on_finish(struct transaction *transaction, struct status status)
{
    struct batch_write *write = write_of(transaction), *next;
    if (write->next && status.code == STATUS_INTERNAL) {
        part(write);
        return;
    }
    while ((next = take_next(write)))
        transaction_finish_shared(&next->transaction, copy_for(next, status));
    if (status_ok(status))
        status = write->status;
    bool is_answered = status_ok(status);
    write->request.done(write->request.context, status, is_answered ? write->answer : NULL,
                        is_answered ? write->answer_bytes : 0);
}

/* ---- third: the answer ---- */

static struct parameters request_key(const struct batch_write *write)
{
    struct parameters parameters = {.arena = write->request.arena};
    parameters_text(&parameters, write->request.batch->registry);
    parameters_text(&parameters, write->request.method);
    parameters_text(&parameters, write->request.request_id);
    return parameters;
}

static bool moves_place(const struct batch_write *first)
{
    return first->request.followed && !first->is_settled;
}

static void send_place(struct batch_write *first)
{
    if (!moves_place(first))
        return;
    struct parameters place = {.arena = first->request.arena};
    followed_add_place(first->request.followed, first->request.batch->registry, &place);
    transaction_send(&first->transaction, &move_place, &place);
}

/* Returns how many are kept. */
static size_t send_answers(struct batch_write *first)
{
    size_t count = 0;
    for (struct batch_write *write = first; write; write = write->next) {
        if (!keeps_answer(write) || write->is_settled)
            continue;
        struct parameters parameters = request_key(write);
        parameters_bytes(&parameters, write->request.request_hash, REQUEST_HASH_BYTES);
        parameters_bytes(&parameters, write->answer ? write->answer : "", write->answer_bytes);
        transaction_send(&first->transaction, &keep_answer, &parameters);
        count++;
    }
    return count;
}

static void on_written(struct transaction *transaction, PGresult *const *results)
{
    struct batch_write *first = write_of(transaction);
    results += first->statement_count;
    for (struct batch_write *write = first; write; write = write->next)
        if (write->is_changing)
            pack_answer(write, (uint64_t)result_int8(*results++, 0, 0));
}

static void keep_written(struct transaction *transaction, PGresult *const *results)
{
    on_written(transaction, results);
    send_answers(write_of(transaction));
    transaction_commit(transaction, NULL);
}

/* ---- second: the records ---- */

static bool any_keeps_answer(const struct batch_write *first)
{
    for (; first; first = first->next)
        if (keeps_answer(first) && !first->is_settled)
            return true;
    return false;
}

/* An answer that is kept says the revision, which comes first; else nothing is waited for while the locks are held. */
static void commit_records(struct batch_write *first)
{
    if (any_keeps_answer(first))
        transaction_run(&first->transaction, keep_written);
    else
        transaction_commit(&first->transaction, on_written);
}

static void send_revisions(struct batch_write *first)
{
    for (struct batch_write *write = first; write; write = write->next)
        if (write->is_changing)
            transaction_send_revision(&first->transaction, write->request.arena, write->change_set,
                                      write->change_count, false);
}

static void write_records(struct transaction *transaction, PGresult *const *);

/* A small batch goes in one group, a large one in several, so that the loop is free in between. */
static void run_records(struct batch_write *first)
{
    struct transaction *transaction = &first->transaction;
    first->statement_count +=
        batch_rows_send_records(&first->rows, transaction, first->next_row, &first->next_row);
    if (first->next_row < first->rows.count) {
        transaction_run(transaction, write_records);
        return;
    }
    first->statement_count += batch_rows_send_last(&first->rows, transaction);
    send_revisions(first);
    send_place(first);
    commit_records(first);
}

static void write_records(struct transaction *transaction, PGresult *const *)
{
    struct batch_write *first = write_of(transaction);
    first->statement_count = 0;
    run_records(first);
}

static void write_rows(struct batch_write *first)
{
    first->rows.by_institution = first->request.institution != NULL;
    first->next_row = 0;
    first->statement_count = batch_rows_send_first(&first->rows, &first->transaction);
    run_records(first);
}

static void leave_as_it_is(struct batch_write *first)
{
    send_place(first);
    if (send_answers(first) || moves_place(first))
        transaction_commit_quietly(&first->transaction);
    else
        transaction_refuse(&first->transaction, STATUS_NONE);
}

/* ---- first: what stands there ---- */

enum { RESULT_BEGIN, RESULT_LOCK, RESULT_LINE };

static struct status say_foreign(struct arena *arena, const PGresult *result)
{
    return status_format(arena, STATUS_PERMISSION_DENIED, NULL,
                         "%s stands for a record that the token doesn't write",
                         result_text(arena, result, 0, 0));
}

/* True: the request has its answer, or is refused. */
static bool answer_again(struct batch_write *write, const PGresult *result)
{
    if (PQntuples(result) == 0)
        return false;
    struct column_value hash = result_blob(result, 0, 0), answer = result_blob(result, 0, 1);
    if (hash.size != REQUEST_HASH_BYTES ||
        memcmp(hash.bytes, write->request.request_hash, REQUEST_HASH_BYTES) != 0) {
        write->status =
            status_invalid("request_id", "request_id was used before, for a request with other content");
        write->status.reason = "REQUEST_ID_REUSED";
        return true;
    }
    write->answer = arena_copy(write->request.arena, answer.bytes, (size_t)answer.size);
    write->answer_bytes = (size_t)answer.size;
    return true;
}

static void judge(struct batch_write *write, const struct batch_facts *facts)
{
    struct batch *batch = write->request.batch;
    if (batch->count)
        memcpy(batch->changes, write->prepared, batch->count * sizeof *write->prepared);
    batch_judge(write->request.arena, batch, facts);
    write->is_changing = !write->request.dry_run && batch_changes_something(batch);
}

/* Whether there is anything to write. */
static bool judge_all(struct batch_write *first, const struct batch_facts *facts, uint64_t newest)
{
    size_t most = 0;
    for (struct batch_write *write = first; write; write = write->next)
        most += write->request.batch->count;
    batch_rows_init(&first->rows, first->request.arena, first->request.batch->registry, most);
    for (struct batch_write *write = first; write; write = write->next) {
        if (write->is_settled)
            continue;
        judge(write, facts);
        if (write->is_changing)
            write->change_count = batch_rows_add(&first->rows, write->request.batch, write->change_set);
        else
            pack_answer(write, newest);
    }
    return first->rows.count;
}

/* The results of what was asked for each: returns those behind. */
static PGresult *const *read_requests(struct batch_write *first, PGresult *const *results)
{
    for (struct batch_write *write = first; write; write = write->next)
        write->change_set = line_of(*results++).change_set;
    for (struct batch_write *write = first; write; write = write->next) {
        write->status = STATUS_NONE;
        write->is_changing = false;
        write->is_settled = keeps_answer(write) && answer_again(write, *results++);
    }
    return results;
}

static void on_facts(struct transaction *transaction, PGresult *const *results)
{
    struct batch_write *first = write_of(transaction);
    struct arena *arena = first->request.arena;
    struct status status = followed_check(arena, first->request.followed, results[RESULT_LOCK]);
    if (!status_ok(status)) {
        transaction_refuse(transaction, status);
        return;
    }
    uint64_t newest = line_of(results[RESULT_LINE]).newest;
    results = read_requests(first, results + RESULT_LINE);
    if (first->request.institution && PQntuples(*results++) && !first->is_settled) {
        transaction_refuse(transaction, say_foreign(arena, results[-1]));
        return;
    }
    struct batch_facts facts;
    batch_rows_facts(arena, &first->all_wanted, results, &facts);
    if (judge_all(first, &facts, newest))
        write_rows(first);
    else
        leave_as_it_is(first);
}

static void ask_foreign(struct batch_write *write)
{
    struct parameters parameters = {.arena = write->request.arena};
    const struct batch *batch = write->request.batch;
    const char **ids = arena_array(write->request.arena, batch->count, sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (id_is_valid(batch->changes[i].id) && id_is_of_registry(batch->changes[i].id, batch->registry))
            ids[count++] = batch->changes[i].id;
    parameters_texts(&parameters, ids, count);
    parameters_text(&parameters, write->request.institution);
    transaction_send(&write->transaction, &find_foreign, &parameters);
}

/* For each of those that share it. */
static void ask_requests(struct batch_write *first)
{
    for (struct batch_write *write = first; write; write = write->next)
        transaction_send_line(&first->transaction);
    for (struct batch_write *write = first; write; write = write->next) {
        if (!keeps_answer(write))
            continue;
        struct parameters key = request_key(write);
        transaction_send(&first->transaction, &find_request, &key);
    }
}

static void on_start(struct transaction *transaction)
{
    struct batch_write *first = write_of(transaction);
    batch_share_take(first);
    batch_share_want(first, &first->all_wanted);
    struct parameters registry = {.arena = first->request.arena};
    parameters_text(&registry, first->request.batch->registry);
    transaction_begin(transaction);
    transaction_send(transaction, &lock_registry, &registry);
    ask_requests(first);
    if (first->request.institution)
        ask_foreign(first);
    batch_rows_ask(transaction, first->request.arena, first->request.batch->registry, &first->all_wanted);
    transaction_run(transaction, on_facts);
}

static bool is_hashed(const struct batch_change *change)
{
    static const unsigned char none[CONTENT_HASH_BYTES];
    return memcmp(change->content_hash, none, CONTENT_HASH_BYTES) != 0;
}

void store_batch_hash(struct batch_change *change)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    if (!change->packed || is_hashed(change))
        return;
    SHA256(change->packed, change->packed_bytes, hash);
    memcpy(change->content_hash, hash, CONTENT_HASH_BYTES);
}

void store_batch_apply(struct store *store, const struct store_batch *request)
{
    struct batch_write *write = arena_zalloc(request->arena, sizeof *write);
    write->request = *request;
    if (!write->request.request_id)
        write->request.request_id = "";
    for (size_t i = 0; i < request->batch->count; i++)
        store_batch_hash(&request->batch->changes[i]);
    batch_want(request->arena, request->batch, &write->wanted);
    write->prepared =
        arena_copy(request->arena, request->batch->changes, request->batch->count * sizeof *write->prepared);
    transaction_start(&write->transaction, store, on_start, on_finish);
}
