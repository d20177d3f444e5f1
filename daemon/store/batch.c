#include "store/batch.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/arena.h"
#include "model/batch.h"
#include "store/batch_rows.h"
#include "store/followed.h"
#include "store/parameter.h"
#include "store/transaction.h"

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

/* In the call's arena, for as long as the write takes. */
struct batch_write {
    struct transaction transaction;
    struct store_batch request;
    struct batch_wanted wanted;
    struct batch_change *prepared; /* the changes as they came: each attempt judges them anew */
    int64_t change_set;
    struct batch_rows rows;
    size_t next_row;
    size_t statement_count; /* of the last group of rows, before the one that takes the revision */
    const void *answer;
    size_t answer_bytes;
};

static struct batch_write *write_of(struct transaction *transaction)
{
    return (struct batch_write *)transaction;
}

static bool keeps_answer(const struct batch_write *write)
{
    return write->request.request_id[0] && !write->request.dry_run;
}

static void on_finish(struct transaction *transaction, struct status status)
{
    struct batch_write *write = write_of(transaction);
    bool is_answered = status_ok(status);
    write->request.done(write->request.context, status, is_answered ? write->answer : NULL,
                        is_answered ? write->answer_bytes : 0);
}

static void pack_answer(struct batch_write *write, uint64_t revision)
{
    write->answer = write->request.pack(write->request.context, write->request.arena, write->request.batch,
                                        revision, &write->answer_bytes);
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

static void send_place(struct batch_write *write)
{
    if (!write->request.followed)
        return;
    struct parameters place = {.arena = write->request.arena};
    followed_add_place(write->request.followed, write->request.batch->registry, &place);
    transaction_send(&write->transaction, &move_place, &place);
}

static void send_answer(struct batch_write *write)
{
    if (!keeps_answer(write))
        return;
    struct parameters parameters = request_key(write);
    parameters_bytes(&parameters, write->request.request_hash, REQUEST_HASH_BYTES);
    parameters_bytes(&parameters, write->answer ? write->answer : "", write->answer_bytes);
    transaction_send(&write->transaction, &keep_answer, &parameters);
}

static void on_written(struct transaction *transaction, PGresult *const *results)
{
    struct batch_write *write = write_of(transaction);
    pack_answer(write, (uint64_t)result_int8(results[write->statement_count], 0, 0));
}

static void keep_written(struct transaction *transaction, PGresult *const *results)
{
    on_written(transaction, results);
    send_answer(write_of(transaction));
    transaction_commit(transaction, NULL);
}

/* ---- second: the records ---- */

/* An answer that is kept says the revision, which comes first; else nothing is waited for while the locks are held. */
static void commit_records(struct batch_write *write)
{
    if (keeps_answer(write))
        transaction_run(&write->transaction, keep_written);
    else
        transaction_commit(&write->transaction, on_written);
}

static void write_records(struct transaction *transaction, PGresult *const *);

/* A small batch goes in one group, a large one in several, so that the loop is free in between. */
static void run_records(struct batch_write *write)
{
    struct transaction *transaction = &write->transaction;
    write->statement_count +=
        batch_rows_send_records(&write->rows, transaction, write->next_row, &write->next_row);
    if (write->next_row < write->rows.count) {
        transaction_run(transaction, write_records);
        return;
    }
    write->statement_count += batch_rows_send_last(&write->rows, transaction);
    transaction_send_revision(transaction, write->request.arena, write->change_set, write->rows.count, false);
    send_place(write);
    commit_records(write);
}

static void write_records(struct transaction *transaction, PGresult *const *)
{
    struct batch_write *write = write_of(transaction);
    write->statement_count = 0;
    run_records(write);
}

static void write_batch(struct batch_write *write)
{
    batch_rows_init(&write->rows, write->request.arena, write->request.batch, write->change_set);
    write->rows.by_institution = write->request.institution != NULL;
    write->next_row = 0;
    write->statement_count = batch_rows_send_first(&write->rows, &write->transaction);
    run_records(write);
}

static void leave_as_it_is(struct batch_write *write, uint64_t newest)
{
    pack_answer(write, newest);
    send_place(write);
    send_answer(write);
    transaction_commit_quietly(&write->transaction);
}

/* ---- first: what stands there ---- */

enum { RESULT_BEGIN, RESULT_LOCK, RESULT_LINE, RESULT_FACTS };

static struct status say_foreign(struct arena *arena, const PGresult *result)
{
    return status_format(arena, STATUS_PERMISSION_DENIED, NULL,
                         "%s stands for a record that the token doesn't write",
                         result_text(arena, result, 0, 0));
}

/* True: the request has its answer. */
static bool answer_again(struct batch_write *write, const PGresult *result)
{
    if (PQntuples(result) == 0)
        return false;
    struct column_value hash = result_blob(result, 0, 0), answer = result_blob(result, 0, 1);
    if (hash.size != REQUEST_HASH_BYTES ||
        memcmp(hash.bytes, write->request.request_hash, REQUEST_HASH_BYTES) != 0) {
        struct status status =
            status_invalid("request_id", "request_id was used before, for a request with other content");
        status.reason = "REQUEST_ID_REUSED";
        transaction_refuse(&write->transaction, status);
        return true;
    }
    write->answer = arena_copy(write->request.arena, answer.bytes, (size_t)answer.size);
    write->answer_bytes = (size_t)answer.size;
    transaction_refuse(&write->transaction, STATUS_NONE);
    return true;
}

/* True: the registry is not to be written. */
static bool refuse_batch(struct batch_write *write, PGresult *const *results)
{
    struct status status =
        followed_check(write->request.arena, write->request.followed, results[RESULT_LOCK]);
    if (!status_ok(status))
        transaction_refuse(&write->transaction, status);
    return !status_ok(status);
}

static void on_facts(struct transaction *transaction, PGresult *const *results)
{
    struct batch_write *write = write_of(transaction);
    struct line_state line = line_of(results[RESULT_LINE]);
    if (refuse_batch(write, results))
        return;
    results += RESULT_FACTS;
    if (keeps_answer(write) && answer_again(write, *results++))
        return;
    if (write->request.institution && PQntuples(*results++)) {
        transaction_refuse(transaction, say_foreign(write->request.arena, results[-1]));
        return;
    }
    struct batch_facts facts;
    batch_rows_facts(write->request.arena, &write->wanted, results, &facts);
    if (write->request.batch->count)
        memcpy(write->request.batch->changes, write->prepared,
               write->request.batch->count * sizeof *write->prepared);
    batch_judge(write->request.arena, write->request.batch, &facts);
    write->change_set = line.change_set;
    if (write->request.dry_run) {
        pack_answer(write, line.newest);
        transaction_refuse(transaction, STATUS_NONE);
    } else if (batch_changes_something(write->request.batch)) {
        write_batch(write);
    } else {
        leave_as_it_is(write, line.newest);
    }
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

static void on_start(struct transaction *transaction)
{
    struct batch_write *write = write_of(transaction);
    struct parameters registry = {.arena = write->request.arena};
    parameters_text(&registry, write->request.batch->registry);
    transaction_begin(transaction);
    transaction_send(transaction, &lock_registry, &registry);
    transaction_send_line(transaction);
    if (keeps_answer(write)) {
        struct parameters key = request_key(write);
        transaction_send(transaction, &find_request, &key);
    }
    if (write->request.institution)
        ask_foreign(write);
    batch_rows_ask(transaction, write->request.arena, write->request.batch->registry, &write->wanted);
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
