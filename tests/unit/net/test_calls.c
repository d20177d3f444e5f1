#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "google/protobuf/duration.pb-c.h"
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
    {.path = NULL},
};

struct fixture {
    struct rpc_server *rpc;
    struct test_server *server;
    struct client *client;
};

static struct fixture fixture;

static int setup(void **state)
{
    static const struct rpc_method *const tables[] = {methods, NULL};
    const struct rpc_server_settings settings = {.tables = tables};
    const struct net_limits limits = net_limits_default();
    fixture.rpc = rpc_server_new(&settings);
    fixture.server = test_server_start_calls(&limits, &net_calls_rpc, fixture.rpc);
    fixture.client = client_open(test_server_port(fixture.server));
    *state = &fixture;
    return 0;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_unary_call_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_method_and_a_bad_message_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_too_large_is_refused_by_its_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_of_answers_goes_on_as_it_is_taken, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
