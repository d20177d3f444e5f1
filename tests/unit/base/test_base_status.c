#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/status.h"

static void ok_is_ok_and_a_failure_is_not(void **)
{
    assert_true(status_ok(STATUS_NONE));
    struct status status = status_make(STATUS_NOT_FOUND, "there is none");
    assert_false(status_ok(status));
    assert_string_equal(status.message, "there is none");
    assert_null(status.field);
    status = status_invalid("offer.title", "is too long");
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.field, "offer.title");
}

static void a_message_is_formatted_into_the_arena(void **)
{
    struct arena *arena = arena_new(0);
    struct status status =
        status_format(arena, STATUS_OUT_OF_RANGE, "after_revision", "%d is beyond %d", 7, 5);
    assert_int_equal(status.code, STATUS_OUT_OF_RANGE);
    assert_string_equal(status.field, "after_revision");
    assert_string_equal(status.message, "7 is beyond 5");
    arena_free(arena);
}

static void codes_have_grpc_s_numbers_and_names(void **)
{
    assert_string_equal(status_code_name(STATUS_OK), "OK");
    assert_string_equal(status_code_name(STATUS_FAILED_PRECONDITION), "FAILED_PRECONDITION");
    assert_string_equal(status_code_name(STATUS_UNAVAILABLE), "UNAVAILABLE");
    assert_string_equal(status_code_name(STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(status_code_name((enum status_code)17), "UNKNOWN");
    assert_string_equal(status_code_name((enum status_code) - 1), "UNKNOWN");
    assert_int_equal(STATUS_UNAVAILABLE, 14);
    assert_int_equal(STATUS_UNAUTHENTICATED, 16);
}

static void faults_make_one_status_with_the_first_in_front(void **)
{
    struct arena *arena = arena_new(0);
    struct faults faults = {.arena = arena};
    assert_true(status_ok(faults_status(&faults)));
    faults_add(&faults, "offer.", "title", "has %d bytes", 600);
    faults_add(&faults, "", "need", "is missing");
    struct status status = faults_status(&faults);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.field, "offer.title");
    assert_string_equal(status.message, "has 600 bytes");
    assert_string_equal(status.more->field, "need");
    assert_string_equal(status.more->message, "is missing");
    assert_null(status.more->next);
    arena_free(arena);
}

static void at_most_fifty_faults_are_kept(void **)
{
    struct arena *arena = arena_new(0);
    struct faults faults = {.arena = arena};
    for (int i = 0; i < 80; i++)
        faults_add(&faults, "", "field", "%d", i);
    unsigned count = 1;
    struct status status = faults_status(&faults);
    for (const struct fault *fault = status.more; fault; fault = fault->next)
        count++;
    assert_int_equal(count, 50);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ok_is_ok_and_a_failure_is_not),
        cmocka_unit_test(a_message_is_formatted_into_the_arena),
        cmocka_unit_test(codes_have_grpc_s_numbers_and_names),
        cmocka_unit_test(faults_make_one_status_with_the_first_in_front),
        cmocka_unit_test(at_most_fifty_faults_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
