#include "service/concept_links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "store/vocabulary.h"

enum { MOST = 8 };

struct world {
    struct arena *arena;
    struct store_concept concepts[MOST];
    struct text_list narrower[MOST];
    size_t count;
};

static int set_up(void **state)
{
    struct world *world = test_calloc(1, sizeof *world);
    world->arena = arena_new(0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    arena_free(world->arena);
    test_free(world);
    return 0;
}

/* "a b" */
static struct text_list list(struct world *world, const char *codes)
{
    const char **items = arena_array(world->arena, strlen(codes) + 1, sizeof *items);
    size_t count = 0;
    char *rest = arena_strdup(world->arena, codes);
    for (char *code; (code = strsep(&rest, " ")) != NULL;)
        if (*code)
            items[count++] = code;
    return (struct text_list){items, count};
}

static void add(struct world *world, const char *code, const char *broader, const char *narrower)
{
    world->concepts[world->count] =
        (struct store_concept){.code = code, .label = code, .broader = list(world, broader)};
    world->narrower[world->count++] = list(world, narrower);
}

static struct status turn(struct world *world)
{
    return concept_links_turn(world->arena, world->concepts, world->narrower, world->count);
}

static void assert_broader(const struct world *world, size_t index, const char *expected)
{
    const struct text_list broader = world->concepts[index].broader;
    char *codes = arena_strdup(world->arena, "");
    for (size_t i = 0; i < broader.count; i++)
        codes = arena_format(world->arena, "%s%s%s", codes, i ? " " : "", broader.items[i]);
    assert_string_equal(codes, expected);
}

static void assert_refused(struct world *world, const char *message)
{
    struct status status = turn(world);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.field, "concept.narrower");
    assert_string_equal(status.message, message);
}

static void a_link_counts_from_either_end_and_once(void **state)
{
    struct world *world = *state;
    add(world, "metal", "", "weld mig weld");
    add(world, "weld", "", "mig tig");
    add(world, "mig", "elsewhere weld", "");
    add(world, "tig", "", "");
    assert_int_equal(turn(world).code, STATUS_OK);
    assert_broader(world, 0, "");
    assert_broader(world, 1, "metal");
    assert_broader(world, 2, "elsewhere weld metal");
    assert_broader(world, 3, "weld");
}

static void what_is_read_back_is_what_was_loaded(void **state)
{
    struct world *world = *state;
    add(world, "metal", "", "weld");
    add(world, "weld", "metal", "mig tig");
    add(world, "mig", "weld", "");
    add(world, "tig", "weld", "");
    assert_int_equal(turn(world).code, STATUS_OK);
    for (size_t i = 0; i < world->count; i++)
        assert_broader(world, i, i == 0 ? "" : i == 1 ? "metal" : "weld");
}

static void what_broader_says_already_can_be_read_back_even_where_it_contradicts(void **state)
{
    struct world *world = *state;
    add(world, "metal", "weld metal", "metal weld");
    add(world, "weld", "metal", "metal");
    assert_int_equal(turn(world).code, STATUS_OK);
    assert_broader(world, 0, "weld metal");
    assert_broader(world, 1, "metal");
}

static void a_code_that_is_not_loaded_with_it_is_passed_over(void **state)
{
    struct world *world = *state;
    add(world, "weld", "", "");
    add(world, "metal", "", "cast weld");
    assert_int_equal(turn(world).code, STATUS_OK);
    assert_broader(world, 0, "metal");
    assert_broader(world, 1, "");
}

static void what_is_put_in_does_not_depend_on_the_order_of_the_load(void **state)
{
    struct world *world = *state;
    add(world, "mig", "zinc", "");
    add(world, "weld", "", "mig");
    add(world, "arc", "", "mig");
    assert_int_equal(turn(world).code, STATUS_OK);
    assert_broader(world, 0, "zinc arc weld");
}

static void links_that_contradict_are_refused(void **state)
{
    struct world *world = *state;
    add(world, "metal", "", "metal");
    assert_refused(world, "of concept 0 (metal) names metal, which is itself");
    world->count = 0;
    add(world, "metal", "weld", "weld");
    add(world, "weld", "", "");
    assert_refused(world, "of concept 0 (metal) names weld, which is broader than it");
    world->count = 0;
    add(world, "metal", "", "weld");
    add(world, "weld", "", "metal");
    assert_refused(world, "of concept 1 (weld) names metal, which is broader than it");
}

static void a_long_code_is_cut_between_letters(void **state)
{
    enum { LETTERS = 51, SHOWN_LETTERS = 49 }; /* of two bytes each, behind an "x": 99 bytes, of up to 100 */
    struct world *world = *state;
    char code[2 + 2 * LETTERS] = "x", shown[2 + 2 * SHOWN_LETTERS] = "x";
    for (int i = 0; i < LETTERS; i++)
        strcat(code, "é");
    for (int i = 0; i < SHOWN_LETTERS; i++)
        strcat(shown, "é");
    add(world, code, "", code);
    assert_refused(world,
                   arena_format(world->arena, "of concept 0 (%s) names %s, which is itself", shown, shown));
}

static void of_a_code_that_comes_twice_the_first_counts(void **state)
{
    struct world *world = *state;
    add(world, "metal", "", "weld");
    add(world, "weld", "", "");
    add(world, "metal", "weld", "nowhere");
    assert_int_equal(turn(world).code, STATUS_OK);
    assert_broader(world, 1, "metal");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_link_counts_from_either_end_and_once),
        TEST(what_is_read_back_is_what_was_loaded),
        TEST(a_code_that_is_not_loaded_with_it_is_passed_over),
        TEST(what_broader_says_already_can_be_read_back_even_where_it_contradicts),
        TEST(what_is_put_in_does_not_depend_on_the_order_of_the_load),
        TEST(links_that_contradict_are_refused),
        TEST(a_long_code_is_cut_between_letters),
        TEST(of_a_code_that_comes_twice_the_first_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
