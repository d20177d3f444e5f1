#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "google/protobuf/duration.pb-c.h"
#include "loop/loop.h"
#include "net/calls.h"
#include "net/channel.h"
#include "net/support_certificate.h"
#include "net/support_server.h"
#include "net/tls.h"
#include "rpc/call.h"
#include "rpc/method.h"
#include "rpc/server.h"

/* The channel and the server over TLS. A contract of our own: Durations. */

enum { COUNTED = 300000, ANSWER_MS = 20000 };

static struct test_certificates files;

/* Twice the seconds, and a nano where the call came encrypted. */
static void twice(struct rpc_call *call, const ProtobufCMessage *request)
{
    Google__Protobuf__Duration answer = *(const Google__Protobuf__Duration *)request;
    answer.seconds *= 2;
    answer.nanos = rpc_call_is_encrypted(call);
    rpc_call_reply(call, &answer.base);
}

/* The call's state is how many have been sent, or come. */
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

static void sum_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    (void)call, (void)request;
}

static void sum_add(struct rpc_call *call, const ProtobufCMessage *message)
{
    uintptr_t sum = (uintptr_t)rpc_call_state(call);
    rpc_call_set_state(call,
                       (void *)(sum + (uintptr_t)((const Google__Protobuf__Duration *)message)->seconds));
}

static void sum_end(struct rpc_call *call)
{
    Google__Protobuf__Duration answer = GOOGLE__PROTOBUF__DURATION__INIT;
    answer.seconds = (int64_t)(uintptr_t)rpc_call_state(call);
    rpc_call_reply(call, &answer.base);
}

#define DURATIONS                                                                                            \
    .request = &google__protobuf__duration__descriptor, .response = &google__protobuf__duration__descriptor, \
    .message_bytes = 1000

static const struct rpc_method methods[] = {
    {.path = "/test.Test/Twice", DURATIONS, .kind = RPC_UNARY, .start = twice},
    {.path = "/test.Test/Count", DURATIONS, .kind = RPC_SERVER_STREAM, .start = count, .writable = count_on},
    {.path = "/test.Test/Sum",
     DURATIONS,
     .kind = RPC_CLIENT_STREAM,
     .start = sum_start,
     .message = sum_add,
     .half_close = sum_end},
    {.path = NULL},
};

struct fixture {
    struct arena *arena;
    struct rpc_server *rpc;
    struct tls *tls;
    struct test_server *server;
    struct loop *loop;
};

static struct fixture fixture;

static int make_files(void **state)
{
    (void)state;
    test_certificates_make(&files);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    test_certificates_remove(&files);
    return 0;
}

static void open_server(const char *certificate, const char *key)
{
    const struct net_limits limits = net_limits_default();
    fixture.tls = NULL;
    if (certificate)
        assert_true(status_ok(tls_open(fixture.arena, certificate, key, &fixture.tls)));
    fixture.server = test_server_start_tls(&limits, &net_calls_rpc, fixture.rpc, fixture.tls);
}

static int setup(void **state)
{
    static const struct rpc_method *const tables[] = {methods, NULL};
    log_set_level(LOG_ERROR);
    fixture.arena = arena_new(0);
    fixture.rpc = rpc_server_new(&(struct rpc_server_settings){.tables = tables});
    fixture.loop = loop_new("test", 9);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    test_server_stop(it->server);
    tls_free(it->tls);
    rpc_server_free(it->rpc);
    loop_free(it->loop);
    arena_free(it->arena);
    return 0;
}

static struct channel *open_channel(const char *scheme, const char *host, const char *ca_file)
{
    char target[100];
    snprintf(target, sizeof target, "%s://%s:%u", scheme, host, test_server_port(fixture.server));
    return channel_open(fixture.loop, &(struct channel_settings){.target = target, .ca_file = ca_file});
}

/* Asks for twice 21. */
static struct status ask(struct channel *channel, Google__Protobuf__Duration **ret_answer)
{
    Google__Protobuf__Duration request = GOOGLE__PROTOBUF__DURATION__INIT;
    request.seconds = 21;
    ProtobufCMessage *answer = NULL;
    struct status status =
        channel_call_blocking(channel, "/test.Test/Twice", &request.base,
                              &google__protobuf__duration__descriptor, fixture.arena, ANSWER_MS, &answer);
    *ret_answer = (void *)answer;
    return status;
}

static void assert_answers(const char *scheme, const char *host, const char *ca_file, bool encrypted)
{
    Google__Protobuf__Duration *answer;
    struct channel *channel = open_channel(scheme, host, ca_file);
    struct status status = ask(channel, &answer);
    if (!status_ok(status))
        fail_msg("%s", status.message);
    assert_int_equal(answer->seconds, 42);
    assert_int_equal(answer->nanos, encrypted);
    channel_close(channel);
}

static void assert_fails(const char *scheme, const char *host, const char *ca_file, enum status_code code,
                         const char *says)
{
    Google__Protobuf__Duration *answer;
    struct channel *channel = open_channel(scheme, host, ca_file);
    struct status status = ask(channel, &answer);
    assert_int_equal(status.code, code);
    if (!strstr(status.message, says))
        fail_msg("\"%s\" is not in: %s", says, status.message);
    channel_close(channel);
}

static void a_call_over_tls_is_answered_and_known_to_be_encrypted(void **state)
{
    (void)state;
    open_server(files.good, files.good_key);
    assert_answers("https", "localhost", files.ca, true);
    assert_answers("https", "127.0.0.1", files.ca, true);
}

static void a_call_in_cleartext_is_known_to_be_so(void **state)
{
    (void)state;
    open_server(NULL, NULL);
    assert_answers("http", "127.0.0.1", NULL, false);
}

static void a_server_that_cannot_prove_who_it_is_is_not_spoken_to(void **state)
{
    (void)state;
    open_server(files.good, files.good_key);
    assert_fails("https", "localhost", files.other_ca, STATUS_UNAVAILABLE, "signed by nobody who is trusted");
    assert_fails("https", "localhost", NULL, STATUS_UNAVAILABLE, "signed by nobody who is trusted");
}

static void a_certificate_of_another_name_is_refused(void **state)
{
    (void)state;
    open_server(files.elsewhere, files.elsewhere_key);
    assert_fails("https", "localhost", files.ca, STATUS_UNAVAILABLE, "another name than localhost");
    assert_fails("https", "127.0.0.1", files.ca, STATUS_UNAVAILABLE, "another name than 127.0.0.1");
}

static void a_certificate_that_has_expired_is_refused(void **state)
{
    (void)state;
    open_server(files.expired, files.expired_key);
    assert_fails("https", "localhost", files.ca, STATUS_UNAVAILABLE, "has expired");
}

static void a_ca_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    open_server(files.good, files.good_key);
    assert_fails("https", "localhost", "/none.pem", STATUS_INVALID_ARGUMENT, "/none.pem");
    assert_fails("https", "localhost", files.good_key, STATUS_INVALID_ARGUMENT, files.good_key);
}

static void who_uses_the_wrong_scheme_is_told_the_right_one(void **state)
{
    (void)state;
    open_server(files.good, files.good_key);
    assert_fails("http", "127.0.0.1", NULL, STATUS_UNAVAILABLE, "https://");
    test_server_stop(fixture.server);
    tls_free(fixture.tls);
    open_server(NULL, NULL);
    assert_fails("https", "localhost", files.ca, STATUS_UNAVAILABLE, "does not speak TLS");
}

/* ---- streams ------------------------------------------------------------------------------------------------------ */

struct streaming {
    struct channel_call *call;
    unsigned sent;
    int64_t received;
    bool done;
    struct status status;
};

static void on_message(void *context, const ProtobufCMessage *message)
{
    ((struct streaming *)context)->received += ((const Google__Protobuf__Duration *)message)->seconds;
}

static void on_end(void *context, struct status status)
{
    struct streaming *streaming = context;
    streaming->status = status;
    streaming->done = true;
}

static void send_on(void *context)
{
    struct streaming *streaming = context;
    Google__Protobuf__Duration one = GOOGLE__PROTOBUF__DURATION__INIT;
    one.seconds = 1;
    bool room = true;
    while (room && streaming->sent < COUNTED) {
        room = channel_call_send(streaming->call, &one.base);
        streaming->sent++;
    }
    if (streaming->sent == COUNTED)
        channel_call_half_close(streaming->call);
}

static int64_t stream(struct channel *channel, const char *path, unsigned sent)
{
    struct streaming streaming = {.sent = sent};
    const struct channel_call_settings settings = {
        .path = path,
        .response = &google__protobuf__duration__descriptor,
        .timeout_ms = ANSWER_MS,
        .message = on_message,
        .writable = send_on,
        .end = on_end,
        .context = &streaming,
    };
    streaming.call = channel_call_begin(channel, &settings);
    if (sent) {
        Google__Protobuf__Duration any = GOOGLE__PROTOBUF__DURATION__INIT;
        channel_call_send(streaming.call, &any.base);
    }
    send_on(&streaming);
    channel_wait(channel, &streaming.done);
    assert_int_equal(streaming.status.code, STATUS_OK);
    return streaming.received;
}

static void megabytes_stream_both_ways_over_one_connection(void **state)
{
    (void)state;
    open_server(files.good, files.good_key);
    struct channel *channel = open_channel("https", "localhost", files.ca);
    assert_int_equal(stream(channel, "/test.Test/Sum", 0), COUNTED);
    assert_int_equal(stream(channel, "/test.Test/Count", COUNTED), COUNTED);
    channel_close(channel);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_over_tls_is_answered_and_known_to_be_encrypted),
        TEST(a_call_in_cleartext_is_known_to_be_so),
        TEST(a_server_that_cannot_prove_who_it_is_is_not_spoken_to),
        TEST(a_certificate_of_another_name_is_refused),
        TEST(a_certificate_that_has_expired_is_refused),
        TEST(a_ca_file_that_cannot_be_read_is_named),
        TEST(who_uses_the_wrong_scheme_is_told_the_right_one),
        TEST(megabytes_stream_both_ways_over_one_connection),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
