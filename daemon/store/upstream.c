#include "store/upstream.h"

#include "base/arena.h"
#include "store/parameter.h"
#include "store/transaction.h"

/* A lock of the session: it goes with the connection, and taken again it is held all the more. */
static const struct statement take_locks = {
    "upstream_locks", "SELECT pg_try_advisory_lock(hashtextextended('partnerd upstream ' || n.name, 0))"
                      " FROM unnest($1::text[]) WITH ORDINALITY AS n (name, place) ORDER BY n.place"};

static const struct statement say_upstream = {
    "upstream_say",
    "INSERT INTO upstream (name, url, connected, newest, contact_time, error, left_out, rejected)"
    " VALUES ($1, $2, $3, $4, CASE WHEN $5::bigint > 0 THEN timestamptz 'epoch' + $5::bigint * interval '1 "
    "us' END,"
    " $6, $7::text[], ARRAY[$8, $9, $10, $11]::bigint[])"
    " ON CONFLICT (name) DO UPDATE SET url = EXCLUDED.url, connected = EXCLUDED.connected, newest = "
    "EXCLUDED.newest,"
    " contact_time = EXCLUDED.contact_time, error = EXCLUDED.error, left_out = EXCLUDED.left_out,"
    " rejected = EXCLUDED.rejected"};

/* Never back: what was written in between has moved it further. */
static const struct statement say_moved = {
    "upstream_moved",
    "UPDATE registry SET upstream_revision = greatest(upstream_revision, $4::bigint), upstream_error = $5,"
    " upstream_time = CASE WHEN $6::bigint > 0 THEN timestamptz 'epoch' + $6::bigint * interval '1 us' END"
    " WHERE id = $1 AND upstream = $2 AND upstream_epoch = $3"};

static const struct statement read_upstreams = {
    "upstream_read", "SELECT name, url, connected, newest, coalesce(contact_time, 'epoch'), error, left_out,"
                     " rejected[1], rejected[2], rejected[3], rejected[4] FROM upstream ORDER BY name"};

static const struct statement read_registries = {
    "upstream_registries", "SELECT id, upstream, upstream_epoch, upstream_revision,"
                           " coalesce(upstream_time, 'epoch'), upstream_error FROM registry ORDER BY id"};

/* In the look's arena. */
struct looking {
    struct transaction transaction;
    struct upstream_look *look;
};

static struct upstream_look *look_of(struct transaction *transaction)
{
    return ((struct looking *)transaction)->look;
}

static void on_finish(struct transaction *transaction, struct status status)
{
    struct upstream_look *look = look_of(transaction);
    look->done(look, status);
}

/* ---- what is found ---- */

static void take_held(struct upstream_look *look, const PGresult *result)
{
    look->held = arena_array(look->arena, look->name_count, sizeof *look->held);
    for (int row = 0; row < PQntuples(result) && (size_t)row < look->name_count; row++)
        look->held[row] = result_is_true(result, row, 0);
}

static void take_upstreams(struct upstream_look *look, const PGresult *result)
{
    look->upstream_count = (size_t)PQntuples(result);
    look->upstreams = arena_array(look->arena, look->upstream_count, sizeof *look->upstreams);
    for (int row = 0; row < (int)look->upstream_count; row++) {
        struct upstream_state *state = &look->upstreams[row];
        *state = (struct upstream_state){
            .name = result_text(look->arena, result, row, 0),
            .url = result_text(look->arena, result, row, 1),
            .connected = result_is_true(result, row, 2),
            .newest = (uint64_t)result_int8(result, row, 3),
            .contact_us = result_time_us(result, row, 4),
            .error = result_text(look->arena, result, row, 5),
            .left_out = result_texts(look->arena, result, row, 6),
        };
        for (int i = 0; i < FAULT_COUNT; i++)
            state->rejected[i] = (uint64_t)result_int8(result, row, 7 + i);
    }
}

static void take_registries(struct upstream_look *look, const PGresult *result)
{
    look->registry_count = (size_t)PQntuples(result);
    look->registries = arena_array(look->arena, look->registry_count, sizeof *look->registries);
    for (int row = 0; row < (int)look->registry_count; row++)
        look->registries[row] = (struct followed_state){
            .registry = result_text(look->arena, result, row, 0),
            .upstream = result_text(look->arena, result, row, 1),
            .epoch = result_text(look->arena, result, row, 2),
            .revision = (uint64_t)result_int8(result, row, 3),
            .in_step_us = result_time_us(result, row, 4),
            .error = result_text(look->arena, result, row, 5),
        };
}

static void on_found(struct transaction *transaction, PGresult *const *results)
{
    struct upstream_look *look = look_of(transaction);
    results += 1; /* BEGIN */
    take_held(look, *results++);
    results += look->say_count + look->moved_count;
    take_upstreams(look, *results++);
    take_registries(look, *results++);
    transaction_commit_quietly(transaction);
}

/* ---- what is said ---- */

static void send_say(struct transaction *transaction, const struct upstream_state *state)
{
    struct parameters parameters = {.arena = look_of(transaction)->arena};
    parameters_text(&parameters, state->name);
    parameters_text(&parameters, state->url);
    parameters_bool(&parameters, state->connected);
    parameters_int8(&parameters, (int64_t)state->newest);
    parameters_int8(&parameters, state->contact_us);
    parameters_text(&parameters, state->error);
    parameters_texts(&parameters, state->left_out.items, state->left_out.count);
    for (int i = 0; i < FAULT_COUNT; i++)
        parameters_int8(&parameters, (int64_t)state->rejected[i]);
    transaction_send(transaction, &say_upstream, &parameters);
}

static void send_moved(struct transaction *transaction, const struct followed_state *state)
{
    struct parameters parameters = {.arena = look_of(transaction)->arena};
    parameters_text(&parameters, state->registry);
    parameters_text(&parameters, state->upstream);
    parameters_text(&parameters, state->epoch);
    parameters_int8(&parameters, (int64_t)state->revision);
    parameters_text(&parameters, state->error);
    parameters_int8(&parameters, state->in_step_us);
    transaction_send(transaction, &say_moved, &parameters);
}

static void on_start(struct transaction *transaction)
{
    struct upstream_look *look = look_of(transaction);
    struct parameters names = {.arena = look->arena};
    parameters_texts(&names, look->names, look->name_count);
    transaction_begin(transaction);
    transaction_send(transaction, &take_locks, &names);
    for (size_t i = 0; i < look->say_count; i++)
        send_say(transaction, &look->says[i]);
    for (size_t i = 0; i < look->moved_count; i++)
        send_moved(transaction, &look->moved[i]);
    transaction_send(transaction, &read_upstreams, NULL);
    transaction_send(transaction, &read_registries, NULL);
    transaction_run(transaction, on_found);
}

void store_upstream_look(struct store *store, struct upstream_look *look)
{
    struct looking *looking = arena_zalloc(look->arena, sizeof *looking);
    looking->look = look;
    transaction_start(&looking->transaction, store, on_start, on_finish);
}
