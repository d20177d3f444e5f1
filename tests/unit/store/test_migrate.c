#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "store/column.h"
#include "store/migrate.h"
#include "store/store.h"
#include "store/support_database.h"

static struct arena *arena;

static int setup(void **)
{
    arena = arena_new(0);
    return 0;
}

static int teardown(void **)
{
    arena_free(arena);
    return 0;
}

static void an_empty_database_gets_schema_and_vocabularies_once(void **)
{
    const char *conninfo = database_new();
    assert_int_equal(store_migrate(arena, conninfo).code, STATUS_OK);
    assert_int_equal(database_number(conninfo, "SELECT count(*) FROM concept WHERE scheme = 1"), 220);
    assert_true(database_number(conninfo, "SELECT count(*) FROM concept WHERE scheme = 2") >= 400);
    assert_true(database_number(conninfo, "SELECT count(*) FROM concept WHERE scheme = 4") > 200);
    assert_true(database_number(conninfo, "SELECT count(*) FROM concept WHERE scheme = 7") > 150);
    int64_t newest = database_number(conninfo, "SELECT newest FROM revision_line");
    assert_int_equal(newest, 4);
    assert_int_equal(store_migrate(arena, conninfo).code, STATUS_OK);
    assert_int_equal(database_number(conninfo, "SELECT newest FROM revision_line"), newest);
}

static void a_newer_database_and_a_changed_migration_are_refused(void **)
{
    const char *conninfo = database_new();
    assert_int_equal(store_migrate(arena, conninfo).code, STATUS_OK);
    database_run(conninfo, "INSERT INTO migration (number, name, checksum) VALUES (9999, 'later', '')");
    assert_int_equal(store_migrate(arena, conninfo).code, STATUS_FAILED_PRECONDITION);
    database_run(conninfo, "DELETE FROM migration WHERE number = 9999;"
                           "UPDATE migration SET checksum = 'x' WHERE number = 2");
    assert_int_equal(store_migrate(arena, conninfo).code, STATUS_FAILED_PRECONDITION);
}

static void another_encoding_and_a_standby_are_told_apart(void **)
{
    const char *conninfo = database_new();
    database_run(conninfo, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    const char *latin =
        arena_format(arena, "%.*s dbname=latin", (int)(strstr(conninfo, " dbname") - conninfo), conninfo);
    assert_int_equal(store_migrate(arena, latin).code, STATUS_FAILED_PRECONDITION);
    const char *standby = arena_format(arena, "%s options='-c default_transaction_read_only=on'", conninfo);
    assert_int_equal(store_migrate(arena, standby).code, STATUS_UNAVAILABLE);
}

static void a_database_that_is_not_there_is_unavailable(void **)
{
    assert_int_equal(store_migrate(arena, "host=/nonexistent dbname=x").code, STATUS_UNAVAILABLE);
}

/* Two programs at once. */
struct job {
    const char *conninfo;
    struct arena *arena;
    struct status status;
    struct loop *loop;
    unsigned *left;
};

static void migrate(void *context)
{
    struct job *job = context;
    job->status = store_migrate(job->arena, job->conninfo);
}

static void on_migrated(void *context)
{
    struct job *job = context;
    if (--*job->left == 0)
        loop_stop(job->loop);
}

static void programs_that_migrate_at_once_do_it_once(void **)
{
    enum { PROGRAMS = 3 };
    struct job jobs[PROGRAMS];
    unsigned left = PROGRAMS;
    struct loop *loop = loop_new("test", 0);
    struct worker_pool *workers = worker_pool_new(PROGRAMS);
    const char *conninfo = database_new();
    for (size_t i = 0; i < PROGRAMS; i++) {
        jobs[i] = (struct job){.conninfo = conninfo, .arena = arena_new(0), .loop = loop, .left = &left};
        worker_submit(workers, loop, migrate, on_migrated, &jobs[i]);
    }
    loop_run(loop);
    worker_pool_free(workers);
    loop_free(loop);
    for (size_t i = 0; i < PROGRAMS; i++) {
        assert_int_equal(jobs[i].status.code, STATUS_OK);
        arena_free(jobs[i].arena);
    }
    assert_int_equal(database_number(conninfo, "SELECT newest FROM revision_line"), 4);
}

static void every_column_is_in_its_table_with_its_type(void **)
{
    const char *conninfo = database_new_migrated();
    struct column_codec *codec = column_codec_new();
    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_KIND_COUNT; kind++) {
        const struct record_table *table = record_table_of(kind);
        for (size_t i = 0; i < table->column_count; i++) {
            const char *sql = arena_format(arena,
                                           "SELECT coalesce((SELECT atttypid::bigint FROM pg_attribute WHERE"
                                           " attrelid = '%s'::regclass AND attname = '%s'), 0)",
                                           table->name, table->columns[i].name);
            if (database_number(conninfo, sql) != column_codec_oid(codec, kind, i))
                fail_msg("%s.%s", table->name, table->columns[i].name);
        }
        /* Beside them the kind and, of offer and need, the generated reference. */
        const char *sql = arena_format(arena,
                                       "SELECT count(*) FROM pg_attribute WHERE attrelid = '%s'::regclass"
                                       " AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
                                       table->name);
        assert_int_equal(database_number(conninfo, sql), table->column_count);
    }
    column_codec_free(codec);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_database_gets_schema_and_vocabularies_once),
        TEST(a_newer_database_and_a_changed_migration_are_refused),
        TEST(another_encoding_and_a_standby_are_told_apart),
        TEST(a_database_that_is_not_there_is_unavailable),
        TEST(programs_that_migrate_at_once_do_it_once),
        TEST(every_column_is_in_its_table_with_its_type),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
