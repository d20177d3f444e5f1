#include "store/support_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "store/batch.h"
#include "store/registry.h"

enum { LOCK_MS = 200, WAIT_MS = 20000, LOOK_MS = 5 };

void bench_open(struct bench *bench, const char *conninfo)
{
    *bench = (struct bench){.conninfo = conninfo, .arena = arena_new(0), .loop = loop_new("test", 0)};
    bench->store = store_new(bench->loop, &(struct store_settings){.conninfo = conninfo,
                                                                   .connection_count = 4,
                                                                   .lock_timeout_ms = LOCK_MS,
                                                                   .queue_most = 100});
}

void bench_close(struct bench *bench)
{
    bench_unlock(bench);
    store_free(bench->store);
    loop_free(bench->loop);
    arena_free(bench->arena);
}

void bench_wait(struct bench *bench)
{
    if (bench->open_count)
        loop_run(bench->loop);
    assert_int_equal(bench->open_count, 0);
}

static void note_done(struct bench *bench)
{
    if (--bench->open_count == 0)
        loop_stop(bench->loop);
}

struct look {
    struct bench *bench;
    struct timer timer;
    bool (*holds)(void *context);
    void *context;
    int64_t until_ms;
    bool was_seen;
};

static void on_look(void *context)
{
    struct look *look = context;
    look->was_seen = look->holds(look->context);
    if (look->was_seen || clock_monotonic_ms() > look->until_ms)
        loop_stop(look->bench->loop);
    else
        timer_set(&look->timer, LOOK_MS);
}

void bench_wait_until(struct bench *bench, bool (*holds)(void *context), void *context)
{
    struct look look = {
        .bench = bench, .holds = holds, .context = context, .until_ms = clock_monotonic_ms() + WAIT_MS};
    timer_init(&look.timer, bench->loop, on_look, &look);
    timer_set(&look.timer, 0);
    while (!look.was_seen && clock_monotonic_ms() <= look.until_ms)
        loop_run(bench->loop);
    timer_fini(&look.timer);
    assert_true(look.was_seen);
}

static bool is_reachable(void *context)
{
    return store_is_reachable(context);
}

static bool is_unreachable(void *context)
{
    return !store_is_reachable(context);
}

void bench_wait_reachable(struct bench *bench, bool reachable)
{
    bench_wait_until(bench, reachable ? is_reachable : is_unreachable, bench->store);
}

void bench_lock_registry(struct bench *bench, const char *registry)
{
    bench->locker = PQconnectdb(bench->conninfo);
    PQclear(PQexec(bench->locker, "BEGIN"));
    PGresult *result =
        PQexec(bench->locker,
               arena_format(bench->arena, "SELECT FROM registry WHERE id = '%s' FOR UPDATE", registry));
    assert_int_equal(PQntuples(result), 1);
    PQclear(result);
}

void bench_unlock(struct bench *bench)
{
    PQfinish(bench->locker);
    bench->locker = NULL;
}

static void on_registry(void *context, struct status status, uint64_t revision)
{
    struct registry_write *write = context;
    write->status = status;
    write->revision = revision;
    note_done(write->bench);
}

void bench_try_registry(struct bench *bench, const char *id, struct registry_write *write)
{
    write->bench = bench;
    bench->open_count++;
    store_registry_create(bench->store, bench->arena, id, "A registry", on_registry, write);
    bench_wait(bench);
}

void bench_create_registry(struct bench *bench, const char *id)
{
    struct registry_write write;
    bench_try_registry(bench, id, &write);
    assert_int_equal(write.status.code, STATUS_OK);
}

/* ---- batches ---- */

static struct batch_change *add_change(struct bench *bench, struct write *write)
{
    struct batch *batch = &write->batch;
    if ((batch->count & (batch->count - 1)) == 0)
        batch->changes = arena_grow(bench->arena, batch->changes, batch->count * sizeof *batch->changes,
                                    (batch->count ? 2 * batch->count : 1) * sizeof *batch->changes);
    batch->changes[batch->count] = (struct batch_change){.id = ""};
    return &batch->changes[batch->count++];
}

void write_add(struct bench *bench, struct write *write, struct record record)
{
    struct batch_change *change = add_change(bench, write);
    change->record = record;
    change->id = record_id(&record);
    change->packed = record_pack(bench->arena, &record, &change->packed_bytes);
}

static pb_organisation *new_organisation(struct bench *bench, const char *id, const char *name)
{
    pb_organisation *organisation = arena_alloc(bench->arena, sizeof *organisation);
    partner__v1__organisation__init(organisation);
    organisation->id = arena_strdup(bench->arena, id);
    organisation->name = arena_strdup(bench->arena, name);
    return organisation;
}

void write_add_organisation(struct bench *bench, struct write *write, const char *id, const char *name)
{
    pb_organisation *organisation = new_organisation(bench, id, name);
    write_add(bench, write, (struct record){.kind = RECORD_ORGANISATION, .organisation = organisation});
}

void write_add_organisation_with_pic(struct bench *bench, struct write *write, const char *id,
                                     const char *pic)
{
    pb_organisation *organisation = new_organisation(bench, id, "With an identifier");
    pb_identifier *identifier = arena_alloc(bench->arena, sizeof *identifier);
    partner__v1__identifier__init(identifier);
    identifier->scheme = arena_strdup(bench->arena, "pic");
    identifier->value = arena_strdup(bench->arena, pic);
    organisation->n_identifiers = 1;
    organisation->identifiers = arena_copy(bench->arena, &identifier, sizeof identifier);
    write_add(bench, write, (struct record){.kind = RECORD_ORGANISATION, .organisation = organisation});
}

void write_add_offer(struct bench *bench, struct write *write, const char *id, const char *organisation_id)
{
    pb_offer *offer = arena_alloc(bench->arena, sizeof *offer);
    partner__v1__offer__init(offer);
    offer->id = arena_strdup(bench->arena, id);
    offer->organisation_id = arena_strdup(bench->arena, organisation_id);
    write_add(bench, write, (struct record){.kind = RECORD_OFFER, .offer = offer});
}

void write_add_delete(struct bench *bench, struct write *write, const char *id)
{
    struct batch_change *change = add_change(bench, write);
    change->id = id;
    change->is_delete = true;
}

static const void *pack(void *, struct arena *arena, const struct batch *batch, uint64_t revision,
                        size_t *ret_bytes)
{
    struct answer answer = {batch_tally(batch), revision};
    *ret_bytes = sizeof answer;
    return arena_copy(arena, &answer, sizeof answer);
}

static void on_applied(void *context, struct status status, const void *answer, size_t answer_bytes)
{
    struct write *write = context;
    write->status = status;
    write->is_done = true;
    if (status_ok(status)) {
        assert_int_equal(answer_bytes, sizeof write->answer);
        memcpy(&write->answer, answer, sizeof write->answer);
    }
    note_done(write->bench);
}

void write_start(struct bench *bench, struct write *write)
{
    write->bench = bench;
    write->is_done = false;
    write->batch.registry = write->registry ? write->registry : "es";
    write->batch.all_or_nothing = write->all_or_nothing;
    memset(write->hash_bytes, write->hash ? write->hash[0] : 0, sizeof write->hash_bytes);
    bench->open_count++;
    store_batch_apply(bench->store,
                      &(struct store_batch){.arena = bench->arena,
                                            .batch = &write->batch,
                                            .method = "Apply",
                                            .request_id = write->request_id ? write->request_id : "",
                                            .request_hash = write->hash_bytes,
                                            .dry_run = write->dry_run,
                                            .pack = pack,
                                            .done = on_applied,
                                            .context = write});
}

void write_run(struct bench *bench, struct write *write)
{
    write_start(bench, write);
    bench_wait(bench);
}
