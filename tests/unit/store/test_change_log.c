/* The change log read by pages, and trimmed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "store/log_page.h"
#include "store/log_trim.h"
#include "store/support_bench.h"
#include "store/support_database.h"
#include "store/support_record.h"

static void write_organisations(unsigned count, const char *name)
{
    struct write write = {0};
    for (unsigned i = 0; i < count; i++)
        write_add_organisation(&bench, &write, arena_format(bench.arena, "es/%04u", i), name);
    write_run(&bench, &write);
    assert_int_equal(write.status.code, STATUS_OK);
}

/* ---- pages ---- */

struct reading {
    struct log_page page;
    bool is_done;
    struct status status;
    uint64_t newest, trimmed;
    uint64_t whole; /* as a reader has it */
    int32_t rows, ordinal;
    size_t row_count, bytes, page_count, deleted_count;
};

static void on_page(struct log_page *page, struct status status, const struct log_line *line,
                    const PGresult *rows)
{
    struct reading *reading = (struct reading *)page;
    reading->is_done = true;
    reading->status = status;
    reading->row_count = reading->bytes = 0;
    if (!line)
        return;
    reading->newest = line->newest;
    reading->trimmed = line->trimmed;
    assert_true(line->is_settled);
    assert_true(strlen(line->epoch) > 0);
    for (int i = 0; rows && i < PQntuples(rows); i++) {
        struct log_row row = log_row_of(rows, i);
        assert_int_equal(row.revision, reading->whole + 1);
        assert_true(row.ordinal > reading->ordinal && row.time_us > 0);
        reading->row_count++;
        reading->bytes += row.packed_bytes;
        reading->deleted_count += row.kind != RECORD_NONE && !row.packed;
        reading->ordinal = row.ordinal;
        if (++reading->rows < row.change_count)
            continue;
        reading->whole++;
        reading->rows = 0;
        reading->ordinal = -1;
    }
}

static bool is_read(void *context)
{
    return ((struct reading *)context)->is_done;
}

static void read_page(struct reading *reading)
{
    reading->is_done = false;
    reading->page = (struct log_page){.store = bench.store, .arena = bench.arena, .done = on_page};
    log_page_read(&reading->page, reading->whole, reading->ordinal);
    bench_wait_until(&bench, is_read, reading);
    assert_int_equal(reading->status.code, STATUS_OK);
    reading->page_count++;
}

static void pages_give_each_change_once_in_order(void **)
{
    struct reading reading = {.ordinal = -1};
    struct write gone = {0};
    write_organisations(10, "small");
    write_organisations(4500, "long");
    write_organisations(3, "small again");
    write_add_delete(&bench, &gone, "es/0001");
    write_run(&bench, &gone);
    size_t total = 0;
    do {
        read_page(&reading);
        assert_true(reading.row_count <= 2000);
        total += reading.row_count;
    } while (reading.row_count);
    assert_int_equal(reading.whole, reading.newest);
    assert_int_equal(reading.newest, 5);
    assert_int_equal(total, 1 + 10 + 4500 + 3 + 1);
    assert_int_equal(reading.deleted_count, 1);
    assert_true(reading.page_count >= 6);
}

static void a_page_of_large_records_is_short(void **)
{
    char large[1500];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    write_organisations(2000, large);
    struct reading reading = {.ordinal = -1};
    size_t total = 0;
    do {
        read_page(&reading);
        assert_true(reading.bytes < 500 * 1000);
        total += reading.row_count;
    } while (reading.row_count);
    assert_int_equal(total, 2001);
    assert_int_equal(reading.whole, 2);
}

static void the_line_alone_is_read(void **)
{
    struct reading reading = {.page = {.store = bench.store, .arena = bench.arena, .done = on_page}};
    log_page_read_line(&reading.page);
    bench_wait_until(&bench, is_read, &reading);
    assert_int_equal(reading.newest, 1);
    assert_int_equal(reading.trimmed, 0);
    assert_int_equal(reading.row_count, 0);
}

static void a_database_that_is_away_is_unavailable(void **)
{
    struct reading reading = {.page = {.store = bench.store, .arena = bench.arena, .done = on_page}};
    database_server_stop();
    bench_wait_reachable(&bench, false);
    log_page_read_line(&reading.page);
    bench_wait_until(&bench, is_read, &reading);
    database_server_start();
    assert_int_equal(reading.status.code, STATUS_UNAVAILABLE);
    bench_wait_reachable(&bench, true);
}

/* ---- trimming ---- */

static bool is_trimmed(void *)
{
    return bench_number("SELECT count(*) FROM change_log") == 10;
}

static void the_log_is_emptied_down_to_what_is_kept(void **)
{
    write_organisations(9000, "long");
    for (unsigned i = 0; i < 30; i++)
        write_organisations(2, arena_format(bench.arena, "n%u", i));
    struct log_trim *trim = log_trim_new(
        bench.store, &(struct log_trim_settings){.keep_days = 1, .keep_changes = 10, .every_seconds = 1});
    log_trim_run(trim);
    bench_wait_until(&bench, is_trimmed, NULL);
    assert_int_equal(bench_number("SELECT newest - trimmed FROM revision_line"), 5);
    assert_int_equal(
        bench_number("SELECT count(*) FROM change_log l LEFT JOIN revision r USING (change_set)"
                     " WHERE r.revision IS NULL OR r.revision <= (SELECT trimmed FROM revision_line)"),
        0);
    struct store *store = bench.store;
    store_free(store);
    log_trim_free(trim);
    bench.store = NULL;
}

static bool is_past(void *)
{
    return bench_number("SELECT trimmed FROM revision_line") == 3;
}

static void what_is_old_goes_and_what_is_promised_stays(void **)
{
    for (unsigned i = 0; i < 5; i++)
        write_organisations(2, arena_format(bench.arena, "n%u", i));
    database_run(bench.conninfo,
                 "UPDATE revision SET time = now() - interval '50 hours' WHERE revision <= 3");
    struct log_trim *trim = log_trim_new(
        bench.store, &(struct log_trim_settings){
                         .keep_days = 2, .keep_changes = 0, .least_hours = 49, .every_seconds = 1});
    log_trim_run(trim);
    bench_wait_until(&bench, is_past, NULL);
    assert_int_equal(
        bench_number(
            "SELECT changes - (SELECT total FROM revision WHERE revision = trimmed) FROM revision_line"),
        6);
    store_free(bench.store);
    log_trim_free(trim);
    bench.store = NULL;
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(pages_give_each_change_once_in_order),
        TEST(a_page_of_large_records_is_short),
        TEST(the_line_alone_is_read),
        TEST(a_database_that_is_away_is_unavailable),
        TEST(the_log_is_emptied_down_to_what_is_kept),
        TEST(what_is_old_goes_and_what_is_promised_stays),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
