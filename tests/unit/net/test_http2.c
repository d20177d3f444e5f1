#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/support_calls.h"
#include "net/support_client.h"
#include "net/support_server.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

static int setup(void **state)
{
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    *state = test_server_start(&limits);
    return 0;
}

static int teardown(void **state)
{
    test_server_stop(*state);
    return 0;
}

static void assert_answered(const struct client *client, unsigned index, const char *grpc_status,
                            size_t body_bytes)
{
    const struct client_stream *stream = &client->streams[index];
    assert_true(stream->is_closed);
    assert_int_equal(stream->code, NGHTTP2_NO_ERROR);
    assert_string_equal(stream->status, "200");
    assert_string_equal(stream->grpc_status, grpc_status);
    assert_int_equal(stream->body_bytes, body_bytes);
}

static void echo_and_check(struct client *client, size_t bytes)
{
    unsigned echo = client_request(client, "/echo", bytes, false, NULL, 0);
    client_run_until(client, client_stream_is_closed, echo);
    assert_answered(client, echo, "0", bytes);
    assert_true(client->streams[echo].has_trailers);
    assert_int_equal(client->streams[echo].body_sum, bytes); /* each byte is a 1 */
}

static void bodies_beyond_the_windows_go_both_ways(void **state)
{
    struct client *client = client_open(test_server_port(*state));
    echo_and_check(client, 0);
    echo_and_check(client, 1);
    echo_and_check(client, 3 * MIB);
    client_close(client);
}

static void many_streams_at_a_time_are_answered_each(void **state)
{
    struct client *client = client_open(test_server_port(*state));
    unsigned streams[40];
    for (unsigned i = 0; i < 40; i++)
        streams[i] = client_request(client, "/echo", 1000 * i, false, NULL, 0);
    for (unsigned i = 0; i < 40; i++) {
        client_run_until(client, client_stream_is_closed, streams[i]);
        assert_answered(client, streams[i], "0", 1000 * i);
    }
    client_close(client);
}

static void a_head_too_large_costs_its_stream_alone(void **state)
{
    struct client *client = client_open(test_server_port(*state));
    unsigned refused_before = test_calls.too_large;
    static char value[17 * KIB];
    memset(value, 'v', sizeof value - 1);
    nghttp2_nv large = client_field("x-large", value), many[100];
    for (unsigned i = 0; i < 100; i++)
        many[i] = client_field("x-many", "v");
    unsigned other = client_request(client, "/later", 0, false, NULL, 0);
    unsigned by_bytes = client_request(client, "/echo", 0, false, &large, 1);
    unsigned by_count = client_request(client, "/echo", 0, false, many, 100);
    client_run_until(client, client_stream_is_closed, by_bytes);
    client_run_until(client, client_stream_is_closed, by_count);
    assert_answered(client, by_bytes, "8", 0);
    assert_answered(client, by_count, "8", 0);
    assert_false(client->streams[by_count].has_trailers);
    assert_int_equal(test_calls.too_large, refused_before + 2);
    calls_answer_later();
    client_run_until(client, client_stream_is_closed, other);
    assert_answered(client, other, "0", 4);
    echo_and_check(client, 10);
    client_close(client);
}

static void a_big_answer_is_made_as_it_is_taken(void **state)
{
    struct client *client = client_open(test_server_port(*state));
    unsigned writable_before = test_calls.writable;
    unsigned big = client_request(client, "/big/20000000", 0, false, NULL, 0);
    client_run_until(client, client_stream_is_closed, big);
    assert_answered(client, big, "0", 20000000);
    assert_true(test_calls.writable - writable_before > 100);
    client_close(client);
}

static void an_answer_that_comes_late_is_sent_when_it_comes(void **state)
{
    struct client *client = client_open(test_server_port(*state));
    unsigned later = client_request(client, "/later", 0, false, NULL, 0);
    client_run_until(client, client_stream_has_head, later);
    assert_false(client->streams[later].is_closed);
    calls_answer_later();
    client_run_until(client, client_stream_is_closed, later);
    assert_answered(client, later, "0", 4);
    client_close(client);
}

static void an_early_answer_ends_the_upload_and_not_the_connection(void **state)
{
    struct client *client = client_open(test_server_port(*state));
    for (unsigned i = 0; i < 30; i++) {
        unsigned refused = client_request(client, "/refuse", 10 * MIB, false, NULL, 0);
        client_run_until(client, client_stream_is_closed, refused);
        assert_answered(client, refused, "8", 0);
    }
    /* What was on the way has been given back to the connection's window. */
    echo_and_check(client, 2 * MIB);
    client_close(client);
}

static bool window_is_used_up(const struct client *client, unsigned index)
{
    int32_t id = (int32_t)index * 2 + 1;
    return nghttp2_session_get_stream_remote_window_size(client->session, id) == 0;
}

static void an_upload_that_is_not_consumed_is_held_back_and_others_go_on(void **state)
{
    struct client *client = client_open(test_server_port(*state));
    test_calls.held_bytes = 0;
    echo_and_check(client, 1); /* the server's SETTINGS are in */
    unsigned hold = client_request(client, "/hold", MIB, false, NULL, 0);
    client_run_until(client, window_is_used_up, hold);
    echo_and_check(client, 2 * MIB);
    assert_int_equal(test_calls.held_bytes, 256 * KIB);
    /* When such a stream is gone, what it held comes back: eight times a quarter of the connection's window. */
    for (unsigned i = 0; i < 8; i++) {
        nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, (int32_t)hold * 2 + 1, NGHTTP2_CANCEL);
        hold = client_request(client, "/hold", MIB, false, NULL, 0);
        client_run_until(client, window_is_used_up, hold);
    }
    echo_and_check(client, 2 * MIB);
    client_close(client);
}

static void pages_are_served_on_http2_too(void **state)
{
    struct client *client = client_open(test_server_port(*state));
    nghttp2_nv fields[] = {client_field(":method", "GET"), client_field(":path", "/page?x"),
                           client_field(":scheme", "http"), client_field(":authority", "test")};
    nghttp2_submit_request(client->session, NULL, fields, 4, NULL, NULL);
    fields[0] = client_field(":method", "HEAD");
    fields[1] = client_field(":path", "/none");
    nghttp2_submit_request(client->session, NULL, fields, 4, NULL, NULL);
    client_run_until(client, client_stream_is_closed, 1);
    assert_string_equal(client->streams[0].status, "200");
    assert_int_equal(client->streams[0].body_bytes, 5);
    assert_string_equal(client->streams[1].status, "404");
    assert_int_equal(client->streams[1].body_bytes, 0);
    client_close(client);
}

static void calls_are_closed_when_their_connection_is_lost(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default();
    enum { PATIENCE_MS = 20000 };
    struct test_server *server = test_server_start(&limits);
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    /* Those of the tests before, a moment after their clients. */
    while (test_calls.closed != test_calls.begun) {
        if (clock_monotonic_ms() > until_ms)
            fail_msg("calls of clients that have gone are still open after %d ms", PATIENCE_MS);
        sched_yield();
    }
    unsigned begun_before = test_calls.begun;
    struct client *client = client_open(test_server_port(server));
    unsigned later = client_request(client, "/later", 10, true, NULL, 0);
    client_request(client, "/hold", 10, true, NULL, 0);
    client_run_until(client, client_stream_has_head, later);
    client_close(client);
    test_server_stop(server);
    assert_int_equal(test_calls.begun, begun_before + 2);
    assert_int_equal(test_calls.closed, begun_before + 2);
}

/* ---- floods, by hand ---------------------------------------------------------------------------------------------- */

enum frame_type {
    DATA = 0,
    HEADERS = 1,
    RST_STREAM = 3,
    SETTINGS = 4,
    PING = 6,
    GOAWAY = 7,
    CONTINUATION = 9
};
enum { ACK = 1, END_STREAM = 1, END_HEADERS = 4 };

static const char preface_and_settings[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                           "\0\0\0\4\0\0\0\0\0";
/* ":method: POST", ":scheme: http", ":authority: h", ":path: /hold", without Huffman. */
static const char hold_head[] = "\x83\x86\x41\x01h\x44\x05/hold";
/* The same with a field whose name has a capital: malformed. */
static const char bad_head[] = "\x83\x86\x41\x01h\x44\x05/hold\x40\x01X\x01x";

static size_t frame_make(char *at, enum frame_type type, unsigned flags, uint32_t id, const char *bytes,
                         size_t size)
{
    const unsigned char head[9] = {0,
                                   (unsigned char)(size >> 8),
                                   (unsigned char)size,
                                   (unsigned char)type,
                                   (unsigned char)flags,
                                   id >> 24,
                                   (unsigned char)(id >> 16),
                                   (unsigned char)(id >> 8),
                                   (unsigned char)id};
    memcpy(at, head, sizeof head);
    if (size)
        memcpy(at + sizeof head, bytes, size);
    return sizeof head + size;
}

/* The code of the GOAWAY in what the server has sent, or -1. */
static long goaway_code(const unsigned char *bytes, size_t size)
{
    while (size >= 9) {
        size_t frame_size = 9 + ((size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | bytes[2]);
        if (bytes[3] == GOAWAY && size >= 17)
            return bytes[15] << 8 | bytes[16];
        if (frame_size > size)
            return -1;
        bytes += frame_size, size -= frame_size;
    }
    return -1;
}

typedef size_t flood_fn(char *at, unsigned round);

static size_t ping_flood(char *at, unsigned round)
{
    (void)round;
    return frame_make(at, PING, 0, 0, "12345678", 8);
}

static size_t settings_flood(char *at, unsigned round)
{
    (void)round;
    return frame_make(at, SETTINGS, 0, 0, NULL, 0);
}

static size_t reset_flood(char *at, unsigned round)
{
    size_t size = frame_make(at, HEADERS, END_HEADERS, round * 2 + 1, hold_head, sizeof hold_head - 1);
    return size + frame_make(at + size, RST_STREAM, 0, round * 2 + 1, "\0\0\0\x8", 4);
}

static size_t provoked_reset_flood(char *at, unsigned round)
{
    return frame_make(at, HEADERS, END_HEADERS | END_STREAM, round * 2 + 1, bad_head, sizeof bad_head - 1);
}

static size_t empty_frame_flood(char *at, unsigned round)
{
    size_t size = round ? 0 : frame_make(at, HEADERS, END_HEADERS, 1, hold_head, sizeof hold_head - 1);
    return size + frame_make(at + size, DATA, 0, 1, NULL, 0);
}

/* Sends as many rounds, then reads to the end or to a PING's echo. Gives the GOAWAY's code; -1: there was none. */
static long flood(void **state, flood_fn *make, unsigned rounds)
{
    static char sent[64 * KIB], got[256 * KIB];
    size_t size = sizeof preface_and_settings - 1;
    memcpy(sent, preface_and_settings, size);
    for (unsigned i = 0; i < rounds; i++)
        size += make(sent + size, i);
    size += frame_make(sent + size, PING, 0, 0, "the end!", 8);
    assert_true(size < sizeof sent);
    int fd = test_connect(test_server_port(*state));
    test_send(fd, sent, size);
    size_t have = 0;
    while (!memmem(got, have, "the end!", 8)) {
        ssize_t now = read(fd, got + have, sizeof got - have);
        assert_true(now >= 0); /* an end, not a reset */
        if (now == 0)
            break;
        have += (size_t)now;
    }
    close(fd);
    return goaway_code((unsigned char *)got, have);
}

static void floods_end_the_connection_and_less_does_not(void **state)
{
    static const struct {
        const char *name;
        flood_fn *make;
        unsigned fine, too_many;
    } floods[] = {
        {"PING", ping_flood, 9, 30},
        {"SETTINGS", settings_flood, 9, 30},
        {"RST_STREAM", reset_flood, 90, 300},
        {"provoked RST_STREAM", provoked_reset_flood, 50, 60},
        {"empty DATA", empty_frame_flood, 20, 30},
    };
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
        long fine = flood(state, floods[i].make, floods[i].fine);
        long too_many = flood(state, floods[i].make, floods[i].too_many);
        if (fine != -1 || too_many != NGHTTP2_ENHANCE_YOUR_CALM)
            fail_msg("%s: %ld, %ld", floods[i].name, fine, too_many);
    }
}

/* One head that goes on and on. */
static size_t endless_head(char *at, unsigned round)
{
    size_t size = round ? 0 : frame_make(at, HEADERS, 0, 1, hold_head, sizeof hold_head - 1);
    return size + frame_make(at + size, CONTINUATION, 0, 1, "\x40\x01x\x01y", 5);
}

/* A field of 3,000 bytes goes into the peer's table; then each byte of the head stands for all of it. */
static size_t bomb(char *at, unsigned round)
{
    static char head[16 * KIB];
    (void)round;
    size_t size = sizeof hold_head - 1;
    memcpy(head, hold_head, size);
    memcpy(head + size, "\x40\x01x\x7f\xb9\x16", 6); /* 127 + 57 + 22 * 128 */
    size += 6;
    memset(head + size, 'v', 3000);
    size += 3000;
    memset(head + size, (char)0xbe, 10000); /* the newest entry */
    size += 10000;
    return frame_make(at, HEADERS, END_HEADERS, 1, head, size);
}

static void heads_that_cost_more_than_they_weigh_end_the_connection(void **state)
{
    assert_int_equal(flood(state, endless_head, 1000), NGHTTP2_ENHANCE_YOUR_CALM);
    assert_int_equal(flood(state, bomb, 1), NGHTTP2_ENHANCE_YOUR_CALM);
}

static size_t nonsense(char *at, unsigned round)
{
    (void)round;
    return frame_make(at, HEADERS, END_HEADERS, 2, hold_head, sizeof hold_head - 1);
}

static void a_peer_that_breaks_the_protocol_is_told_so(void **state)
{
    assert_int_equal(flood(state, nonsense, 1), NGHTTP2_PROTOCOL_ERROR);
}

static void a_preface_that_comes_byte_by_byte_is_read(void **state)
{
    int fd = test_connect(test_server_port(*state));
    for (size_t i = 0; i < sizeof preface_and_settings - 1; i++)
        test_send(fd, preface_and_settings + i, 1);
    char got[9];
    assert_int_equal(read(fd, got, 9), 9);
    assert_int_equal(got[3], SETTINGS);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_beyond_the_windows_go_both_ways),
        cmocka_unit_test(many_streams_at_a_time_are_answered_each),
        cmocka_unit_test(a_head_too_large_costs_its_stream_alone),
        cmocka_unit_test(a_big_answer_is_made_as_it_is_taken),
        cmocka_unit_test(an_answer_that_comes_late_is_sent_when_it_comes),
        cmocka_unit_test(an_early_answer_ends_the_upload_and_not_the_connection),
        cmocka_unit_test(an_upload_that_is_not_consumed_is_held_back_and_others_go_on),
        cmocka_unit_test(pages_are_served_on_http2_too),
        cmocka_unit_test(calls_are_closed_when_their_connection_is_lost),
        cmocka_unit_test(floods_end_the_connection_and_less_does_not),
        cmocka_unit_test(heads_that_cost_more_than_they_weigh_end_the_connection),
        cmocka_unit_test(a_peer_that_breaks_the_protocol_is_told_so),
        cmocka_unit_test(a_preface_that_comes_byte_by_byte_is_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
