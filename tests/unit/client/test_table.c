#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/table.h"

static struct arena *arena;
static struct text_buffer out;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    text_buffer_fini(&out);
    arena_free(arena);
    return 0;
}

static const struct table_column columns[] = {
    {.title = "#", .right = true}, {.title = "NAME", .least = 6}, {.title = "DAYS", .right = true}};

static const char *written(const struct table *table, unsigned width, bool headers)
{
    text_buffer_clear(&out);
    table_write(table, &out, &(struct table_look){.width = width, .headers = headers});
    return out.bytes;
}

static void columns_are_as_wide_as_their_cells(void **state)
{
    (void)state;
    struct table *table = table_new(arena, columns, 3);
    table_add(table, (const char *const[]){"1", "Łódź", "14-21"});
    table_add(table, (const char *const[]){"10", "Kraków Główny", "7"});
    assert_string_equal(written(table, 0, true), " #  NAME            DAYS\n"
                                                 " 1  Łódź           14-21\n"
                                                 "10  Kraków Główny      7\n");
    assert_string_equal(written(table, 0, false), " 1  Łódź           14-21\n"
                                                  "10  Kraków Główny      7\n");
}

static void a_loose_column_gives_way_on_a_narrow_terminal(void **state)
{
    (void)state;
    struct table *table = table_new(arena, columns, 3);
    table_add(table, (const char *const[]){"1", "Kraków Główny", "14-21"});
    assert_string_equal(written(table, 18, false), "1  Kraków …  14-21\n");
    assert_string_equal(written(table, 5, false), "1  Krakó…  14-21\n"); /* not below its least */
}

static void wide_letters_count_for_two_columns(void **state)
{
    (void)state;
    struct table *table = table_new(arena, columns, 3);
    table_add(table, (const char *const[]){"1", "日本語学校", "7"});
    /* Four letters would be one column too many; the blank fills up. */
    assert_string_equal(written(table, 14, false), "1  日本語…   7\n");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    struct table *table = table_new(arena, columns, 3);
    table_add(table, (const char *const[]){"1",
                                           "a\033[2Jb\xc2\x9b"
                                           "c",
                                           "7\n"});
    table_note(table, "x\ry");
    assert_string_equal(written(table, 0, false), "1  a [2Jb  c  7 \n    x y\n");
}

static void a_last_column_that_wraps_is_not_cut(void **state)
{
    static const struct table_column wrapping[] = {{.title = "A"}, {.title = "B", .least = 5, .wrap = true}};
    (void)state;
    struct table *table = table_new(arena, wrapping, 2);
    table_add(table, (const char *const[]){"ab", "one two three four five six"});
    assert_string_equal(written(table, 28, false), "ab  one two three four five\n    six\n");
}

static void a_note_is_broken_between_words(void **state)
{
    (void)state;
    struct table *table = table_new(arena, columns, 3);
    table_add(table, (const char *const[]){"1", "a", "7"});
    table_note(table, "covers 2 of 3 outcomes; missing: read a drawing");
    assert_string_equal(written(table, 30, false), "1  a  7\n"
                                                   "    covers 2 of 3 outcomes;\n"
                                                   "    missing: read a drawing\n");
}

static void a_word_longer_than_the_line_stays_whole(void **state)
{
    (void)state;
    text_buffer_clear(&out);
    table_wrap(&out, "a http://data.europa.eu/esco/skill/0001 b", 2, 20);
    assert_string_equal(out.bytes, "  a\n  http://data.europa.eu/esco/skill/0001\n  b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_cells),
        cmocka_unit_test(a_last_column_that_wraps_is_not_cut),
        cmocka_unit_test(a_loose_column_gives_way_on_a_narrow_terminal),
        cmocka_unit_test(wide_letters_count_for_two_columns),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(a_note_is_broken_between_words),
        cmocka_unit_test(a_word_longer_than_the_line_stays_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
