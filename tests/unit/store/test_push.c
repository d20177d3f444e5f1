#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/worker.h"
#include "store/push.h"
#include "store/support_bench.h"
#include "store/support_database.h"

/* ---- what all tests stand on ---- */

static struct worker_pool *workers;

static int setup(void **state)
{
    workers = worker_pool_new(2);
    return bench_setup(state);
}

static int teardown(void **state)
{
    worker_pool_free(workers);
    return bench_teardown(state);
}

struct pushed {
    struct store_push *push;
    bool is_held_back, is_done, is_released;
    struct status status;
    struct answer answer;
};

static const void *pack(void *, struct arena *arena, const struct push_outcome *outcome, size_t *ret_bytes)
{
    struct answer answer = {outcome->tally, outcome->revision};
    *ret_bytes = sizeof answer;
    return arena_copy(arena, &answer, sizeof answer);
}

static void on_ready(void *context)
{
    ((struct pushed *)context)->is_held_back = false;
}

static void on_done(void *context, struct status status, const void *answer, size_t answer_bytes)
{
    struct pushed *pushed = context;
    pushed->status = status;
    pushed->status.message = status.message ? arena_strdup(bench.arena, status.message) : NULL;
    pushed->is_done = true;
    if (answer_bytes == sizeof pushed->answer)
        memcpy(&pushed->answer, answer, sizeof pushed->answer);
}

static void on_released(void *context)
{
    ((struct pushed *)context)->is_released = true;
}

static void begin(struct pushed *pushed, struct store_push_options options)
{
    *pushed = (struct pushed){0};
    options.registry = "es";
    options.request_id = options.request_id ? options.request_id : "";
    options.max_delete_percent = 100;
    options.pack = pack;
    options.ready = on_ready;
    options.done = on_done;
    options.context = pushed;
    pushed->push = store_push_begin(bench.store, workers, &options);
}

static bool takes_more(void *context)
{
    const struct pushed *pushed = context;
    return !pushed->is_held_back || pushed->is_done;
}

static bool is_done(void *context)
{
    return ((struct pushed *)context)->is_done;
}

static bool is_released(void *context)
{
    return ((struct pushed *)context)->is_released;
}

static void add(struct pushed *pushed, const char *id, const char *name)
{
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    pb_record record = PARTNER__V1__RECORD__INIT;
    pb_change change = PARTNER__V1__CHANGE__INIT;
    organisation.id = (char *)id;
    organisation.name = (char *)name;
    organisation.country = (char *)"ES";
    record.kind_case = PARTNER__V1__RECORD__KIND_ORGANISATION;
    record.organisation = &organisation;
    change.kind_case = PARTNER__V1__CHANGE__KIND_UPSERT;
    change.upsert = &record;
    bench_wait_until(&bench, takes_more, pushed);
    if (!pushed->is_done)
        pushed->is_held_back = !store_push_add(pushed->push, &change);
}

static void add_many(struct pushed *pushed, unsigned count)
{
    char id[32];
    for (unsigned i = 0; i < count; i++) {
        snprintf(id, sizeof id, "es/%u", i);
        add(pushed, id, "One of many");
    }
}

static void end(struct pushed *pushed)
{
    if (!pushed->is_done)
        store_push_end(pushed->push);
    bench_wait_until(&bench, is_done, pushed);
}

static bool is_staged(void *)
{
    return bench_number("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY push%'"
                        " AND datname = current_database()") > 0;
}

static bool is_gone(void *)
{
    return bench_number("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY push%'"
                        " AND datname = current_database()") == 0;
}

/* ---- tests ---- */

static void a_push_of_many_blocks_lands_in_one_revision_and_in_its_order(void **)
{
    struct pushed pushed;
    begin(&pushed, (struct store_push_options){0});
    add_many(&pushed, 9001);
    end(&pushed);
    assert_int_equal(pushed.status.code, STATUS_OK);
    assert_int_equal(pushed.answer.tally.created, 9001);
    assert_int_equal(pushed.answer.revision, 2);
    assert_int_equal(bench_number("SELECT count(*) FROM change_log WHERE id = 'es/' || ordinal AND kind = 1"),
                     9001);
}

static void nothing_pushed_in_full_empties_the_registry(void **)
{
    struct pushed pushed;
    begin(&pushed, (struct store_push_options){0});
    add(&pushed, "es/1", "One");
    end(&pushed);
    begin(&pushed, (struct store_push_options){.full = true});
    end(&pushed);
    assert_int_equal(pushed.answer.tally.deleted, 1);
    assert_int_equal(bench_number("SELECT count(*) FROM record"), 0);
    assert_int_equal(bench_number("SELECT count(*) FROM change_log WHERE id = 'es/1' AND message IS NULL"),
                     1);
}

static void a_cancelled_push_leaves_no_connection_and_no_record(void **)
{
    struct pushed pushed;
    begin(&pushed, (struct store_push_options){0});
    add_many(&pushed, 4001);
    bench_wait_until(&bench, is_staged, NULL);
    store_push_cancel(pushed.push, on_released);
    bench_wait_until(&bench, is_released, &pushed);
    bench_wait_until(&bench, is_gone, NULL);
    assert_false(pushed.is_done);
    assert_int_equal(bench_number("SELECT count(*) FROM record"), 0);
    assert_int_equal(bench_number("SELECT newest FROM revision_line"), 1);
}

static void a_record_that_changes_while_it_is_pushed_as_it_was_makes_the_push_come_again(void **)
{
    struct pushed pushed;
    begin(&pushed, (struct store_push_options){0});
    add_many(&pushed, 2000);
    end(&pushed);
    begin(&pushed, (struct store_push_options){.full = true});
    add_many(&pushed, 2000);
    bench_wait_until(&bench, is_staged, NULL);
    struct write write = {0};
    write_add_organisation(&bench, &write, "es/7", "Another name");
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_OK);
    end(&pushed);
    assert_int_equal(pushed.status.code, STATUS_UNAVAILABLE);
    assert_true(pushed.status.retry_ms > 0);
    begin(&pushed, (struct store_push_options){.full = true});
    add_many(&pushed, 2000);
    end(&pushed);
    assert_int_equal(pushed.answer.tally.updated, 1);
    assert_int_equal(pushed.answer.tally.unchanged, 1999);
}

static void writes_to_the_registry_land_while_a_push_still_comes(void **)
{
    struct pushed pushed;
    begin(&pushed, (struct store_push_options){0});
    add_many(&pushed, 2000);
    bench_wait_until(&bench, is_staged, NULL);
    struct write write = {0};
    write_add_organisation(&bench, &write, "es/other", "Meanwhile");
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_OK);
    end(&pushed);
    assert_int_equal(pushed.answer.tally.created, 2000);
    assert_int_equal(pushed.answer.revision, write.answer.revision + 1);
    assert_int_equal(bench_number("SELECT count(*) FROM record"), 2001);
}

static void two_pushes_to_one_registry_land_one_after_the_other(void **)
{
    struct pushed first, second;
    begin(&first, (struct store_push_options){.request_id = "first"});
    begin(&second, (struct store_push_options){.request_id = "first"});
    add_many(&first, 3000);
    add_many(&second, 3000);
    store_push_end(first.push);
    end(&second);
    end(&first);
    assert_int_equal(first.status.code, STATUS_OK);
    assert_int_equal(second.status.code, STATUS_OK);
    /* One has made them, and the other one, being the same request, is answered the same. */
    assert_memory_equal(&first.answer, &second.answer, sizeof first.answer);
    assert_int_equal(first.answer.tally.created, 3000);
    assert_int_equal(bench_number("SELECT newest FROM revision_line"), 2);
}

static void a_database_that_goes_ends_the_push_with_unavailable(void **)
{
    struct pushed pushed;
    begin(&pushed, (struct store_push_options){0});
    add_many(&pushed, 2000);
    bench_wait_until(&bench, is_staged, NULL);
    database_server_stop();
    if (!pushed.is_done)
        store_push_end(pushed.push);
    bench_wait_until(&bench, is_done, &pushed);
    assert_int_equal(pushed.status.code, STATUS_UNAVAILABLE);
    database_server_start();
    bench_wait_reachable(&bench, true);
    assert_int_equal(bench_number("SELECT count(*) FROM record"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_push_of_many_blocks_lands_in_one_revision_and_in_its_order),
        TEST(nothing_pushed_in_full_empties_the_registry),
        TEST(a_cancelled_push_leaves_no_connection_and_no_record),
        TEST(a_record_that_changes_while_it_is_pushed_as_it_was_makes_the_push_come_again),
        TEST(writes_to_the_registry_land_while_a_push_still_comes),
        TEST(two_pushes_to_one_registry_land_one_after_the_other),
        TEST(a_database_that_goes_ends_the_push_with_unavailable),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
