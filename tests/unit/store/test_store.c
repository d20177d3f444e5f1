#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "store/conninfo.h"
#include "store/purge.h"
#include "store/store.h"
#include "store/support_bench.h"
#include "store/support_database.h"

static void start_write(struct write *write, unsigned number)
{
    write_add_organisation(&bench, write, arena_format(bench.arena, "es/%u", number), "One");
    write_start(&bench, write);
}

static void more_writes_than_may_wait_are_refused_and_the_others_land(void **)
{
    enum { WRITES = 150 };
    struct write writes[WRITES] = {0};
    unsigned landed = 0, refused = 0;
    for (unsigned i = 0; i < WRITES; i++)
        start_write(&writes[i], i);
    bench_wait(&bench);
    for (unsigned i = 0; i < WRITES; i++) {
        landed += writes[i].status.code == STATUS_OK;
        refused += writes[i].status.code == STATUS_RESOURCE_EXHAUSTED;
    }
    /* As many run as there are connections by now, and a hundred wait. */
    assert_in_range(landed, 101, 104);
    assert_int_equal(landed + refused, WRITES);
}

static void a_store_that_ends_tells_those_who_wait(void **)
{
    enum { WRITES = 20 };
    struct write writes[WRITES] = {0};
    for (unsigned i = 0; i < WRITES; i++)
        start_write(&writes[i], i);
    store_free(bench.store);
    bench.store = NULL;
    for (unsigned i = 0; i < WRITES; i++) {
        assert_true(writes[i].is_done);
        assert_int_equal(writes[i].status.code, STATUS_UNAVAILABLE);
    }
}

static void where_there_is_no_database_a_write_is_refused_at_once(void **)
{
    struct write first = {0}, second = {0};
    store_free(bench.store);
    bench.store = store_new(bench.loop, &(struct store_settings){.conninfo = "host=/nonexistent dbname=x"});
    write_add_organisation(&bench, &first, "es/1", "One");
    write_run(&bench, &first);
    assert_int_equal(first.status.code, STATUS_UNAVAILABLE);
    assert_false(store_is_reachable(bench.store));
    start_write(&second, 1);
    assert_true(second.is_done);
    assert_int_equal(second.status.code, STATUS_UNAVAILABLE);
}

static bool requests_are_gone(void *)
{
    return database_number(bench.conninfo, "SELECT count(*) FROM request") == 1;
}

static void answers_are_forgotten_after_seven_days(void **)
{
    for (unsigned i = 0; i < 2; i++) {
        struct write write = {.request_id = i ? "new" : "old", .hash = "a"};
        start_write(&write, i);
        bench_wait(&bench);
    }
    database_run(bench.conninfo,
                 "UPDATE request SET time = now() - interval '8 days' WHERE request_id = 'old'");
    struct purge *purge = purge_new(bench.store);
    purge_run(purge);
    bench_wait_until(&bench, requests_are_gone, NULL);
    bench_wait_until(&bench, requests_are_gone, NULL);
    store_free(bench.store); /* first, as the store itself does: the purge may be under way */
    bench.store = NULL;
    purge_free(purge);
}

static const char *value_of(const struct conninfo *conninfo, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; conninfo->names[i]; i++)
        if (strcmp(conninfo->names[i], name) == 0)
            value = conninfo->values[i];
    return value;
}

static void each_attempt_begins_with_another_host(void **)
{
    struct conninfo conninfo;
    const char *const hosts[] = {"a,b,c", "b,c,a", "c,a,b", "a,b,c"}, *const ports[] = {"1,2,3", "2,3,1",
                                                                                        "3,1,2", "1,2,3"};
    for (unsigned turn = 0; turn < 4; turn++) {
        conninfo_parse(bench.arena, "host=a,b,c port=1,2,3 dbname='x y' application_name=mine", turn,
                       &conninfo);
        assert_string_equal(value_of(&conninfo, "host"), hosts[turn]);
        assert_string_equal(value_of(&conninfo, "port"), ports[turn]);
        assert_string_equal(value_of(&conninfo, "dbname"), "x y");
        assert_string_equal(value_of(&conninfo, "application_name"), "mine");
    }
    conninfo_parse(bench.arena, "postgresql://u@h/d", 3, &conninfo);
    assert_string_equal(value_of(&conninfo, "host"), "h");
    conninfo_parse(bench.arena, "no such=thing'", 0, &conninfo);
    assert_string_equal(value_of(&conninfo, "dbname"), "no such=thing'");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(more_writes_than_may_wait_are_refused_and_the_others_land),
        TEST(a_store_that_ends_tells_those_who_wait),
        TEST(where_there_is_no_database_a_write_is_refused_at_once),
        TEST(answers_are_forgotten_after_seven_days),
        TEST(each_attempt_begins_with_another_host),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
