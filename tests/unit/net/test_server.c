#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "net/server.h"
#include "net/support_calls.h"
#include "net/support_client.h"
#include "net/support_server.h"

#define GET_PAGE "GET /page HTTP/1.1\r\nHost: h\r\n\r\n"

enum { PATIENCE_MS = 20000 };

static struct net_limits quick_limits(void)
{
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    return limits;
}

static int64_t metric_of(const char *name, const char *labels)
{
    /* The same name and labels give the same metric. */
    return metric_value(metric_new(METRIC_COUNTER, name, labels, ""));
}

/* Until one connection more has ended for that reason. */
static void wait_for_an_end(const char *reason, int64_t before)
{
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (metric_of("partnerd_connections_ended_total", reason) == before) {
        if (clock_monotonic_ms() > until_ms)
            fail_msg("no connection has ended with %s within %d ms", reason, PATIENCE_MS);
        sched_yield();
    }
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static struct status open_at(struct arena *arena, struct loop *loop, const char *address,
                             struct net_server **ret)
{
    const char *const addresses[] = {address, NULL};
    const struct net_server_settings settings = {
        .addresses = addresses,
        .loops = &loop,
        .loop_count = 1,
        .limits = net_limits_default(),
        .calls = &test_calls_table,
    };
    return net_server_open(arena, &settings, ret);
}

static void an_address_that_is_taken_or_is_none_is_named(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct loop *loop = loop_new("test", 0);
    struct net_server *first = NULL, *second = NULL;
    assert_int_equal(open_at(arena, loop, "127.0.0.1:0", &first).code, STATUS_OK);
    char *address = arena_format(arena, "127.0.0.1:%u", net_server_port(first, 0));
    assert_true(net_server_port(first, 0) > 0);
    assert_int_equal(net_server_port(first, 1), 0);
    struct status status = open_at(arena, loop, address, &second);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(status.message, address));
    assert_non_null(strstr(status.message, "in use"));
    static const char *const none[] = {"",        "8470",  "::1:80",  "h:",      "h:x",
                                       "h:99999", "[]:80", "[::1:80", "h:080000"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        status = open_at(arena, loop, none[i], &second);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.field, "listen");
    }
    assert_null(second);
    net_server_free(first);
    loop_free(loop);
    arena_free(arena);
}

/* ---- limits ------------------------------------------------------------------------------------------------------- */

static void a_connection_too_many_is_closed_at_once_and_a_later_one_is_not(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.connections = 2;
    struct test_server *server = test_server_start(&limits);
    int64_t before = metric_of("partnerd_connections_refused_total", "reason=\"full\"");
    char answer[4096];
    int fds[2];
    for (unsigned i = 0; i < 2; i++) {
        fds[i] = test_connect(test_server_port(server));
        test_send(fds[i], GET_PAGE, strlen(GET_PAGE));
        assert_true(test_read_until(fds[i], answer, sizeof answer, "page\n") > 0);
    }
    int third = test_connect(test_server_port(server));
    assert_int_equal(test_read_until(third, answer, sizeof answer, NULL), 0);
    assert_int_equal(metric_of("partnerd_connections_refused_total", "reason=\"full\""), before + 1);
    close(third);
    close(fds[0]);
    /* That the first has gone is known a moment later. */
    long got = 0;
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (got <= 0) {
        if (clock_monotonic_ms() > until_ms)
            fail_msg("a place that was given back is not taken again within %d ms", PATIENCE_MS);
        int fourth = test_connect(test_server_port(server));
        ssize_t sent = send(fourth, GET_PAGE, strlen(GET_PAGE), MSG_NOSIGNAL);
        got = sent < 0 ? 0 : test_read_until(fourth, answer, sizeof answer, "page\n");
        close(fourth);
    }
    close(fds[1]);
    test_server_stop(server);
}

static void without_descriptors_a_client_is_refused_and_the_next_is_served(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    struct test_server *server = test_server_start(&limits);
    int64_t before = metric_of("partnerd_connections_refused_total", "reason=\"descriptors\"");
    char answer[4096];
    struct rlimit usual, none_left;
    getrlimit(RLIMIT_NOFILE, &usual);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    none_left = usual;
    none_left.rlim_cur = (rlim_t)client + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none_left), 0);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)test_server_port(server)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(test_read_until(client, answer, sizeof answer, NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    close(client);
    assert_true(metric_of("partnerd_connections_refused_total", "reason=\"descriptors\"") > before);
    client = test_connect(test_server_port(server));
    test_send(client, GET_PAGE, strlen(GET_PAGE));
    assert_true(test_read_until(client, answer, sizeof answer, "page\n") > 0);
    close(client);
    test_server_stop(server);
}

static void who_says_nothing_is_closed_in_time(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.first_bytes_ms = 30;
    struct test_server *server = test_server_start(&limits);
    char answer[4096];
    int silent = test_connect(test_server_port(server)), half = test_connect(test_server_port(server));
    test_send(half, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24); /* but no SETTINGS */
    assert_int_equal(test_read_until(silent, answer, sizeof answer, NULL), 0);
    (void)test_read_until(half, answer, sizeof answer, NULL); /* ends; where it was late, without a word */
    close(silent);
    close(half);
    test_server_stop(server);
}

static void an_idle_http2_connection_is_told_to_go(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.idle_ms = 30;
    struct test_server *server = test_server_start(&limits);
    struct client *client = client_open(test_server_port(server));
    unsigned echo = client_request(client, "/echo", 10, false, NULL, 0);
    client_run_until(client, client_stream_is_closed, echo);
    client_run_until(client, client_is_at_end, 0);
    assert_true(client->goaways > 0);
    assert_int_equal(client->goaway_code, NGHTTP2_NO_ERROR);
    client_close(client);
    test_server_stop(server);
}

static void a_silent_peer_is_asked_and_stays_while_it_answers(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.ping_ms = 10;
    struct test_server *server = test_server_start(&limits);
    struct client *client = client_open(test_server_port(server));
    unsigned later = client_request(client, "/later", 0, false, NULL, 0);
    client_run_until(client, client_has_pings, 10);
    assert_false(client->streams[later].is_closed);
    client_close(client);
    test_server_stop(server);
}

static void a_peer_that_does_not_answer_when_asked_is_closed(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.ping_ms = limits.ping_answer_ms = 10;
    struct test_server *server = test_server_start(&limits);
    int64_t before = metric_of("partnerd_connections_ended_total", "reason=\"timeout\"");
    struct client *client = client_open(test_server_port(server));
    client_request(client, "/later", 0, false, NULL, 0);
    client_flush(client);
    wait_for_an_end("reason=\"timeout\"", before);
    client_close(client);
    test_server_stop(server);
}

static void an_upload_that_does_not_get_on_is_reset_and_one_held_back_is_not(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.progress_after_ms = 40;
    struct test_server *server = test_server_start(&limits);
    struct client *client = client_open(test_server_port(server));
    unsigned hold = client_request(client, "/hold", 10, true, NULL, 0);
    unsigned slow = client_request(client, "/echo", 10, true, NULL, 0);
    client_run_until(client, client_stream_is_closed, slow);
    assert_int_equal(client->streams[slow].code, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_false(client->streams[hold].is_closed);
    client_close(client);
    test_server_stop(server);
}

static void who_takes_nothing_of_an_answer_is_cut_off(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.stalled_ms = 50;
    struct test_server *server = test_server_start(&limits);
    int64_t before = metric_of("partnerd_connections_ended_total", "reason=\"stalled\"");
    struct client *client = client_open(test_server_port(server));
    nghttp2_session_set_local_window_size(client->session, NGHTTP2_FLAG_NONE, 0, 1 << 30);
    const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 30};
    nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, &window, 1);
    client_request(client, "/big/500000000", 0, false, NULL, 0);
    client_flush(client);
    wait_for_an_end("reason=\"stalled\"", before);
    client_close(client);
    test_server_stop(server);
}

static void a_finished_answer_beyond_the_window_is_reset_when_it_is_not_taken(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.stalled_ms = 50;
    struct test_server *server = test_server_start(&limits);
    struct client *client = client_open(test_server_port(server));
    const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 10};
    nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, &window, 1);
    nghttp2_session_set_local_window_size(client->session, NGHTTP2_FLAG_NONE, 0, 1 << 20);
    unsigned echo = client_request(client, "/echo", 20000, false, NULL, 0);
    client_run_until(client, client_stream_has_head, echo);
    /* The client gives window back when half of it is used: here none any more. */
    nghttp2_session_set_local_window_size(client->session, NGHTTP2_FLAG_NONE, (int32_t)echo * 2 + 1, 0);
    client_run_until(client, client_stream_is_closed, echo);
    assert_int_equal(client->streams[echo].code, NGHTTP2_CANCEL);
    client_close(client);
    test_server_stop(server);
}

/* ---- the drain ---------------------------------------------------------------------------------------------------- */

static void a_drain_says_goaway_and_waits_for_the_calls_under_way(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    struct test_server *server = test_server_start(&limits);
    struct client *client = client_open(test_server_port(server));
    struct client *idle = client_open(test_server_port(server));
    unsigned later = client_request(client, "/later", 0, false, NULL, 0);
    client_run_until(client, client_stream_has_head, later);
    test_server_drain(server);
    client_run_until(client, client_has_goaways, 1);
    assert_int_equal(client->goaway_code, NGHTTP2_NO_ERROR);
    client_run_until(client, client_has_goaways, 2);
    assert_int_equal(client->goaway_last_id, later * 2 + 1);
    client_run_until(idle, client_is_at_end, 0);
    assert_int_equal(idle->goaway_code, NGHTTP2_NO_ERROR);
    assert_false(client->streams[later].is_closed);
    calls_answer_later();
    client_run_until(client, client_stream_is_closed, later);
    assert_string_equal(client->streams[later].grpc_status, "0");
    client_run_until(client, client_is_at_end, 0);
    client_close(client);
    client_close(idle);
    test_server_stop(server);
}

static void a_drain_does_not_wait_for_ever(void **state)
{
    (void)state;
    struct net_limits limits = quick_limits();
    limits.drain_ms = 50;
    limits.linger_ms = 50;
    struct test_server *server = test_server_start(&limits);
    struct client *client = client_open(test_server_port(server));
    unsigned later = client_request(client, "/later", 0, false, NULL, 0);
    client_run_until(client, client_stream_has_head, later);
    int silent = test_connect(test_server_port(server)); /* neither reads nor closes */
    test_server_stop(server);
    client_run_until(client, client_is_at_end, 0);
    assert_false(client->streams[later].is_closed);
    close(silent);
    client_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_is_taken_or_is_none_is_named),
        cmocka_unit_test(a_connection_too_many_is_closed_at_once_and_a_later_one_is_not),
        cmocka_unit_test(without_descriptors_a_client_is_refused_and_the_next_is_served),
        cmocka_unit_test(who_says_nothing_is_closed_in_time),
        cmocka_unit_test(an_idle_http2_connection_is_told_to_go),
        cmocka_unit_test(a_silent_peer_is_asked_and_stays_while_it_answers),
        cmocka_unit_test(a_peer_that_does_not_answer_when_asked_is_closed),
        cmocka_unit_test(an_upload_that_does_not_get_on_is_reset_and_one_held_back_is_not),
        cmocka_unit_test(who_takes_nothing_of_an_answer_is_cut_off),
        cmocka_unit_test(a_finished_answer_beyond_the_window_is_reset_when_it_is_not_taken),
        cmocka_unit_test(a_drain_says_goaway_and_waits_for_the_calls_under_way),
        cmocka_unit_test(a_drain_does_not_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
