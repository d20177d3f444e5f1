#include "store/registry.h"

#include "base/arena.h"
#include "model/record.h"
#include "store/change.h"
#include "store/parameter.h"
#include "store/transaction.h"

static const struct statement insert_registry = {"insert_registry",
                                                 "INSERT INTO registry (id, title, change_set) VALUES ($1, "
                                                 "$2, 0) ON CONFLICT (id) DO NOTHING RETURNING id"};

/* Not by the former one's snapshot, which another transaction's row may be too new for. */
static const struct statement find_registry = {"find_registry",
                                               "SELECT upstream FROM registry WHERE id = $1"};

static const struct statement date_registry = {"date_registry",
                                               "UPDATE registry SET change_set = $2 WHERE id = $1"};

static const struct statement log_registry = {
    "log_registry",
    "INSERT INTO change_log (change_set, ordinal, kind, id, message) VALUES ($1, 0, $2, $3, $4)"};

struct registry_write {
    struct transaction transaction;
    struct arena *arena;
    const char *id, *title;
    store_registry_done_fn done;
    void *context;
    uint64_t revision;
};

static void on_finish(struct transaction *transaction, struct status status)
{
    struct registry_write *write = (struct registry_write *)transaction;
    write->done(write->context, status, status_ok(status) ? write->revision : 0);
}

static void on_written(struct transaction *transaction, PGresult *const *results)
{
    struct registry_write *write = (struct registry_write *)transaction;
    write->revision = (uint64_t)result_int8(results[2], 0, 0);
}

static void send_log(struct registry_write *write, int64_t change_set)
{
    Partner__V1__Registry message = PARTNER__V1__REGISTRY__INIT;
    message.id = (char *)write->id;
    message.title = (char *)write->title;
    size_t bytes = protobuf_c_message_get_packed_size(&message.base);
    void *packed = arena_alloc(write->arena, bytes);
    protobuf_c_message_pack(&message.base, packed);
    struct parameters parameters = {.arena = write->arena};
    parameters_int8(&parameters, change_set);
    parameters_int2(&parameters, CHANGE_REGISTRY);
    parameters_text(&parameters, write->id);
    parameters_bytes(&parameters, packed, bytes);
    transaction_send(&write->transaction, &log_registry, &parameters);
}

static struct status say_there(struct arena *arena, const PGresult *result)
{
    const char *upstream = PQntuples(result) ? result_text(arena, result, 0, 0) : "";
    struct status status = status_make(STATUS_ALREADY_EXISTS, "id stands for a registry already");
    status.field = "id";
    if (!*upstream)
        return status;
    status = status_format(arena, STATUS_FAILED_PRECONDITION, "id",
                           "id stands for a registry that is followed from %s", upstream);
    status.reason = "REGISTRY_FOLLOWED";
    return status;
}

static void on_inserted(struct transaction *transaction, PGresult *const *results)
{
    struct registry_write *write = (struct registry_write *)transaction;
    if (PQntuples(results[2]) == 0) {
        transaction_refuse(transaction, say_there(write->arena, results[3]));
        return;
    }
    int64_t change_set = line_of(results[1]).change_set;
    struct parameters parameters = {.arena = write->arena};
    parameters_text(&parameters, write->id);
    parameters_int8(&parameters, change_set);
    transaction_send(transaction, &date_registry, &parameters);
    send_log(write, change_set);
    transaction_send_revision(transaction, write->arena, change_set, 1, false);
    transaction_commit(transaction, on_written);
}

static void on_start(struct transaction *transaction)
{
    struct registry_write *write = (struct registry_write *)transaction;
    struct parameters parameters = {.arena = write->arena};
    parameters_text(&parameters, write->id);
    parameters_text(&parameters, write->title);
    transaction_begin(transaction);
    transaction_send_line(transaction);
    struct parameters id = {.arena = write->arena};
    parameters_text(&id, write->id);
    transaction_send(transaction, &insert_registry, &parameters);
    transaction_send(transaction, &find_registry, &id);
    transaction_run(transaction, on_inserted);
}

void store_registry_create(struct store *store, struct arena *arena, const char *id, const char *title,
                           store_registry_done_fn done, void *context)
{
    struct registry_write *write = arena_zalloc(arena, sizeof *write);
    write->arena = arena;
    write->id = id;
    write->title = title;
    write->done = done;
    write->context = context;
    transaction_start(&write->transaction, store, on_start, on_finish);
}
