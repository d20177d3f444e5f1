#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "model/batch.h"
#include "store/batch.h"
#include "store/registry.h"
#include "store/support_bench.h"
#include "store/support_database.h"
#include "store/support_record.h"

static void a_batch_takes_the_next_revision_and_one_without_change_takes_none(void **)
{
    struct write write = {0};
    write_add_organisation(&bench, &write, "es/1", "One");
    write_add_offer(&bench, &write, "es/o1", "es/1");
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_OK);
    assert_int_equal(write.answer.tally.created, 2);
    assert_int_equal(write.answer.revision, 2); /* the registry is 1 */
    struct write again = {0};
    write_add_organisation(&bench, &again, "es/1", "One");
    write_add_offer(&bench, &again, "es/o1", "es/1");
    write_run(&bench, &again);
    assert_int_equal(again.answer.tally.unchanged, 2);
    assert_int_equal(again.answer.revision, 2);
    struct write changed = {0};
    write_add_organisation(&bench, &changed, "es/1", "Two");
    write_add_offer(&bench, &changed, "es/o1", "es/1");
    write_run(&bench, &changed);
    assert_int_equal(changed.answer.tally.updated, 1);
    assert_int_equal(changed.answer.tally.unchanged, 1);
    assert_int_equal(changed.answer.revision, 3);
    assert_int_equal(bench_number("SELECT count(*) FROM change_log"), 4);
    assert_int_equal(bench_number("SELECT change_count FROM revision WHERE revision = 3"), 1);
}

static void every_kind_of_record_lands_and_goes(void **)
{
    uint64_t seed = 99;
    for (unsigned round = 0; round < 20; round++) {
        struct write write = {0};
        write_add_organisation(&bench, &write, "es/1", "One");
        write_add(&bench, &write, random_record(bench.arena, &seed, RECORD_ORGANISATION, "es/2", ""));
        write_add(&bench, &write, random_record(bench.arena, &seed, RECORD_OFFER, "es/o", "es/2"));
        write_add(&bench, &write, random_record(bench.arena, &seed, RECORD_NEED, "es/n", "other/9"));
        write_add(&bench, &write, random_record(bench.arena, &seed, RECORD_PARTNERSHIP, "es/p", "es/1"));
        write_run(&bench, &write);
        assert_int_equal(write.status.code, STATUS_OK);
        assert_int_equal(write.answer.tally.rejected, 0);
    }
    assert_int_equal(bench_number("SELECT count(*) FROM record"), 5);
    assert_int_equal(bench_number("SELECT count(*) FROM partnership_member"), 1);
    struct write gone = {0};
    for (size_t i = 0; i < 5; i++)
        write_add_delete(&bench, &gone, (const char *[]){"es/1", "es/2", "es/o", "es/n", "es/p"}[i]);
    write_run(&bench, &gone);
    assert_int_equal(gone.answer.tally.deleted, 5);
    assert_int_equal(
        bench_number("SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM organisation)"
                     " + (SELECT count(*) FROM offer) + (SELECT count(*) FROM need)"
                     " + (SELECT count(*) FROM partnership) + (SELECT count(*) FROM partnership_member)"),
        0);
    assert_int_equal(bench_number("SELECT count(*) FROM change_log WHERE message IS NULL AND kind < 10"), 5);
}

static void a_bad_record_is_rejected_and_the_good_ones_land(void **)
{
    struct write write = {0};
    write_add_organisation(&bench, &write, "es/1", "One");
    write_add_offer(&bench, &write, "es/o1", "es/none");
    write_run(&bench, &write);
    assert_int_equal(write.answer.tally.created, 1);
    assert_int_equal(write.answer.tally.rejected, 1);
    assert_string_equal(write.batch.changes[1].reject_field, "offer.organisation_id");
    struct write all = {.all_or_nothing = true};
    write_add_organisation(&bench, &all, "es/2", "Two");
    write_add_offer(&bench, &all, "es/o1", "es/none");
    write_run(&bench, &all);
    assert_int_equal(all.answer.tally.created, 0);
    assert_int_equal(all.answer.tally.rejected, 1);
    assert_int_equal(bench_number("SELECT count(*) FROM record"), 1);
}

static void an_organisation_that_others_name_can_not_be_deleted(void **)
{
    struct write write = {0};
    write_add_organisation(&bench, &write, "es/1", "One");
    write_add_offer(&bench, &write, "es/o1", "es/1");
    write_run(&bench, &write);
    struct write gone = {0};
    write_add_delete(&bench, &gone, "es/1");
    write_run(&bench, &gone);
    assert_int_equal(gone.answer.tally.rejected, 1);
    struct write both = {0};
    write_add_delete(&bench, &both, "es/1");
    write_add_delete(&bench, &both, "es/o1");
    write_run(&bench, &both);
    assert_int_equal(both.answer.tally.deleted, 2);
}

static void a_strong_identifier_moves_within_one_batch(void **)
{
    struct write write = {0};
    write_add_organisation_with_pic(&bench, &write, "es/1", "999999999");
    write_run(&bench, &write);
    struct write clash = {0};
    write_add_organisation_with_pic(&bench, &clash, "es/2", "999 999 999");
    write_run(&bench, &clash);
    assert_int_equal(clash.answer.tally.rejected, 1);
    assert_string_equal(clash.batch.changes[0].reject_field, "organisation.identifiers");
    struct write move = {0};
    write_add_organisation_with_pic(&bench, &move, "es/2", "999 999 999");
    write_add_organisation(&bench, &move, "es/1", "One");
    write_run(&bench, &move);
    assert_int_equal(move.answer.tally.rejected, 0);
    assert_int_equal(bench_number("SELECT count(*) FROM identifier WHERE organisation_id = 'es/2'"), 1);
}

static void a_repeated_request_gets_the_first_answer_and_a_reused_one_is_refused(void **)
{
    struct write write = {.request_id = "r1", .hash = "a"};
    write_add_organisation(&bench, &write, "es/1", "One");
    write_run(&bench, &write);
    assert_int_equal(write.answer.tally.created, 1);
    struct write again = {.request_id = "r1", .hash = "a"};
    write_add_organisation(&bench, &again, "es/1", "One");
    write_run(&bench, &again);
    assert_int_equal(again.status.code, STATUS_OK);
    assert_int_equal(again.answer.tally.created, 1);
    assert_int_equal(again.answer.revision, 2);
    struct write other = {.request_id = "r1", .hash = "b"};
    write_add_organisation(&bench, &other, "es/2", "Two");
    write_run(&bench, &other);
    assert_int_equal(other.status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(other.status.reason, "REQUEST_ID_REUSED");
    assert_string_equal(other.status.field, "request_id");
    database_run(bench.conninfo, "UPDATE request SET time = now() - interval '8 days'");
    write_run(&bench, &other);
    assert_int_equal(other.status.code, STATUS_OK);
    assert_int_equal(bench_number("SELECT count(*) FROM request"), 1);
}

static void an_answer_without_change_is_kept_and_a_dry_run_is_not(void **)
{
    struct write dry = {.request_id = "r1", .hash = "a", .dry_run = true};
    write_add_organisation(&bench, &dry, "es/1", "One");
    write_run(&bench, &dry);
    assert_int_equal(dry.answer.tally.created, 1);
    assert_int_equal(dry.answer.revision, 1);
    assert_int_equal(bench_number("SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM request)"),
                     0);
    struct write nothing = {.request_id = "r1", .hash = "b"};
    write_add_delete(&bench, &nothing, "es/none");
    write_run(&bench, &nothing);
    assert_int_equal(nothing.answer.tally.unchanged, 1);
    assert_int_equal(nothing.answer.revision, 1);
    assert_int_equal(bench_number("SELECT count(*) FROM request"), 1);
}

static void an_unknown_registry_is_not_found(void **)
{
    struct write write = {.registry = "xx"};
    write_add_organisation(&bench, &write, "xx/1", "One");
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_NOT_FOUND);
    assert_string_equal(write.status.field, "registry");
}

static void a_registry_is_made_once(void **)
{
    struct registry_write again = {0};
    bench_try_registry(&bench, "es", &again);
    assert_int_equal(again.status.code, STATUS_ALREADY_EXISTS);
    struct registry_write other = {0};
    bench_try_registry(&bench, "de", &other);
    assert_int_equal(other.status.code, STATUS_OK);
    assert_int_equal(other.revision, 2);
}

static void writers_at_once_make_one_line_without_gaps(void **)
{
    enum { WRITERS = 40, ROUNDS = 5 };
    bench_create_registry(&bench, "de");
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct write writes[WRITERS] = {0};
        for (size_t i = 0; i < WRITERS; i++) {
            const char *registry = i % 2 ? "es" : "de";
            writes[i].registry = registry;
            writes[i].request_id = arena_format(bench.arena, "r%u-%zu", round, i / 4);
            writes[i].hash = "a";
            write_add_organisation(&bench, &writes[i], arena_format(bench.arena, "%s/%zu", registry, i / 4),
                                   arena_format(bench.arena, "%u", round));
            write_start(&bench, &writes[i]);
        }
        bench_wait(&bench);
        for (size_t i = 0; i < WRITERS; i++)
            assert_int_equal(writes[i].status.code, STATUS_OK);
        /* The two that share a request id share the answer. */
        for (size_t i = 0; i + 4 <= WRITERS; i += 4) {
            assert_int_equal(writes[i].answer.revision, writes[i + 2].answer.revision);
            assert_int_equal(writes[i + 1].answer.revision, writes[i + 3].answer.revision);
        }
    }
    assert_int_equal(bench_number("SELECT newest FROM revision_line"), 2 + ROUNDS * WRITERS / 2);
    assert_int_equal(bench_number("SELECT count(*) FROM revision"), 2 + ROUNDS * WRITERS / 2);
    assert_int_equal(bench_number("SELECT max(revision) FROM revision"), 2 + ROUNDS * WRITERS / 2);
}

static void a_registry_locked_elsewhere_is_said_and_nothing_is_left_behind(void **)
{
    bench_lock_registry(&bench, "es");
    struct write write = {0};
    write_add_organisation(&bench, &write, "es/1", "One");
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_UNAVAILABLE);
    assert_true(write.status.retry_ms > 0);
    bench_unlock(&bench);
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_OK);
}

static void ten_thousand_changes_go_in_one_batch(void **)
{
    struct write write = {0};
    for (unsigned i = 0; i < 10000; i++)
        write_add_organisation(&bench, &write, arena_format(bench.arena, "es/%u", i), "One");
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_OK);
    assert_int_equal(write.answer.tally.created, 10000);
    assert_int_equal(bench_number("SELECT count(*) FROM organisation"), 10000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_takes_the_next_revision_and_one_without_change_takes_none),
        TEST(every_kind_of_record_lands_and_goes),
        TEST(a_bad_record_is_rejected_and_the_good_ones_land),
        TEST(an_organisation_that_others_name_can_not_be_deleted),
        TEST(a_strong_identifier_moves_within_one_batch),
        TEST(a_repeated_request_gets_the_first_answer_and_a_reused_one_is_refused),
        TEST(an_answer_without_change_is_kept_and_a_dry_run_is_not),
        TEST(an_unknown_registry_is_not_found),
        TEST(a_registry_is_made_once),
        TEST(writers_at_once_make_one_line_without_gaps),
        TEST(a_registry_locked_elsewhere_is_said_and_nothing_is_left_behind),
        TEST(ten_thousand_changes_go_in_one_batch),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
