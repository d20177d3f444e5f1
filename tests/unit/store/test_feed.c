#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "store/feed.h"
#include "store/store.h"
#include "store/support_bench.h"
#include "store/support_database.h"
#include "store/support_mirror.h"
#include "store/support_record.h"
#include "store/vocabulary.h"

static uint64_t write_round(uint64_t *seed)
{
    struct write write = {0};
    write_add(&bench, &write, random_record(bench.arena, seed, RECORD_ORGANISATION, "es/1", ""));
    for (unsigned i = 0; i < 5; i++) {
        write_add(
            &bench, &write,
            random_record(bench.arena, seed, RECORD_OFFER, arena_format(bench.arena, "es/o%u", i), "es/1"));
        write_add(
            &bench, &write,
            random_record(bench.arena, seed, RECORD_NEED, arena_format(bench.arena, "es/n%u", i), "es/1"));
        write_add(&bench, &write,
                  random_record(bench.arena, seed, RECORD_PARTNERSHIP, arena_format(bench.arena, "es/p%u", i),
                                "es/1"));
    }
    write_add_delete(&bench, &write, arena_format(bench.arena, "es/d%u", (unsigned)(random_next(seed) % 3)));
    write_add_organisation(&bench, &write,
                           arena_format(bench.arena, "es/d%u", 3 + (unsigned)(random_next(seed) % 3)),
                           "To be deleted");
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_OK);
    assert_int_equal(write.answer.tally.rejected, 0);
    return write.answer.revision;
}

static void who_follows_and_who_loads_hold_the_same(void **)
{
    struct mirror follower, loader;
    uint64_t seed = 4711, revision = 0;
    mirror_open(&follower, &bench);
    mirror_wait(&follower, 1);
    assert_int_equal(follower.registry_count, 1);
    assert_string_equal(follower.last_title, "A registry");
    for (unsigned i = 0; i < 20; i++)
        revision = write_round(&seed);
    mirror_wait(&follower, revision);
    mirror_open(&loader, &bench);
    mirror_wait(&loader, revision);
    assert_true(mirror_count(&follower) > 15);
    mirror_assert_equal(&follower, &loader);
    assert_int_equal(follower.load_count, 1);
    assert_int_equal(follower.newest, revision);
    struct write gone = {0};
    write_add_delete(&bench, &gone, "es/o1");
    write_run(&bench, &gone);
    mirror_wait(&follower, revision + 1);
    mirror_wait(&loader, revision + 1);
    mirror_assert_equal(&follower, &loader);
    mirror_close(&follower);
    mirror_close(&loader);
}

static void a_long_revision_comes_whole(void **)
{
    struct mirror follower, loader;
    mirror_open(&follower, &bench);
    mirror_wait(&follower, 1);
    struct write write = {0};
    for (unsigned i = 0; i < 10000; i++)
        write_add_organisation(&bench, &write, arena_format(bench.arena, "es/%u", i), "One");
    write_run(&bench, &write);
    mirror_wait(&follower, 2);
    mirror_open(&loader, &bench);
    mirror_wait(&loader, 2);
    assert_int_equal(mirror_count(&follower), 10000);
    mirror_assert_equal(&follower, &loader);
    mirror_close(&follower);
    mirror_close(&loader);
}

static void note_result(void *context, struct status status, const struct store_vocabulary_result *)
{
    *(struct status *)context = status;
    bench.open_count--;
    loop_stop(bench.loop);
}

static void a_new_vocabulary_is_given_before_its_revision_is_done(void **)
{
    struct mirror mirror;
    mirror_open(&mirror, &bench);
    mirror_wait(&mirror, 1);
    assert_int_equal(mirror.vocabulary_count, 1);
    assert_int_equal(mirror.concept_count, 0);
    const struct store_concept concepts[] = {
        {.code = "a", .label = "A", .description = "", .reuse = ""},
        {.code = "b", .label = "B", .description = "", .reuse = ""},
    };
    struct status status = {0};
    bench.open_count++;
    store_vocabulary_load(bench.store, bench.arena,
                          &(struct store_vocabulary){.vocabulary = "Mine 1",
                                                     .scheme = SCHEME_OUTCOME,
                                                     .language = "en",
                                                     .concepts = concepts,
                                                     .concept_count = 2},
                          note_result, &status);
    bench_wait(&bench);
    assert_int_equal(status.code, STATUS_OK);
    struct write write = {0};
    write_add_organisation(&bench, &write, "es/1", "One");
    write_run(&bench, &write);
    mirror_wait(&mirror, 3);
    assert_int_equal(mirror.vocabulary_count, 2);
    assert_int_equal(mirror.concept_count, 2);
    mirror_close(&mirror);
}

static const char write_without_telling[] =
    "BEGIN; INSERT INTO record (id, kind, change_set, content_hash) VALUES ('es/q', 4, 1000, repeat('x', "
    "16)::bytea);"
    "INSERT INTO partnership (id, organisation_ids, sectors, mobilities) VALUES ('es/q', '{a/1,b/1}', '{}', "
    "0);"
    "INSERT INTO change_log (change_set, ordinal, kind, id, message) VALUES (1000, 0, 4, 'es/q', "
    "'\\x0a0465732f71');"
    "WITH l AS (UPDATE revision_line SET newest = newest + 1 RETURNING newest)"
    "INSERT INTO revision SELECT newest, 1000, now(), 1, false FROM l; COMMIT";

static void a_notification_wakes_the_reader(void **)
{
    enum { ROUNDS = 20 };
    struct mirror mirror;
    uint64_t seed = 8;
    mirror_open_listening(&mirror, &bench);
    mirror_wait(&mirror, 1);
    for (unsigned i = 0; i < ROUNDS; i++)
        mirror_wait(&mirror, write_round(&seed));
    mirror_close(&mirror);
}

static void a_change_that_nobody_tells_of_comes_all_the_same(void **)
{
    struct mirror mirror;
    mirror_open(&mirror, &bench);
    mirror_wait(&mirror, 1);
    database_run(bench.conninfo, write_without_telling);
    mirror_wait(&mirror, 2);
    assert_int_equal(mirror_count(&mirror), 1);
    mirror_close(&mirror);
}

static void a_transaction_held_open_while_later_ones_commit_is_not_lost(void **)
{
    struct mirror mirror;
    mirror_open(&mirror, &bench);
    mirror_wait(&mirror, 1);
    PGconn *slow = PQconnectdb(bench.conninfo);
    PQclear(PQexec(slow, "BEGIN"));
    PQclear(PQexec(slow, "CREATE TEMP TABLE mine AS SELECT nextval('change_set') AS n"));
    PQclear(PQexec(slow, "INSERT INTO record (id, kind, change_set, content_hash)"
                         " SELECT 'es/slow', 4, n, repeat('x', 16)::bytea FROM mine"));
    PQclear(PQexec(slow, "INSERT INTO partnership (id, organisation_ids, sectors, mobilities)"
                         " VALUES ('es/slow', '{a/1,b/1}', '{}', 0)"));
    PQclear(PQexec(slow, "INSERT INTO change_log (change_set, ordinal, kind, id, message)"
                         " SELECT n, 0, 4, 'es/slow', '\\x0a0765732f736c6f77' FROM mine"));
    uint64_t seed = 5;
    uint64_t revision = write_round(&seed);
    mirror_wait(&mirror, revision);
    PQclear(PQexec(slow, "WITH l AS (UPDATE revision_line SET newest = newest + 1 RETURNING newest)"
                         "INSERT INTO revision SELECT l.newest, n, now(), 1, false FROM l, mine"));
    PGresult *result = PQexec(slow, "COMMIT");
    assert_string_equal(PQcmdStatus(result), "COMMIT");
    PQclear(result);
    PQfinish(slow);
    revision = write_round(&seed);
    mirror_wait(&mirror, revision);
    assert_int_not_equal(text_map_get(&mirror.by_id, "es/slow"), TEXT_MAP_NONE);
    mirror_close(&mirror);
}

static void another_history_or_a_trimmed_log_is_loaded_anew(void **)
{
    struct mirror mirror;
    uint64_t seed = 6, revision = write_round(&seed);
    mirror_open(&mirror, &bench);
    mirror_wait(&mirror, revision);
    database_run(bench.conninfo, "UPDATE revision_line SET epoch = 'another'");
    revision = write_round(&seed);
    mirror_wait(&mirror, revision);
    assert_int_equal(mirror.load_count, 2);
    assert_string_equal(mirror.epoch, "another");
    database_run(bench.conninfo,
                 "BEGIN; UPDATE revision_line SET newest = newest + 5; "
                 "INSERT INTO revision SELECT newest, 9000, now(), 1, false FROM revision_line;"
                 "UPDATE revision_line SET trimmed = newest; COMMIT");
    mirror_wait(&mirror, revision + 5);
    assert_int_equal(mirror.load_count, 3);
    /* A revision whose log has lost a change. */
    database_run(bench.conninfo,
                 "BEGIN; UPDATE revision_line SET newest = newest + 1; "
                 "INSERT INTO change_log VALUES (9001, 0, 1, 'es/none', NULL);"
                 "INSERT INTO revision SELECT newest, 9001, now(), 2, false FROM revision_line; COMMIT");
    mirror_wait(&mirror, revision + 6);
    assert_int_equal(mirror.load_count, 4);
    mirror_close(&mirror);
}

/* ---- the database goes and comes back ---- */

enum { WRITERS = 4 };

struct load {
    struct mirror mirror;
    struct write writes[WRITERS];
    unsigned round[WRITERS];
    unsigned acknowledged, refused;
    bool is_over;
};

static void storm(struct load *load, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned w = 0; w < WRITERS; w++) {
            struct write *write = &load->writes[w];
            /* One whose answer was lost is sent again with its request id. */
            if (!write->is_done || status_ok(write->status)) {
                *write = (struct write){.request_id = arena_format(bench.arena, "%u-%u", w, load->round[w]),
                                        .hash = "a"};
                write_add_organisation(&bench, write,
                                       arena_format(bench.arena, "es/w%u-%u", w, load->round[w]), "One");
            }
            write_start(&bench, write);
        }
        bench_wait(&bench);
        for (unsigned w = 0; w < WRITERS; w++) {
            struct write *write = &load->writes[w];
            if (status_ok(write->status)) {
                assert_int_equal(write->answer.tally.created, 1);
                load->acknowledged++;
                load->round[w]++;
            } else {
                assert_int_equal(write->status.code, STATUS_UNAVAILABLE);
                load->refused++;
            }
        }
    }
}

static void stop_in_the_midst(void *)
{
    database_server_stop();
}

static void a_database_that_stops_and_starts_loses_nothing(void **)
{
    struct load load = {0};
    mirror_open(&load.mirror, &bench);
    mirror_wait(&load.mirror, 1);
    for (unsigned outage = 1; outage <= 3; outage++) {
        storm(&load, 10);
        loop_post(bench.loop, stop_in_the_midst, NULL);
        storm(&load, 1);
        bench_wait_reachable(&bench, false);
        storm(&load, 1);
        assert_true(load.refused >= outage * WRITERS);
        database_server_start();
        bench_wait_reachable(&bench, true);
        storm(&load, 10);
    }
    storm(&load, 1);
    uint64_t newest = (uint64_t)bench_number("SELECT newest FROM revision_line");
    mirror_wait(&load.mirror, newest);
    assert_int_equal(bench_number("SELECT count(*) FROM record"), load.acknowledged);
    assert_int_equal(newest, 1 + load.acknowledged);
    assert_int_equal(mirror_count(&load.mirror), load.acknowledged);
    assert_int_equal(load.mirror.load_count, 1);
    assert_int_equal(load.mirror.lost_count, 3);
    mirror_close(&load.mirror);
}

static void a_killed_backend_makes_the_write_unknown_and_the_next_one_good(void **)
{
    struct write write = {.request_id = "k", .hash = "a"};
    bench_lock_registry(&bench, "es");
    write_add_organisation(&bench, &write, "es/1", "One");
    write_start(&bench, &write);
    /* It waits for the lock when it is killed. */
    while (bench_number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE application_name = 'partnerd' AND wait_event_type = 'Lock' AND datname = "
                        "current_database()") == 0)
        ;
    bench_wait(&bench);
    assert_int_equal(write.status.code, STATUS_UNAVAILABLE);
    bench_unlock(&bench);
    bench_wait_reachable(&bench, true);
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_follows_and_who_loads_hold_the_same),
        TEST(a_long_revision_comes_whole),
        TEST(a_new_vocabulary_is_given_before_its_revision_is_done),
        TEST(a_notification_wakes_the_reader),
        TEST(a_change_that_nobody_tells_of_comes_all_the_same),
        TEST(a_transaction_held_open_while_later_ones_commit_is_not_lost),
        TEST(another_history_or_a_trimmed_log_is_loaded_anew),
        TEST(a_database_that_stops_and_starts_loses_nothing),
        TEST(a_killed_backend_makes_the_write_unknown_and_the_next_one_good),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
