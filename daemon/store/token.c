#include "store/token.h"

#include <string.h>

#include "base/arena.h"
#include "store/binary.h"
#include "store/parameter.h"
#include "store/token_row.h"
#include "store/transaction.h"

static const struct statement find_scope = {"find_scope", "SELECT FROM registry WHERE id = $1 FOR KEY SHARE"};

static const struct statement insert_token = {
    "insert_token", "INSERT INTO token (id, title, access, scope, secret_hash, create_time, expire_time)"
                    " VALUES ($1, $2, $3, $4, $5, now(), $6)"};

static const struct statement token_version = {"token_version", "SELECT version FROM token_line"};

static const struct statement lock_token = {"lock_token",
                                            "SELECT revoked FROM token WHERE id = $1 FOR NO KEY UPDATE"};

static const struct statement revoke_token = {"revoke_token",
                                              "UPDATE token SET revoked = true WHERE id = $1"};

static const struct statement list_tokens = {
    "list_tokens", "SELECT " TOKEN_COLUMNS " FROM token t WHERE t.number > $1 ORDER BY t.number LIMIT $2"};

static const struct statement use_tokens = {
    "use_tokens", "UPDATE token SET last_use_time = now() WHERE id = ANY ($1::text[])"};

void token_row_read(struct arena *arena, const PGresult *result, int row, int first_column,
                    struct token *ret_token)
{
    struct column_value hash = result_blob(result, row, first_column + 5);
    *ret_token = (struct token){
        .id = result_text(arena, result, row, first_column),
        .number = result_int8(result, row, first_column + 1),
        .title = result_text(arena, result, row, first_column + 2),
        .access = result_int2(result, row, first_column + 3),
        .scope = result_text(arena, result, row, first_column + 4),
        .create_time_us = result_time_us(result, row, first_column + 6),
        .revoked = result_is_true(result, row, first_column + 9),
    };
    if (hash.size == SECRET_HASH_BYTES)
        memcpy(ret_token->secret_hash, hash.bytes, SECRET_HASH_BYTES);
    if (!PQgetisnull(result, row, first_column + 7))
        ret_token->expire_time_us = result_time_us(result, row, first_column + 7);
    if (!PQgetisnull(result, row, first_column + 8))
        ret_token->last_use_time_us = result_time_us(result, row, first_column + 8);
}

/* ---- changes ---- */

struct token_write {
    struct transaction transaction;
    struct arena *arena;
    struct token token; /* its id alone for a revocation */
    store_token_done_fn done;
    void *context;
    uint64_t version;
};

static void on_written(struct transaction *transaction, struct status status)
{
    struct token_write *write = (struct token_write *)transaction;
    write->done(write->context, status, status_ok(status) ? write->version : 0);
}

static struct token_write *write_new(struct arena *arena, store_token_done_fn done, void *context)
{
    struct token_write *write = arena_zalloc(arena, sizeof *write);
    write->arena = arena;
    write->done = done;
    write->context = context;
    return write;
}

static struct status not_found(const char *field, const char *message)
{
    struct status status = status_make(STATUS_NOT_FOUND, message);
    status.field = field;
    return status;
}

static void on_inserted(struct transaction *transaction, PGresult *const *results)
{
    struct token_write *write = (struct token_write *)transaction;
    if (*write->token.scope && PQntuples(results[1]) == 0) {
        transaction_refuse(transaction, not_found("scope", "the registry of scope is not known"));
        return;
    }
    write->version = (uint64_t)result_int8(results[3], 0, 0);
    transaction_commit_quietly(transaction); /* the table itself tells those who follow */
}

/* As PostgreSQL's binary form has it. */
static void parameters_time_us(struct parameters *parameters, int64_t time_us)
{
    parameters_int8(parameters, time_us - (int64_t)BINARY_EPOCH_SECONDS * 1000000);
}

static void send_token(struct token_write *write)
{
    const struct token *token = &write->token;
    struct parameters parameters = {.arena = write->arena};
    parameters_text(&parameters, token->id);
    parameters_text(&parameters, token->title);
    parameters_int2(&parameters, (int16_t)token->access);
    parameters_text(&parameters, token->scope);
    parameters_bytes(&parameters, token->secret_hash, SECRET_HASH_BYTES);
    if (token->expire_time_us)
        parameters_time_us(&parameters, token->expire_time_us);
    else
        parameters_bytes(&parameters, NULL, 0);
    transaction_send(&write->transaction, &insert_token, &parameters);
}

static void start_create(struct transaction *transaction)
{
    struct token_write *write = (struct token_write *)transaction;
    const char *scope = write->token.scope;
    struct parameters registry = {.arena = write->arena};
    parameters_text(&registry, arena_strndup(write->arena, scope, strcspn(scope, "/")));
    transaction_begin(transaction);
    transaction_send(transaction, &find_scope, &registry);
    send_token(write);
    transaction_send(transaction, &token_version, NULL);
    transaction_run(transaction, on_inserted);
}

void store_token_create(struct store *store, struct arena *arena, const struct token *token,
                        store_token_done_fn done, void *context)
{
    struct token_write *write = write_new(arena, done, context);
    write->token = *token;
    transaction_start(&write->transaction, store, start_create, on_written);
}

static void on_revoked(struct transaction *transaction, PGresult *const *results)
{
    struct token_write *write = (struct token_write *)transaction;
    write->version = (uint64_t)result_int8(results[1], 0, 0);
    transaction_commit_quietly(transaction);
}

static void on_locked(struct transaction *transaction, PGresult *const *results)
{
    struct token_write *write = (struct token_write *)transaction;
    if (PQntuples(results[1]) == 0) {
        transaction_refuse(transaction, not_found("id", "id stands for no token"));
        return;
    }
    if (result_is_true(results[1], 0, 0)) {
        write->version = (uint64_t)result_int8(results[2], 0, 0);
        transaction_refuse(transaction, STATUS_NONE);
        return;
    }
    struct parameters parameters = {.arena = write->arena};
    parameters_text(&parameters, write->token.id);
    transaction_send(transaction, &revoke_token, &parameters);
    transaction_send(transaction, &token_version, NULL);
    transaction_run(transaction, on_revoked);
}

static void start_revoke(struct transaction *transaction)
{
    struct token_write *write = (struct token_write *)transaction;
    struct parameters parameters = {.arena = write->arena};
    parameters_text(&parameters, write->token.id);
    transaction_begin(transaction);
    transaction_send(transaction, &lock_token, &parameters);
    transaction_send(transaction, &token_version, NULL);
    transaction_run(transaction, on_locked);
}

void store_token_revoke(struct store *store, struct arena *arena, const char *id, store_token_done_fn done,
                        void *context)
{
    struct token_write *write = write_new(arena, done, context);
    write->token.id = id;
    transaction_start(&write->transaction, store, start_revoke, on_written);
}

/* ---- the list ---- */

struct token_list {
    struct transaction transaction;
    struct arena *arena;
    int64_t after_number;
    size_t count_most;
    store_token_list_fn done;
    void *context;
    struct token *tokens;
    size_t count;
};

static void on_listed(struct transaction *transaction, struct status status)
{
    struct token_list *list = (struct token_list *)transaction;
    list->done(list->context, status, list->tokens, status_ok(status) ? list->count : 0);
}

static void on_rows(struct transaction *transaction, PGresult *const *results)
{
    struct token_list *list = (struct token_list *)transaction;
    list->count = (size_t)PQntuples(results[1]);
    list->tokens = arena_array(list->arena, list->count, sizeof *list->tokens);
    for (size_t i = 0; i < list->count; i++)
        token_row_read(list->arena, results[1], (int)i, 0, &list->tokens[i]);
    transaction_refuse(transaction, STATUS_NONE);
}

static void start_list(struct transaction *transaction)
{
    struct token_list *list = (struct token_list *)transaction;
    struct parameters parameters = {.arena = list->arena};
    parameters_int8(&parameters, list->after_number);
    parameters_int8(&parameters, (int64_t)list->count_most);
    transaction_begin(transaction);
    transaction_send(transaction, &list_tokens, &parameters);
    transaction_run(transaction, on_rows);
}

void store_token_list(struct store *store, struct arena *arena, int64_t after_number, size_t count_most,
                      store_token_list_fn done, void *context)
{
    struct token_list *list = arena_zalloc(arena, sizeof *list);
    list->arena = arena;
    list->after_number = after_number;
    list->count_most = count_most;
    list->done = done;
    list->context = context;
    transaction_start(&list->transaction, store, start_list, on_listed);
}

/* ---- uses ---- */

struct token_use {
    struct transaction transaction;
    struct arena *arena;
    const char *const *ids;
    size_t count;
    void (*done)(void *context, struct status status);
    void *context;
};

static void on_noted(struct transaction *transaction, struct status status)
{
    struct token_use *use = (struct token_use *)transaction;
    use->done(use->context, status);
}

static void start_use(struct transaction *transaction)
{
    struct token_use *use = (struct token_use *)transaction;
    struct parameters parameters = {.arena = use->arena};
    parameters_texts(&parameters, use->ids, use->count);
    transaction_begin(transaction);
    transaction_send(transaction, &use_tokens, &parameters);
    transaction_commit_quietly(transaction);
}

void store_token_used(struct store *store, struct arena *arena, const char *const *ids, size_t count,
                      void (*done)(void *context, struct status status), void *context)
{
    struct token_use *use = arena_zalloc(arena, sizeof *use);
    use->arena = arena;
    use->ids = ids;
    use->count = count;
    use->done = done;
    use->context = context;
    transaction_start(&use->transaction, store, start_use, on_noted);
}
