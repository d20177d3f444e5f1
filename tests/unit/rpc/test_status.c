#include "rpc/status.h"

#include "base/arena.h"
#include "base/text.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/base64.h"
#include "rpc/support.h"

static int set_up(void **state)
{
    *state = arena_new(0);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static struct status there_and_back(struct arena *arena, struct status status)
{
    struct rpc_header headers[RPC_STATUS_HEADERS];
    size_t count = rpc_status_write(arena, status, headers);
    return rpc_status_read(arena, headers[0].value, count > 1 ? headers[1].value : NULL,
                           count > 2 ? headers[2].value : NULL);
}

static void success_is_one_header(void **state)
{
    struct rpc_header headers[RPC_STATUS_HEADERS];
    assert_int_equal(rpc_status_write(*state, STATUS_NONE, headers), 1);
    assert_string_equal(headers[0].name, "grpc-status");
    assert_string_equal(headers[0].value, "0");
}

static void every_code_survives_with_its_reason(void **state)
{
    for (int code = STATUS_CANCELLED; code < STATUS_CODE_COUNT; code++) {
        struct status status = there_and_back(*state, status_make((enum status_code)code, "why: Ž\n"));
        assert_int_equal(status.code, code);
        assert_string_equal(status.message, "why: Ž\n");
        assert_string_equal(status.reason, status_code_name((enum status_code)code));
        assert_null(status.field);
        assert_null(status.more);
        assert_int_equal(status.retry_ms, 0);
    }
}

static void details_are_as_other_clients_read_them(void **state)
{
    const struct fault more = {.field = "b", .message = "two"};
    struct status status = {
        .code = STATUS_INVALID_ARGUMENT, .field = "a", .message = "one", .more = &more, .retry_ms = 2500};
    struct rpc_header headers[RPC_STATUS_HEADERS];
    assert_int_equal(rpc_status_write(*state, status, headers), 3);
    assert_string_equal(headers[2].name, "grpc-status-details-bin");
    assert_null(strchr(headers[2].value, '='));
    unsigned char *bytes;
    size_t size;
    assert_true(base64_decode(*state, headers[2].value, strlen(headers[2].value), &bytes, &size));
    Google__Rpc__Status *whole = google__rpc__status__unpack(NULL, size, bytes);
    assert_non_null(whole);
    assert_int_equal(whole->code, 3);
    assert_string_equal(whole->message, "a one");
    assert_int_equal(whole->n_details, 3);
    assert_string_equal(whole->details[0]->type_url, "type.googleapis.com/google.rpc.ErrorInfo");
    assert_string_equal(whole->details[1]->type_url, "type.googleapis.com/google.rpc.BadRequest");
    assert_string_equal(whole->details[2]->type_url, "type.googleapis.com/google.rpc.RetryInfo");
    Google__Rpc__ErrorInfo *info =
        google__rpc__error_info__unpack(NULL, whole->details[0]->value.len, whole->details[0]->value.data);
    assert_string_equal(info->domain, "partner");
    assert_string_equal(info->reason, "INVALID_ARGUMENT");
    google__rpc__error_info__free_unpacked(info, NULL);
    google__rpc__status__free_unpacked(whole, NULL);
}

static void all_faults_survive_in_order(void **state)
{
    const struct fault last = {.field = "c", .message = "three"},
                       more = {.field = "b", .message = "two", .next = &last};
    struct status status = {.code = STATUS_INVALID_ARGUMENT,
                            .field = "a",
                            .message = "one",
                            .reason = "BAD_THINGS",
                            .more = &more,
                            .retry_ms = 61007};
    status = there_and_back(*state, status);
    assert_string_equal(status.field, "a");
    assert_string_equal(status.message, "one");
    assert_string_equal(status.reason, "BAD_THINGS");
    assert_string_equal(status.more->field, "b");
    assert_string_equal(status.more->message, "two");
    assert_string_equal(status.more->next->field, "c");
    assert_null(status.more->next->next);
    assert_int_equal(status.retry_ms, 61007);
}

static void the_message_alone_names_the_field(void **state)
{
    static const struct {
        const char *field, *message, *wanted;
    } rows[] = {
        {"page_size", "must be at most 1,000", "page_size must be at most 1,000"},
        {"need.sectors[3]", "is no sector", "need.sectors[3] is no sector"},
        {"need.sectors[3]", "sectors are of ISCED-F", "sectors are of ISCED-F"},
        {"id", "is invalid", "id is invalid"},
        {"offer.id", "the id is taken", "the id is taken"},
        {NULL, "the server is stopping", "the server is stopping"},
        {"", "is odd", "is odd"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct status status = {
            .code = STATUS_INVALID_ARGUMENT, .field = rows[i].field, .message = rows[i].message};
        struct rpc_header headers[RPC_STATUS_HEADERS];
        rpc_status_write(*state, status, headers);
        assert_string_equal(headers[1].value, rows[i].wanted);
        /* Those who read the details have field and message apart. */
        assert_string_equal(there_and_back(*state, status).message, rows[i].message);
    }
}

static void many_long_faults_stay_within_what_clients_take(void **state)
{
    struct faults faults = {.arena = *state};
    for (int i = 0; i < 60; i++)
        faults_add(&faults, "need.", "outcomes", "%0150d Ž %d", i, i);
    struct status status = faults_status(&faults);
    struct rpc_header headers[RPC_STATUS_HEADERS];
    size_t count = rpc_status_write(*state, status, headers), bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(headers[i].name) + strlen(headers[i].value) + 32;
    assert_in_range(bytes, 1000, 8000);
    struct status read = there_and_back(*state, status);
    const struct fault *last = read.more;
    while (last->next)
        last = last->next;
    assert_non_null(strstr(last->message, "more faults"));
    /* The worst that the message itself may become. */
    char *text = arena_alloc(*state, 5001);
    memset(text, '\x01', 5000);
    text[5000] = '\0';
    status = status_make(STATUS_ABORTED, text);
    count = rpc_status_write(*state, status, headers);
    for (size_t i = 0, all = 0; i < count; i++) {
        all += strlen(headers[i].name) + strlen(headers[i].value) + 32;
        assert_in_range(all, 0, 8000);
    }
}

static void nonsense_from_a_server_is_survived(void **state)
{
    assert_int_equal(rpc_status_read(*state, "99", "x", NULL).code, STATUS_UNKNOWN);
    assert_int_equal(rpc_status_read(*state, "", NULL, NULL).code, STATUS_UNKNOWN);
    assert_int_equal(rpc_status_read(*state, "-1", NULL, NULL).code, STATUS_UNKNOWN);
    assert_int_equal(rpc_status_read(*state, NULL, NULL, NULL).code, STATUS_UNKNOWN);
    assert_string_equal(rpc_status_read(*state, "5", NULL, "!!").message, "NOT_FOUND");
    assert_null(rpc_status_read(*state, "5", "m", "Zm9v").reason);
    assert_int_equal(rpc_status_read(*state, "0", "m", "Zm9v").code, STATUS_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(success_is_one_header),
        TEST(every_code_survives_with_its_reason),
        TEST(details_are_as_other_clients_read_them),
        TEST(all_faults_survive_in_order),
        TEST(the_message_alone_names_the_field),
        TEST(many_long_faults_stay_within_what_clients_take),
        TEST(nonsense_from_a_server_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
