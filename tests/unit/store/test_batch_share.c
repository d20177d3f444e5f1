#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/metric.h"
#include "model/batch.h"
#include "store/pool.h"
#include "store/store.h"
#include "store/support_bench.h"
#include "store/support_database.h"
#include "store/support_record.h"

/* ---- what all tests stand on ---- */

enum { CONNECTIONS = 4 }; /* of the bench's store */

/* ---- tests ---- */

/* Keeps every connection busy, so that what is started behind them waits. */
static void start_busy(struct write writes[CONNECTIONS])
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        write_add_organisation(&bench, &writes[i], arena_format(bench.arena, "es/busy%zu", i), "Busy");
        write_start(&bench, &writes[i]);
    }
}

static void writes_that_wait_share_a_transaction_and_keep_their_own_revisions(void **)
{
    enum { WRITES = 30 };
    struct write busy[CONNECTIONS] = {0}, writes[WRITES] = {0};
    int64_t before = bench_number("SELECT newest FROM revision_line");
    start_busy(busy);
    for (size_t i = 0; i < WRITES; i++) {
        writes[i].request_id = i % 3 ? "" : arena_format(bench.arena, "shared-%zu", i);
        write_add_organisation(&bench, &writes[i], arena_format(bench.arena, "es/own%zu", i), "Own");
        write_start(&bench, &writes[i]);
    }
    bench_wait(&bench);
    uint64_t sum = 0;
    for (size_t i = 0; i < WRITES; i++) {
        assert_int_equal(writes[i].status.code, STATUS_OK);
        assert_int_equal(writes[i].answer.tally.created, 1);
        assert_int_equal(
            bench_number(arena_format(bench.arena,
                                      "SELECT v.revision FROM record JOIN revision v USING (change_set)"
                                      " WHERE id = 'es/own%zu'",
                                      i)),
            writes[i].answer.revision);
        sum += writes[i].answer.revision - (uint64_t)before;
    }
    for (size_t i = 0; i < CONNECTIONS; i++)
        sum += busy[i].answer.revision - (uint64_t)before;
    uint64_t all = WRITES + CONNECTIONS;
    assert_int_equal(sum, all * (all + 1) / 2);
    assert_in_range(bench_number("SELECT count(DISTINCT xmin::text) FROM record WHERE id LIKE 'es/own%'"), 1,
                    CONNECTIONS);
    assert_int_equal(bench_number("SELECT count(*) FROM change_log WHERE ordinal <> 0"), 0);
    write_run(&bench, &writes[0]);
    assert_int_equal(writes[0].answer.tally.created, 1); /* as it was answered first */
}

static void writes_that_want_the_same_do_not_share(void **)
{
    struct write busy[CONNECTIONS] = {0}, here = {0}, offer = {0}, gone = {0}, one = {0}, other = {0},
                 again = {0}, asked = {0}, reused = {0};
    write_add_organisation(&bench, &here, "es/a", "Here");
    write_run(&bench, &here);
    int64_t failures = metric_value(store_metrics(bench.store)->failures);
    start_busy(busy);
    write_add_offer(&bench, &offer, "es/a.1", "es/a");
    write_add_delete(&bench, &gone, "es/a");
    write_add_organisation_with_pic(&bench, &one, "es/b", "999999999");
    write_add_organisation_with_pic(&bench, &other, "es/c", "999999999");
    write_add_organisation(&bench, &again, "es/b", "Without an identifier");
    asked.request_id = reused.request_id = "the same";
    asked.hash = "a", reused.hash = "b";
    write_add_organisation(&bench, &asked, "es/asked", "Asked");
    write_add_organisation(&bench, &reused, "es/reused", "Reused");
    struct write *writes[] = {&offer, &gone, &one, &other, &again, &asked, &reused};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        write_start(&bench, writes[i]);
    bench_wait(&bench);
    assert_int_equal(offer.answer.tally.created + gone.answer.tally.deleted, 1);
    assert_int_equal(offer.answer.tally.rejected + gone.answer.tally.rejected, 1);
    assert_int_equal(one.answer.tally.created + again.answer.tally.created, 1);
    assert_int_equal(again.status.code, STATUS_OK);
    assert_int_equal((asked.status.code == STATUS_OK) + (reused.status.code == STATUS_OK), 1);
    assert_int_equal(bench_number("SELECT count(*) FROM record WHERE id IN ('es/asked', 'es/reused')"), 1);
    /* Where two had shared a transaction, the database would have refused it, and each had been written after all. */
    assert_int_equal(metric_value(store_metrics(bench.store)->failures), failures);
    assert_int_equal(other.answer.tally.created + other.answer.tally.rejected, 1);
}

static void what_is_rejected_or_refused_leaves_those_that_share_alone(void **)
{
    struct write busy[CONNECTIONS] = {0}, good = {0}, orphan = {0}, both = {0}, reused = {0}, same = {0};
    reused.request_id = "reused", reused.hash = "a";
    write_add_organisation(&bench, &reused, "es/reused", "Reused");
    write_run(&bench, &reused);
    int64_t before = bench_number("SELECT newest FROM revision_line");
    start_busy(busy);
    write_add_organisation(&bench, &good, "es/good", "Good");
    write_add_offer(&bench, &orphan, "es/o.1", "es/nobody");
    both.all_or_nothing = true;
    write_add_organisation(&bench, &both, "es/one", "One");
    write_add_offer(&bench, &both, "es/one.1", "es/neither");
    write_add_organisation(&bench, &same, "es/reused", "Reused");
    reused.hash = "b";
    struct write *writes[] = {&orphan, &good, &both, &reused, &same};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        write_start(&bench, writes[i]);
    bench_wait(&bench);
    assert_int_equal(good.answer.tally.created, 1);
    assert_int_equal(orphan.answer.tally.rejected, 1);
    assert_int_equal(both.answer.tally.rejected, 1);
    assert_string_equal(reused.status.reason, "REQUEST_ID_REUSED");
    assert_int_equal(same.answer.tally.unchanged, 1);
    assert_int_equal(bench_number("SELECT newest FROM revision_line"), before + CONNECTIONS + 1);
    assert_int_equal(bench_number("SELECT count(*) FROM record WHERE id = 'es/one'"), 0);
}

static void a_write_that_the_database_faults_fails_by_itself(void **)
{
    enum { WRITES = 6, BAD = 2 };
    struct write busy[CONNECTIONS] = {0}, writes[WRITES] = {0};
    Partner__V1__Role no_role = 9;
    pb_organisation bad = PARTNER__V1__ORGANISATION__INIT;
    bad.id = arena_strdup(bench.arena, "es/bad");
    bad.roles = &no_role;
    bad.n_roles = 1;
    start_busy(busy);
    for (size_t i = 0; i < WRITES; i++) {
        if (i == BAD)
            write_add(&bench, &writes[i], (struct record){.kind = RECORD_ORGANISATION, .organisation = &bad});
        else
            write_add_organisation(&bench, &writes[i], arena_format(bench.arena, "es/%zu", i), "One");
        write_start(&bench, &writes[i]);
    }
    bench_wait(&bench);
    for (size_t i = 0; i < WRITES; i++)
        assert_int_equal(writes[i].status.code, i == BAD ? STATUS_INTERNAL : STATUS_OK);
    assert_int_equal(bench_number("SELECT count(*) FROM organisation WHERE name = 'One'"), WRITES - 1);
}

/* ---- one connection: transactions follow each other in a known order ---- */

static void keep_one_connection(void)
{
    store_free(bench.store);
    bench.store = store_new(
        bench.loop,
        &(struct store_settings){.conninfo = bench.conninfo, .connection_count = 1, .lock_timeout_ms = 20});
    bench_wait_reachable(&bench, true);
}

static void start_of(struct write *write, const char *key, size_t organisation_count)
{
    write->all_or_nothing = true;
    for (size_t i = 0; i < organisation_count; i++)
        write_add_organisation(&bench, write, arena_format(bench.arena, "es/%s%zu", key, i), "One");
    write_start(&bench, write);
}

static bool are_all_done(void *)
{
    return bench.open_count == 0;
}

/* At most 64 changes share. Each transaction waits for the lock in vain, and its first write goes to the queue's end:
 * busy; first with its member; second with its member; large. The queue is then: last, busy, first, second, large; and what
 * the last takes along must leave both members to those that they belong to. */
static void those_that_share_with_one_that_is_tried_again_stay_with_it(void **)
{
    struct write busy = {0}, first = {0}, of_first = {0}, second = {0}, of_second = {0}, large = {0},
                 last = {0};
    keep_one_connection();
    bench_lock_registry(&bench, "es");
    start_of(&busy, "busy", 1);
    start_of(&first, "first", 61);
    start_of(&of_first, "of_first", 3);
    start_of(&second, "second", 1);
    start_of(&of_second, "of_second", 63);
    start_of(&large, "large", 64);
    start_of(&last, "last", 1);
    bench_wait_until(&bench, are_all_done, NULL);
    const struct write *writes[] = {&busy, &first, &of_first, &second, &of_second, &large, &last};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        assert_int_equal(writes[i]->status.code, STATUS_UNAVAILABLE);
    assert_int_equal(bench_number("SELECT count(*) FROM record"), 0);
}

/* Callers are on other threads: once it is told, the first one's text may be gone at any time. */
static void each_that_shares_is_told_in_words_of_its_own(void **)
{
    static const char expected[] = "registry is followed from elsewhere, and read-only here";
    struct write busy = {0}, first = {0}, member = {0};
    keep_one_connection();
    database_run(bench.conninfo, "UPDATE registry SET upstream = 'elsewhere' WHERE id = 'es'");
    start_of(&busy, "busy", 1);
    start_of(&first, "first", 1);
    start_of(&member, "member", 1);
    bench_wait(&bench);
    assert_string_equal(first.status.message, expected);
    memset((char *)first.status.message, '-', strlen(expected)); /* it lies in the arena of the test */
    assert_string_equal(member.status.message, expected);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(writes_that_wait_share_a_transaction_and_keep_their_own_revisions),
        TEST(writes_that_want_the_same_do_not_share),
        TEST(what_is_rejected_or_refused_leaves_those_that_share_alone),
        TEST(a_write_that_the_database_faults_fails_by_itself),
        TEST(those_that_share_with_one_that_is_tried_again_stay_with_it),
        TEST(each_that_shares_is_told_in_words_of_its_own),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
