#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>

#include "base/arena.h"
#include "base/log.h"
#include "loop/loop.h"
#include "net/channel.h"
#include "net/server.h"
#include "partner/v1/match.pb-c.h"

/* A channel against servers that answer as none should: some speak HTTP/2 well and gRPC badly, some neither. */

struct rpc_call {
    const struct rpc_sink *sink;
    void *stream;
    char path[64];
};

static const struct answer {
    const char *path;
    const char *body;
    size_t body_size;
    const char *grpc_status; /* NULL: none */
    uint32_t reset;          /* instead of trailers */
    enum status_code code;
    const char *says;
} answers[] = {
#define BODY(BYTES) BYTES, sizeof BYTES - 1
    {"/no-status", BODY("\0\0\0\0\0"), NULL, 0, STATUS_UNKNOWN, "without a status"},
    {"/odd-status", BODY(""), "99", 0, STATUS_UNKNOWN, ""},
    {"/no-message", BODY(""), "0", 0, STATUS_INTERNAL, "no answer"},
    {"/cut", BODY("\0\0\0\0\5ab"), "0", 0, STATUS_INTERNAL, "ends within a message"},
    {"/cut-prefix", BODY("\0\0\0\0\0\0\0"), "0", 0, STATUS_INTERNAL, "ends within a message"},
    {"/cut-and-failed", BODY("\0\0\0\0\5ab"), "5", 0, STATUS_NOT_FOUND, ""},
    {"/flag", BODY("\7\0\0\0\0"), "0", 0, STATUS_INTERNAL, "not a row"},
    {"/gzip", BODY("\1\0\0\0\1x"), "0", 0, STATUS_INTERNAL, "compressed"},
    {"/large", BODY("\0\x40\0\0\0abc"), "0", 0, STATUS_RESOURCE_EXHAUSTED, "1073741824"},
    {"/garbage", BODY("\0\0\0\0\2\xff\xff"), "0", 0, STATUS_INTERNAL, "cannot be read"},
    {"/bad-text", BODY("\0\0\0\0\3\x12\1\xff"), "0", 0, STATUS_INTERNAL, "next_page_token"},
    {"/refused", BODY(""), NULL, 7, STATUS_UNAVAILABLE, ""},
    {"/cancelled", BODY("\0\0\0\0\0"), NULL, 8, STATUS_CANCELLED, ""},
    {"/calm", BODY(""), NULL, 11, STATUS_RESOURCE_EXHAUSTED, ""},
    {"/internal", BODY(""), NULL, 2, STATUS_UNAVAILABLE, ""},
    {"/good", BODY("\0\0\0\0\3\x12\1x"), "0", 0, STATUS_OK, NULL},
};

static struct rpc_call *fake_begin(struct rpc_server *server, struct loop *loop, const struct rpc_sink *sink,
                                   void *stream, const struct rpc_request_head *head)
{
    (void)server, (void)loop;
    struct rpc_call *call = calloc(1, sizeof *call);
    call->sink = sink;
    call->stream = stream;
    snprintf(call->path, sizeof call->path, "%s", head->path);
    return call;
}

static void fake_on_data(struct rpc_call *call, const void *bytes, size_t size)
{
    (void)bytes;
    call->sink->consumed(call->stream, size);
}

static void fake_on_end(struct rpc_call *call)
{
    const struct rpc_header content_type = {"content-type", "application/grpc"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct answer *answer = &answers[i];
        if (strcmp(answer->path, call->path) != 0)
            continue;
        const struct rpc_header trailer = {answer->grpc_status ? "grpc-status" : "other",
                                           answer->grpc_status};
        const struct rpc_header other = {"other", "x"};
        if (answer->reset && !answer->body_size) {
            call->sink->reset(call->stream, answer->reset);
            return;
        }
        call->sink->headers(call->stream, &content_type, 1, false);
        if (answer->body_size)
            call->sink->data(call->stream, answer->body, answer->body_size);
        if (answer->reset)
            call->sink->reset(call->stream, answer->reset);
        else
            call->sink->trailers(call->stream, answer->grpc_status ? &trailer : &other, 1);
    }
}

static void fake_on_writable(struct rpc_call *call)
{
    (void)call;
}

static void fake_on_close(struct rpc_call *call)
{
    free(call);
}

static const struct net_calls fake_calls = {fake_begin, fake_on_data, fake_on_end, fake_on_close,
                                            fake_on_writable};

struct world {
    struct loop *loop;
    struct arena *arena;
    struct net_server *net;
    bool drained;

    /* For a server that knows nothing. */
    struct evconnlistener *listener;
    struct bufferevent *guest;
    const char *words;
    bool closes;
    unsigned guests;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->loop = loop_new("test", 0);
    world->arena = arena_new(0);
    *state = world;
    return 0;
}

static void on_drained(void *context)
{
    struct world *world = context;
    world->drained = true;
    loop_stop(world->loop);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    if (world->net) {
        net_server_drain(world->net, on_drained, world);
        while (!world->drained)
            loop_run(world->loop);
        net_server_free(world->net);
    }
    if (world->guest)
        bufferevent_free(world->guest);
    if (world->listener)
        evconnlistener_free(world->listener);
    loop_free(world->loop);
    arena_free(world->arena);
    free(world);
    return 0;
}

static struct status ask(struct world *world, struct channel *channel, const char *path, int64_t timeout_ms)
{
    Partner__V1__FindHostsRequest request = PARTNER__V1__FIND_HOSTS_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    return channel_call_blocking(channel, path, &request.base, &partner__v1__find_hosts_response__descriptor,
                                 world->arena, timeout_ms, &answer);
}

static void answers_that_no_server_should_give_end_the_call_alone(void **state)
{
    struct world *world = *state;
    const char *const addresses[] = {"127.0.0.1:0", NULL};
    const struct net_server_settings settings = {.addresses = addresses,
                                                 .loops = &world->loop,
                                                 .loop_count = 1,
                                                 .limits = net_limits_default(),
                                                 .calls = &fake_calls};
    assert_int_equal(net_server_open(world->arena, &settings, &world->net).code, STATUS_OK);
    net_server_start(world->net);
    const char *target = arena_format(world->arena, "127.0.0.1:%u", net_server_port(world->net, 0));
    struct channel *channel = channel_open(world->loop, &(struct channel_settings){.target = target});
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct status status = ask(world, channel, answers[i].path, 5000);
        if (status.code != answers[i].code || (answers[i].says && !strstr(status.message, answers[i].says)))
            fail_msg("%s: %d %s", answers[i].path, (int)status.code, status.message ? status.message : "");
        assert_int_equal(ask(world, channel, "/good", 5000).code, STATUS_OK);
    }
    channel_close(channel);
}

static void on_guest(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
                     void *context)
{
    (void)listener, (void)address, (void)size;
    struct world *world = context;
    world->guests++;
    if (world->guest)
        bufferevent_free(world->guest);
    world->guest = bufferevent_socket_new(loop_base(world->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_enable(world->guest, EV_READ | EV_WRITE);
    if (world->words)
        bufferevent_write(world->guest, world->words, strlen(world->words));
    if (world->closes) {
        bufferevent_free(world->guest);
        world->guest = NULL;
    }
}

static struct channel *open_channel_to_nobody(struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    world->listener = evconnlistener_new_bind(loop_base(world->loop), on_guest, world, LEV_OPT_CLOSE_ON_FREE,
                                              16, (struct sockaddr *)&address, sizeof address);
    assert_non_null(world->listener);
    getsockname(evconnlistener_get_fd(world->listener), (struct sockaddr *)&address, &size);
    const char *target = arena_format(world->arena, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return channel_open(world->loop, &(struct channel_settings){.target = target});
}

static void a_server_of_another_kind_is_unavailable(void **state)
{
    struct world *world = *state;
    world->words = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    struct channel *channel = open_channel_to_nobody(world);
    struct status status = ask(world, channel, "/good", 5000);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(status.message, "cannot reach http://127.0.0.1:"));
    assert_non_null(strstr(status.message, "HTTP/1 alone"));
    channel_close(channel);
}

static void a_server_that_hangs_up_is_tried_anew_by_each_call(void **state)
{
    struct world *world = *state;
    world->closes = true;
    struct channel *channel = open_channel_to_nobody(world);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(ask(world, channel, "/good", 5000).code, STATUS_UNAVAILABLE);
        assert_int_equal(world->guests, i);
    }
    channel_close(channel);
}

static void a_server_that_says_nothing_is_waited_for_no_longer_than_the_deadline(void **state)
{
    struct world *world = *state;
    struct channel *channel = open_channel_to_nobody(world);
    assert_int_equal(ask(world, channel, "/good", 20).code, STATUS_DEADLINE_EXCEEDED);
    channel_close(channel);
}

static void a_connection_refused_is_said_in_plain_words(void **state)
{
    struct world *world = *state;
    struct channel *channel = open_channel_to_nobody(world);
    evconnlistener_free(world->listener);
    world->listener = NULL;
    struct status status = ask(world, channel, "/good", 5000);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(status.message, "cannot reach http://127.0.0.1:"));
    assert_non_null(strstr(status.message, "Connection refused"));
    channel_close(channel);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answers_that_no_server_should_give_end_the_call_alone),
        TEST(a_server_of_another_kind_is_unavailable),
        TEST(a_server_that_hangs_up_is_tried_anew_by_each_call),
        TEST(a_server_that_says_nothing_is_waited_for_no_longer_than_the_deadline),
        TEST(a_connection_refused_is_said_in_plain_words),
    };
    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
