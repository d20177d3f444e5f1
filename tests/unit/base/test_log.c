#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

/* What is written to standard error while a line is logged. */
static char caught[8192];
static int caught_pipe[2], kept_stderr;

static void catch_begin(void)
{
    assert_int_equal(pipe(caught_pipe), 0);
    kept_stderr = dup(STDERR_FILENO);
    dup2(caught_pipe[1], STDERR_FILENO);
    close(caught_pipe[1]);
}

static void catch_end(void)
{
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    ssize_t size = read(caught_pipe[0], caught, sizeof caught - 1);
    caught[size > 0 ? size : 0] = '\0';
    close(caught_pipe[0]);
}

static void a_line_has_time_level_event_message_and_fields(void **)
{
    catch_begin();
    log_event(LOG_WARN, "store.lost", "the database is gone", LOG_TEXT("reason", "no route"),
              LOG_NUMBER("retry_ms", -50));
    catch_end();
    const char *rest = strstr(caught, "Z\"");
    assert_non_null(rest);
    assert_int_equal(rest - caught, strlen("{\"ts\":\"2026-01-01T00:00:00.000"));
    assert_string_equal(rest,
                        "Z\",\"level\":\"warn\",\"event\":\"store.lost\",\"msg\":\"the database is gone\","
                        "\"reason\":\"no route\",\"retry_ms\":-50}\n");
}

static void text_from_outside_is_escaped_and_cut(void **)
{
    char text[500];
    memset(text, 'x', sizeof text);
    memcpy(text, "a\"\n\x01", 4);
    text[sizeof text - 1] = '\0';
    catch_begin();
    log_event(LOG_ERROR, "e", "m", LOG_TEXT("t", text));
    catch_end();
    assert_non_null(strstr(caught, "\"t\":\"a\\\"\\n\\u0001xxx"));
    assert_true(strlen(caught) < 320);
    assert_ptr_equal(strchr(caught, '\n'), caught + strlen(caught) - 1);
}

static void a_line_without_fields_is_whole(void **)
{
    catch_begin();
    log_event(LOG_INFO, "start", "up");
    catch_end();
    assert_non_null(strstr(caught, "\"event\":\"start\",\"msg\":\"up\"}\n"));
}

static void below_the_level_nothing_is_written(void **)
{
    catch_begin();
    log_event(LOG_DEBUG, "detail", "hidden");
    log_set_level(LOG_ERROR);
    log_event(LOG_WARN, "warning", "hidden");
    assert_false(log_enabled(LOG_WARN));
    assert_true(log_enabled(LOG_ERROR));
    log_set_level(LOG_DEBUG);
    assert_true(log_enabled(LOG_DEBUG));
    log_event(LOG_DEBUG, "detail", "shown");
    log_set_level(LOG_INFO);
    catch_end();
    assert_null(strstr(caught, "hidden"));
    assert_non_null(strstr(caught, "shown"));
}

static void levels_are_named_in_any_case(void **)
{
    enum log_level level = LOG_INFO;
    assert_true(log_level_parse("error", &level) && level == LOG_ERROR);
    assert_true(log_level_parse("Debug", &level) && level == LOG_DEBUG);
    assert_false(log_level_parse("loud", &level) || log_level_parse("", &level));
    assert_int_equal(level, LOG_DEBUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_message_and_fields),
        cmocka_unit_test(text_from_outside_is_escaped_and_cut),
        cmocka_unit_test(a_line_without_fields_is_whole),
        cmocka_unit_test(below_the_level_nothing_is_written),
        cmocka_unit_test(levels_are_named_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
