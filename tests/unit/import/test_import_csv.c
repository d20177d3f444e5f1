#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "client/import_csv.h"
#include "import/support.h"

/* Rows as text: "line: cell|cell\n", the header's line in brackets. */
struct reading {
    struct text_buffer rows;
    size_t left; /* rows until it stops; 0: never */
};

static void add_cells(struct reading *reading, const struct import_row *row)
{
    for (size_t i = 0; i < row->cell_count; i++)
        text_buffer_format(&reading->rows, "%s%s", i ? "|" : " ", row->cells[i]);
    text_buffer_add(&reading->rows, "\n");
}

static bool on_header(void *context, const struct import_row *row)
{
    struct reading *reading = context;
    text_buffer_format(&reading->rows, "[%zu]", row->line);
    add_cells(reading, row);
    return true;
}

static bool on_row(void *context, const struct import_row *row)
{
    struct reading *reading = context;
    text_buffer_format(&reading->rows, "%zu", row->line);
    add_cells(reading, row);
    return reading->left != 1 && (!reading->left || reading->left--);
}

static void assert_reads(struct folder *folder, const char *content, const char *rows, const char *said)
{
    struct reading reading = {0};
    text_buffer_add(&reading.rows, "");
    text_buffer_clear(&folder->said);
    bool good =
        import_csv_read(folder_write(folder, "f.csv", content), &folder->report, on_header, on_row, &reading);
    assert_string_equal(reading.rows.bytes, rows);
    assert_string_equal(folder->said.bytes, said);
    assert_int_equal(good, *said == '\0');
    text_buffer_fini(&reading.rows);
}

static void rows_come_with_their_lines(void **state)
{
    assert_reads(*state, "a,b\n1,2\n3,4\n", "[1] a|b\n2 1|2\n3 3|4\n", "");
    assert_reads(*state, "a,b\n1,2", "[1] a|b\n2 1|2\n", "");
    assert_reads(*state, "a,b\r\n1,2\r\n3,4\r\n", "[1] a|b\n2 1|2\n3 3|4\n", "");
    assert_reads(*state, "a,b\n\n1,2\n\n\n3,4\n", "[1] a|b\n3 1|2\n6 3|4\n", "");
    assert_reads(*state, "a,b\n\"x\ny\",2\n3,4\n", "[1] a|b\n2 x\ny|2\n4 3|4\n", "");
    assert_reads(*state, "a\n", "[1] a\n", "");
}

static void quotes_hold_commas_and_quotes(void **state)
{
    assert_reads(*state, "a,b\n\"1,2\",\"say \"\"x\"\"\"\n", "[1] a|b\n2 1,2|say \"x\"\n", "");
    assert_reads(*state, "a,b\n,\n\"\",\"\"\n", "[1] a|b\n2 |\n3 |\n", "");
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    assert_reads(*state,
                 "\xef\xbb\xbf"
                 "a,b\n1,2\n",
                 "[1] a|b\n2 1|2\n", "");
}

static void semicolons_divide_where_the_header_has_no_comma(void **state)
{
    assert_reads(*state, "a;b\n1,5;2\n", "[1] a|b\n2 1,5|2\n", "");
    assert_reads(*state, "a,b;c\n1,2;3\n", "[1] a|b;c\n2 1|2;3\n", "");
}

static void a_bad_row_is_named_and_passed_over(void **state)
{
    assert_reads(*state, "a,b\n1\n2,3\n", "[1] a|b\n3 2|3\n", "f.csv:2 -: has 1 cells, the header 2\n");
    assert_reads(*state, "a,b\n1,2,3\n", "[1] a|b\n", "f.csv:2 -: has 3 cells, the header 2\n");
    assert_reads(*state, "a,b\n1,\xff\n2,3\n", "[1] a|b\n3 2|3\n", "f.csv:2 b: is not UTF-8\n");
}

static void a_quote_out_of_place_ends_the_file(void **state)
{
    assert_reads(*state, "a,b\n1,2\n\"x\"y,2\n3,4\n", "[1] a|b\n2 1|2\n",
                 "f.csv:3 -: has a quote out of place\n");
    assert_reads(*state, "a,b\n1,\"open\n3,4\n", "[1] a|b\n", "f.csv:2 -: has a quote out of place\n");
}

static void nothing_has_no_header(void **state)
{
    assert_reads(*state, "", "", "f.csv:0 -: is empty\n");
    assert_reads(*state, "\n\n", "", "f.csv:0 -: is empty\n");
    assert_reads(*state, "\xff,b\n1,2\n", "", "f.csv:1 -: is not UTF-8\n");
}

static void a_nul_byte_is_no_text(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *path = folder_write_bytes(folder, "n.csv", "a,b\n1,x\0y\n2,3\n", 14);
    assert_false(import_csv_read(path, &folder->report, on_header, on_row, &reading));
    assert_string_equal(folder->said.bytes, "n.csv:2 b: is not UTF-8\n");
    assert_string_equal(reading.rows.bytes, "[1] a|b\n3 2|3\n");
    text_buffer_fini(&reading.rows);
}

static void a_reader_may_stop(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {.left = 2};
    const char *path = folder_write(folder, "s.csv", "a\n1\n2\n3\n4\n");
    assert_true(import_csv_read(path, &folder->report, on_header, on_row, &reading));
    assert_string_equal(reading.rows.bytes, "[1] a\n2 1\n3 2\n");
    text_buffer_fini(&reading.rows);
}

static void gzip_reads_like_plain(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *path = folder_write(folder, "g.csv.gz", "a,b\n1,2\n");
    assert_true(import_csv_read(path, &folder->report, on_header, on_row, &reading));
    assert_string_equal(reading.rows.bytes, "[1] a|b\n2 1|2\n");
    text_buffer_fini(&reading.rows);
}

static void a_long_file_is_read_in_pieces(void **state)
{
    struct folder *folder = *state;
    struct text_buffer content = {0};
    struct reading reading = {.left = 0};
    text_buffer_add(&content, "a,b\n");
    for (int i = 0; i < 40000; i++)
        text_buffer_format(&content, "%d,\"x\n%d\"\n", i, i);
    const char *path = folder_write_bytes(folder, "long.csv.gz", content.bytes, content.size);
    assert_true(import_csv_read(path, &folder->report, on_header, on_row, &reading));
    const char *last = "\n80000 39999|x\n39999\n";
    assert_string_equal(reading.rows.bytes + reading.rows.size - strlen(last), last);
    text_buffer_fini(&reading.rows);
    text_buffer_fini(&content);
}

static void a_cut_gzip_file_is_a_fault_and_its_last_row_is_not_given(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    text_buffer_add(&reading.rows, "");
    struct text_buffer content = {0};
    text_buffer_add(&content, "a,b\n");
    for (int i = 0; i < 4000; i++)
        text_buffer_format(&content, "%d,%d\n", i, (i * 7919) % 10007);
    const char *path = folder_write_bytes(folder, "cut.csv.gz", content.bytes, content.size);
    char bytes[8192];
    FILE *whole = fopen(path, "rb");
    size_t size = fread(bytes, 1, sizeof bytes, whole);
    fclose(whole);
    FILE *cut = fopen(path, "wb");
    fwrite(bytes, 1, size / 2, cut);
    fclose(cut);
    assert_false(import_csv_read(path, &folder->report, on_header, on_row, &reading));
    assert_string_equal(folder->said.bytes, "cut.csv.gz:0 -: can't be read: unexpected end of file\n");
    for (char *line = strtok(reading.rows.bytes, "\n"); line; line = strtok(NULL, "\n"))
        if (*line != '[') {
            int number, left, right;
            assert_int_equal(sscanf(line, "%d %d|%d", &number, &left, &right), 3);
            assert_int_equal(right, (left * 7919) % 10007);
        }
    text_buffer_fini(&reading.rows);
    text_buffer_fini(&content);
}

static void what_is_not_there_is_a_fault(void **state)
{
    struct folder *folder = *state;
    assert_false(import_csv_read("/nonexistent/x.csv", &folder->report, on_header, on_row, NULL));
    assert_string_equal(folder->said.bytes, "x.csv:0 -: can't be opened: No such file or directory\n");
    text_buffer_clear(&folder->said);
    assert_false(import_csv_read(folder->path, &folder->report, on_header, on_row, NULL));
    assert_non_null(strstr(folder->said.bytes, "Is a directory"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(rows_come_with_their_lines),
        IN_FOLDER(quotes_hold_commas_and_quotes),
        IN_FOLDER(a_byte_order_mark_is_passed_over),
        IN_FOLDER(semicolons_divide_where_the_header_has_no_comma),
        IN_FOLDER(a_bad_row_is_named_and_passed_over),
        IN_FOLDER(a_quote_out_of_place_ends_the_file),
        IN_FOLDER(nothing_has_no_header),
        IN_FOLDER(a_nul_byte_is_no_text),
        IN_FOLDER(a_reader_may_stop),
        IN_FOLDER(gzip_reads_like_plain),
        IN_FOLDER(a_long_file_is_read_in_pieces),
        IN_FOLDER(a_cut_gzip_file_is_a_fault_and_its_last_row_is_not_given),
        IN_FOLDER(what_is_not_there_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
