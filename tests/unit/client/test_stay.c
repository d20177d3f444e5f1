#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/stay.h"
#include "client/suggest.h"

static void is_stay(const char *text, char unit, unsigned min_days, unsigned max_days)
{
    struct stay stay = {0, 0};
    assert_true(stay_parse(text, unit, &stay));
    assert_int_equal(stay.min_days, min_days);
    assert_int_equal(stay.max_days, max_days);
}

static void is_no_stay(const char *text)
{
    struct stay stay = {1, 2};
    assert_false(stay_parse(text, 'd', &stay));
    assert_int_equal(stay.min_days, 1);
}

static void a_stay_is_read_in_days_weeks_and_months(void **state)
{
    (void)state;
    is_stay("14d", 'd', 14, 14);
    is_stay("3w", 'd', 21, 21);
    is_stay("6M", 'd', 180, 180);
    is_stay("3", 'w', 21, 21);
    is_stay("14-21", 'd', 14, 21);
    is_stay("2-3w", 'd', 14, 21);
    is_stay("10d-3w", 'd', 10, 21);
    is_stay("2w-3", 'm', 14, 90);
}

static void what_is_no_stay_is_refused(void **state)
{
    static const char *const wrong[] = {"",    "w",   "0",     "3y",   "3-2",
                                        "-3",  "3-",  "3661",  "523w", "99999999999999999999",
                                        "3 w", "3w ", "2-3-4", "+3"};
    (void)state;
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        is_no_stay(wrong[i]);
}

static void a_timeout_has_a_unit_or_is_seconds(void **state)
{
    int64_t ms = -1;
    (void)state;
    assert_true(stay_parse_timeout("500ms", &ms) && ms == 500);
    assert_true(stay_parse_timeout("10", &ms) && ms == 10000);
    assert_true(stay_parse_timeout("2m", &ms) && ms == 120000);
    assert_true(stay_parse_timeout("0", &ms) && ms == 0);
    assert_false(stay_parse_timeout("25h", &ms));
    assert_false(stay_parse_timeout("1d", &ms));
    assert_false(stay_parse_timeout("", &ms));
    assert_false(stay_parse_timeout("99999999999999999999h", &ms));
}

static void slips_are_counted(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("find", "find"), 0);
    assert_int_equal(suggest_distance("fnid", "find"), 1); /* neighbours swapped */
    assert_int_equal(suggest_distance("contry", "Country"), 1);
    assert_int_equal(suggest_distance("", "abc"), 3);
}

static void only_what_is_near_is_suggested(void **state)
{
    struct suggestion suggestion = suggestion_start("sectro");
    (void)state;
    suggestion_offer(&suggestion, "stay");
    suggestion_offer(&suggestion, "sector");
    assert_string_equal(suggestion_word(&suggestion), "sector");
    suggestion = suggestion_start("sectro");
    suggestion_offer(&suggestion, "weights");
    assert_null(suggestion_word(&suggestion));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stay_is_read_in_days_weeks_and_months),
        cmocka_unit_test(what_is_no_stay_is_refused),
        cmocka_unit_test(a_timeout_has_a_unit_or_is_seconds),
        cmocka_unit_test(slips_are_counted),
        cmocka_unit_test(only_what_is_near_is_suggested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
