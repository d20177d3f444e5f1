#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/support_server.h"

enum { ANSWER_BYTES = 8192, PATIENCE_MS = 20000 };

#define REQUEST(METHOD, PATH) METHOD " " PATH " HTTP/1.1\r\nHost: h\r\n"

static int setup(void **state)
{
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    limits.http1_body_bytes = 1000;
    *state = test_server_start(&limits);
    return 0;
}

static int teardown(void **state)
{
    test_server_stop(*state);
    return 0;
}

/* Sends it, shuts the sending side, and gives all of the answer. */
static void ask(void **state, const char *request, char answer[ANSWER_BYTES])
{
    int fd = test_connect(test_server_port(*state));
    test_send(fd, request, strlen(request));
    shutdown(fd, SHUT_WR);
    assert_true(test_read_until(fd, answer, ANSWER_BYTES, NULL) >= 0);
    close(fd);
}

static void a_page_is_given_and_others_are_not_found(void **state)
{
    char answer[ANSWER_BYTES];
    ask(state, REQUEST("GET", "/page?x=y") "Connection: close\r\n\r\n", answer);
    assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(strstr(answer, "Content-Length: 5\r\n"));
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\npage\n"));
    ask(state, REQUEST("GET", "/other") "\r\n", answer);
    assert_memory_equal(answer, "HTTP/1.1 404 ", 13);
    ask(state, REQUEST("POST", "/page") "\r\n", answer);
    assert_memory_equal(answer, "HTTP/1.1 405 ", 13);
    assert_non_null(strstr(answer, "Allow: GET, HEAD\r\n"));
}

static void a_head_request_gets_the_length_and_no_body(void **state)
{
    char answer[ANSWER_BYTES];
    ask(state, REQUEST("HEAD", "/page") "\r\n", answer);
    assert_non_null(strstr(answer, "Content-Length: 5\r\n"));
    assert_string_equal(answer + strlen(answer) - 4, "\r\n\r\n");
}

static unsigned count_of(const char *text, const char *word)
{
    unsigned count = 0;
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        count++;
    return count;
}

static void requests_in_one_go_are_answered_in_order_and_bodies_skipped(void **state)
{
    char answer[ANSWER_BYTES];
    ask(state,
        REQUEST("GET", "/page") "\r\n" REQUEST(
            "POST", "/page") "Content-Length: 10\r\n\r\n"
                             "GET / HTTP" REQUEST("GET", "/none") "\r\n" REQUEST("GET", "/page") "\r\n",
        answer);
    assert_int_equal(count_of(answer, "HTTP/1.1 "), 4);
    const char *second = strstr(answer, "HTTP/1.1 405 ");
    assert_non_null(second);
    assert_non_null(strstr(second, "HTTP/1.1 404 "));
    assert_int_equal(count_of(answer, "page\n"), 2);
}

static void a_request_that_comes_byte_by_byte_is_read(void **state)
{
    static const char request[] = REQUEST("GET", "/page") "\r\n";
    char answer[ANSWER_BYTES];
    int fd = test_connect(test_server_port(*state));
    for (size_t i = 0; i < sizeof request - 1; i++)
        test_send(fd, request + i, 1);
    assert_true(test_read_until(fd, answer, sizeof answer, "page\n") > 0);
    /* The connection goes on. */
    test_send(fd, request, sizeof request - 1);
    assert_true(test_read_until(fd, answer, sizeof answer, "page\n") > 0);
    close(fd);
}

static void what_is_not_to_be_trusted_ends_the_connection(void **state)
{
    static const struct {
        const char *request, *status;
    } evil[] = {
        {"GET / HTTP/1.1\nHost: h\n\n", "HTTP/1.1 400 "},
        {"\x16\x03\x01\x02\n", "HTTP/1.1 400 "},
        {"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "HTTP/1.1 505 "},
        {REQUEST("POST", "/page") "Transfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 411 "},
        {REQUEST("POST", "/page") "Content-Length: 1001\r\n\r\n", "HTTP/1.1 413 "},
        {REQUEST("POST", "/page") "Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", "HTTP/1.1 405 "},
    };
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
        char answer[ANSWER_BYTES];
        int fd = test_connect(test_server_port(*state));
        test_send(fd, evil[i].request, strlen(evil[i].request));
        test_send(fd, REQUEST("GET", "/page") "\r\n", strlen(REQUEST("GET", "/page") "\r\n"));
        /* Its end is read, not a reset, though it has sent more than was taken. */
        assert_true(test_read_until(fd, answer, sizeof answer, NULL) > 0);
        assert_memory_equal(answer, evil[i].status, 13);
        assert_int_equal(count_of(answer, "HTTP/1.1 "), 1);
        close(fd);
    }
}

static void a_head_beyond_the_limit_is_refused(void **state)
{
    char request[20000], answer[ANSWER_BYTES];
    memset(request, 'a', sizeof request);
    memcpy(request, "GET /page HTTP/1.1\r\nX: ", 23);
    request[sizeof request - 1] = '\0';
    ask(state, request, answer);
    assert_memory_equal(answer, "HTTP/1.1 431 ", 13);
}

static void a_client_that_does_not_finish_its_head_is_told_so(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    limits.first_bytes_ms = 30;
    struct test_server *server = test_server_start(&limits);
    char answer[ANSWER_BYTES];
    long answered = 0;
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (answered <= 0) { /* who came too late even with the first bytes is told nothing */
        if (clock_monotonic_ms() > until_ms)
            fail_msg("a head that is not finished gets no answer within %d ms", PATIENCE_MS);
        int fd = test_connect(test_server_port(server));
        test_send(fd, "GET /page", 9);
        answered = test_read_until(fd, answer, sizeof answer, NULL);
        close(fd);
    }
    assert_memory_equal(answer, "HTTP/1.1 408 ", 13);
    test_server_stop(server);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    limits.idle_ms = 30;
    struct test_server *server = test_server_start(&limits);
    char answer[ANSWER_BYTES];
    int fd = test_connect(test_server_port(server));
    test_send(fd, REQUEST("GET", "/page") "\r\n", strlen(REQUEST("GET", "/page") "\r\n"));
    assert_true(test_read_until(fd, answer, sizeof answer, NULL) > 0);
    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
    close(fd);
    test_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_given_and_others_are_not_found),
        cmocka_unit_test(a_head_request_gets_the_length_and_no_body),
        cmocka_unit_test(requests_in_one_go_are_answered_in_order_and_bodies_skipped),
        cmocka_unit_test(a_request_that_comes_byte_by_byte_is_read),
        cmocka_unit_test(what_is_not_to_be_trusted_ends_the_connection),
        cmocka_unit_test(a_head_beyond_the_limit_is_refused),
        cmocka_unit_test(a_client_that_does_not_finish_its_head_is_told_so),
        cmocka_unit_test(an_idle_connection_is_closed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
