#include "store/vocabulary.h"

#include <string.h>

#include "base/arena.h"
#include "store/change.h"
#include "store/parameter.h"
#include "store/transaction.h"
#include "store/vocabulary_load.h"
#include "store/vocabulary_rows.h"

/* Two loads of one scheme, one after the other. */
static const struct statement lock_scheme = {
    "lock_scheme", "SELECT pg_advisory_xact_lock(hashtext('partnerd vocabulary'), $1)"};

static const struct statement find_vocabulary = {
    "find_vocabulary", "SELECT version, seed FROM vocabulary WHERE scheme = $1 AND name = $2"};

static const struct statement upsert_vocabulary = {
    "upsert_vocabulary",
    "INSERT INTO vocabulary (scheme, name, version, seed) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (scheme, name) DO UPDATE SET version = EXCLUDED.version, seed = EXCLUDED.seed"};

static const struct statement log_vocabulary = {"log_vocabulary",
                                                "INSERT INTO change_log (change_set, ordinal, kind, id) "
                                                "VALUES ($1, 0, $2, $3::smallint || ' ' || $4::text)"};

struct vocabulary_write {
    struct transaction transaction;
    struct store_vocabulary request;
    const unsigned char *seed;
    struct vocabulary_rows rows;
    int64_t change_set;
    size_t next_row;
    size_t statement_count; /* of the last group of rows, before the one that takes the revision */
    store_vocabulary_done_fn done;
    void *context;
};

static struct vocabulary_write *write_of(struct transaction *transaction)
{
    return (struct vocabulary_write *)transaction;
}

static void on_finish(struct transaction *transaction, struct status status)
{
    struct vocabulary_write *write = write_of(transaction);
    write->done(write->context, status, status_ok(status) ? &write->rows.result : NULL);
}

static void on_written(struct transaction *transaction, PGresult *const *results)
{
    struct vocabulary_write *write = write_of(transaction);
    write->rows.result.revision = (uint64_t)result_int8(results[write->statement_count], 0, 0);
}

/* Words alone leave it to whom it belongs. */
static size_t send_vocabulary(struct vocabulary_write *write)
{
    if (write->request.labels_only)
        return 0;
    struct parameters parameters = {.arena = write->rows.arena};
    parameters_int2(&parameters, (int16_t)write->request.scheme);
    parameters_text(&parameters, write->rows.name);
    parameters_text(&parameters, write->rows.version);
    parameters_bytes(&parameters, write->seed, SEED_CHECKSUM_BYTES);
    transaction_send(&write->transaction, &upsert_vocabulary, &parameters);
    return 1;
}

static size_t send_log(struct vocabulary_write *write, int64_t change_set)
{
    struct parameters parameters = {.arena = write->rows.arena};
    parameters_int8(&parameters, change_set);
    parameters_int2(&parameters, CHANGE_VOCABULARY);
    parameters_int2(&parameters, (int16_t)write->request.scheme);
    parameters_text(&parameters, write->rows.name);
    transaction_send(&write->transaction, &log_vocabulary, &parameters);
    return 1;
}

static void write_more(struct transaction *transaction, PGresult *const *);

/* In several groups where there is much, so that the loop is free in between. */
static void run_rows(struct vocabulary_write *write)
{
    size_t sent;
    bool has_more = vocabulary_rows_send(&write->rows, &write->transaction, &write->next_row, &sent);
    write->statement_count += sent;
    if (has_more) {
        transaction_run(&write->transaction, write_more);
        return;
    }
    write->statement_count += send_log(write, write->change_set);
    transaction_send_revision(&write->transaction, write->rows.arena, write->change_set, 1, true);
    transaction_commit(&write->transaction, on_written);
}

static void write_more(struct transaction *transaction, PGresult *const *)
{
    struct vocabulary_write *write = write_of(transaction);
    write->statement_count = 0;
    run_rows(write);
}

static void write_rows(struct vocabulary_write *write, int64_t change_set)
{
    write->change_set = change_set;
    write->next_row = 0;
    write->statement_count = send_vocabulary(write);
    run_rows(write);
}

enum { RESULT_BEGIN, RESULT_LOCK, RESULT_LINE, RESULT_VOCABULARY, RESULT_CONCEPTS, RESULT_WORDS };

/* A file of the program's own that is there, or that somebody's own load stands in place of. */
static bool is_settled(const struct vocabulary_write *write, const PGresult *vocabulary)
{
    if (!write->seed || PQntuples(vocabulary) == 0)
        return false;
    struct column_value seed = result_blob(vocabulary, 0, 1);
    return seed.size != SEED_CHECKSUM_BYTES || memcmp(seed.bytes, write->seed, SEED_CHECKSUM_BYTES) == 0;
}

static bool is_new_version(const struct vocabulary_write *write, const PGresult *vocabulary)
{
    return !write->request.labels_only && PQntuples(vocabulary) == 1 &&
           strcmp(PQgetvalue(vocabulary, 0, 0), write->rows.version) != 0;
}

static void on_asked(struct transaction *transaction, PGresult *const *results)
{
    struct vocabulary_write *write = write_of(transaction);
    struct line_state line = line_of(results[RESULT_LINE]);
    write->rows.result = (struct store_vocabulary_result){.revision = line.newest};
    if (is_settled(write, results[RESULT_VOCABULARY])) {
        transaction_refuse(transaction, STATUS_NONE);
        return;
    }
    vocabulary_rows_judge(&write->rows, results[RESULT_CONCEPTS], results[RESULT_WORDS]);
    write->rows.result.revision = line.newest;
    bool changes =
        vocabulary_rows_change_something(&write->rows) || is_new_version(write, results[RESULT_VOCABULARY]);
    if (write->request.dry_run) {
        transaction_refuse(transaction, STATUS_NONE);
    } else if (changes) {
        write_rows(write, line.change_set);
    } else {
        if (PQntuples(results[RESULT_VOCABULARY]) == 1)
            send_vocabulary(write);
        transaction_commit_quietly(transaction);
    }
}

static void on_start(struct transaction *transaction)
{
    struct vocabulary_write *write = write_of(transaction);
    struct parameters scheme = {.arena = write->rows.arena}, key = {.arena = write->rows.arena};
    parameters_int4(&scheme, write->request.scheme);
    parameters_int2(&key, (int16_t)write->request.scheme);
    parameters_text(&key, write->rows.name);
    transaction_begin(transaction);
    transaction_send(transaction, &lock_scheme, &scheme);
    transaction_send_line(transaction);
    transaction_send(transaction, &find_vocabulary, &key);
    vocabulary_rows_ask(&write->rows, transaction);
    transaction_run(transaction, on_asked);
}

void vocabulary_load(struct store *store, struct arena *arena, const struct store_vocabulary *vocabulary,
                     const unsigned char *seed_checksum, store_vocabulary_done_fn done, void *context)
{
    struct vocabulary_write *write = arena_zalloc(arena, sizeof *write);
    write->request = *vocabulary;
    write->seed = seed_checksum;
    write->done = done;
    write->context = context;
    if (vocabulary_rows_init(&write->rows, arena, &write->request))
        transaction_start(&write->transaction, store, on_start, on_finish);
    else
        done(context, status_invalid("vocabulary", "vocabulary is not a name, a blank and a version"), NULL);
}

void store_vocabulary_load(struct store *store, struct arena *arena,
                           const struct store_vocabulary *vocabulary, store_vocabulary_done_fn done,
                           void *context)
{
    vocabulary_load(store, arena, vocabulary, NULL, done, context);
}
