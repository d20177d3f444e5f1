#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "client/client.h"
#include "client/flags.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define PARSE(...)                                                                        \
    flags_parse(arena, &client_commands,                                                  \
                (int)(sizeof((const char *[]){"partner", __VA_ARGS__}) / sizeof(char *)), \
                (const char *[]){"partner", __VA_ARGS__, NULL})

static void flags_come_before_and_after_the_command(void **state)
{
    (void)state;
    struct flags flags = PARSE("--server", "http://a:1", "find", "--from=es/1", "-o", "json");
    assert_null(flags.error);
    assert_string_equal(flags.command->name, "find");
    assert_string_equal(flags_text(&flags, "server"), "http://a:1");
    assert_string_equal(flags_text(&flags, "from"), "es/1");
    assert_string_equal(flags_text(&flags, "output"), "json");
    assert_false(flags_has(&flags, "need"));
}

static void lists_repeat_and_take_commas(void **state)
{
    const char **values;
    (void)state;
    struct flags flags = PARSE("find", "--country", "DE, PL", "--country=FR,");
    assert_int_equal(flags_list(&flags, arena, "country", &values), 3);
    assert_string_equal(values[1], "PL");
    assert_string_equal(values[2], "FR");
}

static void an_outcome_keeps_its_comma(void **state)
{
    const char **values;
    (void)state;
    struct flags flags = PARSE("find", "--outcome", "cut, bend and join pipes", "--outcome", "weld");
    assert_int_equal(flags_list(&flags, arena, "outcome", &values), 2);
    assert_string_equal(values[0], "cut, bend and join pipes");
}

static void a_command_of_several_words_is_found(void **state)
{
    (void)state;
    struct flags flags = PARSE("admin", "registry", "create", "es", "--title", "Spain");
    assert_null(flags.error);
    assert_string_equal(flags.command->name, "admin registry create");
    assert_int_equal(flags.word_count, 1);
    assert_string_equal(flags.words[0], "es");
}

static void an_unfinished_command_is_a_group(void **state)
{
    (void)state;
    struct flags flags = PARSE("admin", "registry");
    assert_null(flags.error);
    assert_null(flags.command);
    assert_string_equal(flags.group, "admin registry");
}

static void an_unknown_command_suggests_the_nearest(void **state)
{
    (void)state;
    assert_non_null(strstr(PARSE("fnid").error, "'find'"));
    assert_non_null(strstr(PARSE("vocabulary", "laod").error, "'load'"));
    assert_null(strstr(PARSE("entirely-else").error, "did you mean"));
}

static void an_unknown_flag_suggests_the_nearest(void **state)
{
    (void)state;
    assert_non_null(strstr(PARSE("find", "--contry", "DE").error, "--country"));
    assert_non_null(PARSE("find", "-q").error);
    assert_non_null(PARSE("--country", "DE", "find").error); /* a flag of find, before find */
}

static void a_wrong_value_is_an_error(void **state)
{
    (void)state;
    assert_non_null(PARSE("find", "--learners", "three").error);
    assert_non_null(PARSE("find", "--learners", "4294967296").error);
    assert_non_null(PARSE("find", "--network", "keep|extend").error);
    assert_non_null(PARSE("find", "--network", "kee").error);
    assert_non_null(PARSE("find", "--network").error);
    assert_non_null(PARSE("find", "--brief=yes").error);
    assert_non_null(PARSE("find", "--outcome", "\xff").error);
}

static void words_are_counted(void **state)
{
    (void)state;
    assert_non_null(PARSE("show").error);
    assert_non_null(PARSE("show", "a/1", "a/2").error);
    assert_null(PARSE("show", "--help").error);
}

static void two_dashes_end_the_flags(void **state)
{
    (void)state;
    struct flags flags = PARSE("list", "--", "--name");
    assert_null(flags.error);
    assert_string_equal(flags.words[0], "--name");
    flags = PARSE("apply", "-");
    assert_null(flags.error);
    assert_string_equal(flags.words[0], "-");
}

/* Each flag has help, and no command has two of one name or letter. */
static void the_table_is_sound(void **state)
{
    (void)state;
    for (const struct command *command = client_commands.commands; command->name; command++) {
        assert_non_null(command->summary);
        assert_non_null(command->examples);
        assert_non_null(command->run);
        assert_int_equal(!command->words_max, !command->arguments);
        for (unsigned i = 0; i < COMMAND_FLAG_TABLES; i++)
            for (const struct flag *flag = command->flags[i]; flag && flag->name; flag++) {
                assert_non_null(flag->help);
                assert_int_equal(flag->kind == FLAG_SWITCH, flag->value == NULL);
                assert_ptr_equal(flag_find(&client_commands, command, flag->name), flag);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_come_before_and_after_the_command),
        cmocka_unit_test(lists_repeat_and_take_commas),
        cmocka_unit_test(an_outcome_keeps_its_comma),
        cmocka_unit_test(a_command_of_several_words_is_found),
        cmocka_unit_test(an_unfinished_command_is_a_group),
        cmocka_unit_test(an_unknown_command_suggests_the_nearest),
        cmocka_unit_test(an_unknown_flag_suggests_the_nearest),
        cmocka_unit_test(a_wrong_value_is_an_error),
        cmocka_unit_test(words_are_counted),
        cmocka_unit_test(two_dashes_end_the_flags),
        cmocka_unit_test(the_table_is_sound),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
