#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "client/import_mapping.h"

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

static const char *cell_of(const char *text, const char *const *header, const char *const *cells,
                           size_t count)
{
    const struct import_mapping *mapping;
    const size_t *columns;
    assert_true(status_ok(import_mapping_parse(arena, text, "es", &mapping)));
    assert_null(import_mapping_bind(mapping, arena, header, count, &columns));
    return import_mapping_cell(mapping, arena, 0, columns, cells);
}

static void cells_stand_where_their_columns_are_named(void **)
{
    const char *header[] = {"name", "place"}, *cells[] = {" School ", "Baden"};
    assert_string_equal(cell_of("organisation.name = {name}, {place}!", header, cells, 2), "School, Baden!");
}

static void empty_items_at_the_end_are_left_out(void **)
{
    const char *header[] = {"pic", "oid"}, *cells[] = {"948821603", ""};
    assert_string_equal(cell_of("organisation.identifiers.value = {pic}|{oid}", header, cells, 2),
                        "948821603");
    assert_string_equal(cell_of("organisation.identifiers.scheme = {pic?pic}|{oid?oid}", header, cells, 2),
                        "pic");
}

static void an_id_holds_only_what_may_stand_in_one(void **)
{
    const char *header[] = {"code"}, *cells[] = {"A  BADEN/01é"};
    assert_string_equal(cell_of("organisation.id = {registry}/{code}", header, cells, 1), "es/A--BADEN/01--");
    assert_string_equal(cell_of("organisation.name = {code}", header, cells, 1), "A  BADEN/01é");
}

static void comments_and_empty_lines_say_nothing(void **)
{
    const struct import_mapping *mapping;
    assert_true(
        status_ok(import_mapping_parse(arena, "# a comment\n\n  offer.title = {t}  \r\n", NULL, &mapping)));
    assert_int_equal(import_mapping_count(mapping), 1);
    assert_string_equal(import_mapping_field(mapping, 0), "offer.title");
}

static void what_is_no_mapping_is_refused_with_its_line(void **)
{
    const struct import_mapping *mapping;
    static const char *const bad[] = {"", "title", "= {a}", "a = {", "a = {}", "# only a comment"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(import_mapping_parse(arena, bad[i], NULL, &mapping).code, STATUS_INVALID_ARGUMENT);
}

static void a_column_that_is_not_there_is_named(void **)
{
    const struct import_mapping *mapping;
    const size_t *columns;
    const char *header[] = {"a"};
    assert_true(status_ok(import_mapping_parse(arena, "offer.title = {b}", "es", &mapping)));
    assert_string_equal(import_mapping_bind(mapping, arena, header, 1, &columns), "b");
}

static void the_known_formats_can_be_read(void **)
{
    const struct import_mapping *mapping;
    assert_true(status_ok(import_mapping_parse(arena, import_mapping_known("eche"), "es", &mapping)));
    assert_null(import_mapping_known("other"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(cells_stand_where_their_columns_are_named),
        TEST(empty_items_at_the_end_are_left_out),
        TEST(an_id_holds_only_what_may_stand_in_one),
        TEST(comments_and_empty_lines_say_nothing),
        TEST(what_is_no_mapping_is_refused_with_its_line),
        TEST(a_column_that_is_not_there_is_named),
        TEST(the_known_formats_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
