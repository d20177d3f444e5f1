#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "google/protobuf/duration.pb-c.h"
#include "loop/timer.h"
#include "net/calls.h"
#include "net/support_client.h"
#include "net/support_server.h"
#include "rpc/call.h"
#include "rpc/method.h"
#include "rpc/server.h"

/* net and rpc together, with methods of a contract of our own: a Duration in, Durations out. */

enum { FRAME_BYTES = 7, COUNTED = 40000 };

static void twice(struct rpc_call *call, const ProtobufCMessage *request)
{
    Google__Protobuf__Duration answer = *(const Google__Protobuf__Duration *)request;
    answer.seconds *= 2;
    rpc_call_reply(call, &answer.base);
}

/* The call's state is how many have been sent. */
static void count_on(struct rpc_call *call)
{
    Google__Protobuf__Duration answer = GOOGLE__PROTOBUF__DURATION__INIT;
    uintptr_t sent = (uintptr_t)rpc_call_state(call);
    answer.seconds = 1;
    bool room = true;
    while (sent < COUNTED && room) {
        room = rpc_call_send(call, &answer.base);
        sent++;
    }
    rpc_call_set_state(call, (void *)sent);
    if (sent == COUNTED && room)
        rpc_call_finish(call, STATUS_NONE);
}

static void count(struct rpc_call *call, const ProtobufCMessage *request)
{
    (void)request;
    count_on(call);
}

/* The call's state is the sum so far. */
static void sum_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    (void)call, (void)request;
}

static void sum_add(struct rpc_call *call, const ProtobufCMessage *message)
{
    uintptr_t sum = (uintptr_t)rpc_call_state(call);
    sum += (uintptr_t)((const Google__Protobuf__Duration *)message)->seconds;
    rpc_call_set_state(call, (void *)sum);
}

static void sum_end(struct rpc_call *call)
{
    Google__Protobuf__Duration answer = GOOGLE__PROTOBUF__DURATION__INIT;
    answer.seconds = (int64_t)(uintptr_t)rpc_call_state(call);
    rpc_call_reply(call, &answer.base);
}

/* Gives more than the window takes, and ends it when the reader has taken nothing for 30 ms. */
static struct timer stall_timer;

static void give_up(void *context)
{
    struct rpc_call *call = context;
    if (rpc_call_stalled_ms(call) < 30 && !rpc_call_is_over(call)) {
        timer_set(&stall_timer, 5);
        return;
    }
    timer_fini(&stall_timer);
    rpc_call_abandon(call, status_make(STATUS_RESOURCE_EXHAUSTED, "the reader takes nothing"));
    rpc_call_release(call);
}

static void give_all(struct rpc_call *call, const ProtobufCMessage *request)
{
    assert_int_equal(rpc_call_stalled_ms(call), 0);
    rpc_call_hold(call);
    timer_init(&stall_timer, rpc_call_loop(call), give_up, call);
    timer_set(&stall_timer, 5);
    count(call, request);
}

static const struct rpc_method methods[] = {
    {
        .path = "/test.Test/Twice",
        .request = &google__protobuf__duration__descriptor,
        .response = &google__protobuf__duration__descriptor,
        .kind = RPC_UNARY,
        .message_bytes = 1000,
        .start = twice,
    },
    {
        .path = "/test.Test/Count",
        .request = &google__protobuf__duration__descriptor,
        .response = &google__protobuf__duration__descriptor,
        .kind = RPC_SERVER_STREAM,
        .message_bytes = 1000,
        .start = count,
        .writable = count_on,
    },
    {
        .path = "/test.Test/Sum",
        .request = &google__protobuf__duration__descriptor,
        .response = &google__protobuf__duration__descriptor,
        .kind = RPC_CLIENT_STREAM,
        .message_bytes = 1000,
        .start = sum_start,
        .message = sum_add,
        .half_close = sum_end,
    },
    {
        .path = "/test.Test/GiveAll",
        .request = &google__protobuf__duration__descriptor,
        .response = &google__protobuf__duration__descriptor,
        .kind = RPC_SERVER_STREAM,
        .message_bytes = 1000,
        .start = give_all,
    },
    {.path = NULL},
};

struct fixture {
    struct rpc_server *rpc;
    struct test_server *server;
    struct client *client;
};

static struct fixture fixture;

static int setup_with(void **state, int64_t progress_after_ms)
{
    static const struct rpc_method *const tables[] = {methods, NULL};
    const struct rpc_server_settings settings = {.tables = tables};
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    limits.progress_after_ms = progress_after_ms;
    fixture.rpc = rpc_server_new(&settings);
    fixture.server = test_server_start_calls(&limits, &net_calls_rpc, fixture.rpc);
    fixture.client = client_open(test_server_port(fixture.server));
    *state = &fixture;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, net_limits_default().progress_after_ms);
}

static int setup_hurried(void **state)
{
    return setup_with(state, 40);
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    client_close(it->client);
    test_server_stop(it->server);
    rpc_server_free(it->rpc);
    return 0;
}

/* 5 seconds, in a message with gRPC's prefix. */
static const char five[FRAME_BYTES] = {0, 0, 0, 0, 2, 8, 5};

/* Gives the answer's index. */
static const struct client_stream *ask(struct fixture *it, const char *path, const char *body,
                                       size_t body_bytes)
{
    unsigned index = client_request_body(it->client, path, body, body_bytes);
    client_run_until(it->client, client_stream_is_closed, index);
    return &it->client->streams[index];
}

static void a_unary_call_is_answered(void **state)
{
    static const char ten[FRAME_BYTES] = {0, 0, 0, 0, 2, 8, 10};
    const struct client_stream *stream = ask(*state, "/test.Test/Twice", five, sizeof five);
    assert_string_equal(stream->grpc_status, "0");
    assert_true(stream->has_trailers);
    assert_int_equal(stream->body_bytes, sizeof ten);
    assert_memory_equal(stream->first, ten, sizeof ten);
}

static void an_unknown_method_and_a_bad_message_are_refused(void **state)
{
    static const char bad[FRAME_BYTES] = {0, 0, 0, 0, 2, 8, (char)0xff};
    assert_string_equal(ask(*state, "/test.Test/None", five, sizeof five)->grpc_status, "12");
    assert_string_equal(ask(*state, "/test.Test/Twice", bad, sizeof bad)->grpc_status, "3");
}

static void a_message_too_large_is_refused_by_its_prefix(void **state)
{
    static char large[2000000] = {0, 0x7f, 0, 0, 0};
    const struct client_stream *stream = ask(*state, "/test.Test/Twice", large, sizeof large);
    assert_string_equal(stream->grpc_status, "8");
    assert_string_equal(ask(*state, "/test.Test/Twice", five, sizeof five)->grpc_status, "0");
}

static void a_stream_of_answers_goes_on_as_it_is_taken(void **state)
{
    const struct client_stream *stream = ask(*state, "/test.Test/Count", five, sizeof five);
    assert_string_equal(stream->grpc_status, "0");
    assert_int_equal(stream->body_bytes, COUNTED * FRAME_BYTES);
}

/* Of a request that does not end yet; gives its index. */
static unsigned begin(struct fixture *it, const char *path, const char *body, size_t body_bytes)
{
    unsigned index = client_request(it->client, path, body_bytes, true, NULL, 0);
    it->client->streams[index].body = body;
    return index;
}

static void a_stream_may_pause_between_messages_and_not_within_one(void **state)
{
    struct fixture *it = *state;
    static const char fives[2 * FRAME_BYTES] = {0, 0, 0, 0, 2, 8, 5, 0, 0, 0, 0, 2, 8, 5};
    unsigned pausing = begin(it, "/test.Test/Sum", fives, FRAME_BYTES);
    unsigned silent = begin(it, "/test.Test/Sum", fives, 0);
    unsigned cut = begin(it, "/test.Test/Sum", fives, FRAME_BYTES + 3);
    unsigned unary = begin(it, "/test.Test/Twice", fives, 0);
    client_run_until(it->client, client_stream_is_closed, cut);
    client_run_until(it->client, client_stream_is_closed, unary);
    struct client_stream *streams = it->client->streams;
    assert_int_equal(streams[cut].code, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_int_equal(streams[unary].code, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_false(streams[pausing].is_closed || streams[silent].is_closed);
    streams[pausing].body = fives;
    streams[pausing].body_left = FRAME_BYTES;
    streams[pausing].keep_open = false;
    nghttp2_session_resume_data(it->client->session, (int32_t)pausing * 2 + 1);
    client_run_until(it->client, client_stream_is_closed, pausing);
    assert_string_equal(streams[pausing].grpc_status, "0");
    assert_int_equal(streams[pausing].first[FRAME_BYTES - 1], 10);
    assert_false(streams[silent].is_closed);
}

static void a_reader_that_takes_nothing_is_told_though_its_window_is_shut(void **state)
{
    struct fixture *it = *state;
    const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
    nghttp2_submit_settings(it->client->session, NGHTTP2_FLAG_NONE, &window, 1);
    const struct client_stream *stream = ask(it, "/test.Test/GiveAll", five, sizeof five);
    assert_string_equal(stream->grpc_status, "8");
    assert_int_equal(stream->code, NGHTTP2_NO_ERROR);
    assert_int_equal(stream->body_bytes, 0);
    assert_string_equal(ask(it, "/test.Test/Twice", "", 0)->grpc_status, "12"); /* the connection lives */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_unary_call_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_method_and_a_bad_message_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_too_large_is_refused_by_its_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_may_pause_between_messages_and_not_within_one, setup_hurried,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_takes_nothing_is_told_though_its_window_is_shut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_stream_of_answers_goes_on_as_it_is_taken, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
