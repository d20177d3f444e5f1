#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static int32_t day_of(const char *text)
{
    int32_t day = DAY_NONE;
    return date_parse(text, &day) ? day : DAY_NONE;
}

static void days_are_counted_from_1970(void **)
{
    assert_int_equal(day_of("1970-01-01"), 0);
    assert_int_equal(day_of("1969-12-31"), -1);
    assert_int_equal(day_of("1970-03-01"), 59);
    assert_int_equal(day_of("2000-02-29"), 11016);
    assert_int_equal(day_of("2024-12-31") + 1, day_of("2025-01-01"));
    assert_int_equal(day_of("0001-01-01"), -719162);
    assert_int_equal(day_of("9999-12-31"), 2932896);
}

static void days_that_do_not_exist_are_refused(void **)
{
    static const char *const wrong[] = {"2023-02-29", "1900-02-29", "2024-02-30", "2024-04-31", "2024-00-10",
                                        "2024-13-01", "2024-01-00", "2024-01-32", "0000-01-01"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(day_of(wrong[i]), DAY_NONE);
    assert_int_not_equal(day_of("2000-02-29"), DAY_NONE);
    assert_int_not_equal(day_of("2024-02-29"), DAY_NONE);
}

static void only_the_one_way_of_writing_is_taken(void **)
{
    static const char *const wrong[] = {"",           "2024-1-01",   "2024-01-1",   "24-01-01",
                                        "2024/01/01", "2024-01-01 ", " 2024-01-01", "2024-01-01T00:00:00Z",
                                        "2024-01-0x", "-024-01-01",  "20240101"};
    int32_t day = 42;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(date_parse(wrong[i], &day));
    assert_int_equal(day, 42);
}

static void every_day_is_written_as_it_is_read(void **)
{
    char text[11], before[11] = "";
    for (int32_t day = -719162; day <= 2932896; day += day % 400 == 0 ? 1 : 7) {
        date_format(day, text);
        assert_int_equal(strlen(text), 10);
        assert_true(strcmp(before, text) < 0);
        assert_int_equal(day_of(text), day);
        strcpy(before, text);
    }
}

static void time_goes_on(void **)
{
    int64_t first_ns = clock_monotonic_ns(), first_ms = clock_monotonic_ms();
    assert_true(clock_monotonic_ns() >= first_ns && clock_monotonic_ms() >= first_ms);
    assert_true(first_ms >= first_ns / 1000000);
    int64_t now_us = clock_realtime_us();
    assert_true(now_us > (int64_t)1700000000 * 1000000);
    int32_t today = clock_today();
    assert_true(today - now_us / 1000000 / 86400 <= 1 && today >= now_us / 1000000 / 86400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_counted_from_1970),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
        cmocka_unit_test(only_the_one_way_of_writing_is_taken),
        cmocka_unit_test(every_day_is_written_as_it_is_read),
        cmocka_unit_test(time_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
