#include "rpc/exchange.h"

#include <event2/event.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/text.h"
#include "loop/loop.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "rpc/call.h"
#include "rpc/grpc.h"
#include "rpc/method.h"
#include "rpc/server.h"
#include "rpc/server_parts.h"
#include "rpc/status.h"
#include "rpc/support.h"

/* A transport that writes down what a call asks of it, and services that write down what they are told. */

enum { MATCH_BYTES = 64 << 10, PUSH_BYTES = 4 << 20, UPLOAD_BYTES = 16 << 20 };

struct world {
    struct loop *loop;
    struct rpc_server *server;
    struct arena *arena;

    unsigned heads, trailers, resets;
    bool ended;
    size_t consumed, unsent;
    struct text_buffer body;
    char code[8], accept_encoding[32];
    struct status status;

    unsigned started, messages, half_closed, writable, cancelled;
    bool pause_each, refuse, answer_first;
    struct rpc_call *held;
    char last_title[64];
};

static struct world *world_of(struct rpc_call *call)
{
    return rpc_call_services(call);
}

static void note_status(struct world *world, const struct rpc_header *headers, size_t count)
{
    const char *code = NULL, *message = NULL, *details = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(headers[i].name, "grpc-status") == 0)
            code = headers[i].value;
        if (strcmp(headers[i].name, "grpc-message") == 0)
            message = headers[i].value;
        if (strcmp(headers[i].name, "grpc-status-details-bin") == 0)
            details = headers[i].value;
        if (strcmp(headers[i].name, "grpc-accept-encoding") == 0)
            snprintf(world->accept_encoding, sizeof world->accept_encoding, "%s", headers[i].value);
    }
    world->status = rpc_status_read(world->arena, code, message, details);
    world->ended = true;
}

static void sink_headers(void *stream, const struct rpc_header *headers, size_t count, bool end)
{
    struct world *world = stream;
    assert_false(world->ended);
    assert_int_equal(world->heads++, 0);
    assert_string_equal(headers[0].name, "content-type");
    if (end)
        note_status(world, headers, count);
}

static void sink_data(void *stream, const void *bytes, size_t size)
{
    struct world *world = stream;
    assert_int_equal(world->heads, 1);
    assert_false(world->ended);
    text_buffer_append(&world->body, bytes, size);
    world->unsent += size;
}

static void sink_trailers(void *stream, const struct rpc_header *headers, size_t count)
{
    struct world *world = stream;
    assert_int_equal(world->heads, 1);
    assert_false(world->ended);
    world->trailers++;
    note_status(world, headers, count);
}

static void sink_reset(void *stream, uint32_t code)
{
    (void)code;
    ((struct world *)stream)->resets++;
}

static void sink_consumed(void *stream, size_t size)
{
    ((struct world *)stream)->consumed += size;
}

static size_t sink_unsent(void *stream)
{
    return ((struct world *)stream)->unsent;
}

static const struct rpc_sink sink = {sink_headers, sink_data,     sink_trailers,
                                     sink_reset,   sink_consumed, sink_unsent};

static void find_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    const Partner__V1__FindHostsRequest *find = (const void *)request;
    struct world *world = world_of(call);
    world->started++;
    assert_ptr_equal(request->descriptor, &partner__v1__find_hosts_request__descriptor);
    if (strcmp(find->page_token, "hold") == 0) {
        rpc_call_hold(call);
        world->held = call;
        return;
    }
    Partner__V1__FindHostsResponse answer = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    answer.next_page_token = find->page_token;
    rpc_call_reply(call, &answer.base);
    /* Too late: nothing of it arrives. */
    rpc_call_finish(call, status_make(STATUS_INTERNAL, "again"));
    assert_false(rpc_call_send(call, &answer.base));
}

static void push_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    assert_null(request);
    struct world *world = world_of(call);
    world->started++;
    world->held = call;
    if (world->answer_first)
        rpc_call_finish(call, status_make(STATUS_NOT_FOUND, "no such registry"));
}

static void push_message(struct rpc_call *call, const ProtobufCMessage *message)
{
    const Partner__V1__PushRequest *push = (const void *)message;
    struct world *world = world_of(call);
    world->messages++;
    if (push->part_case == PARTNER__V1__PUSH_REQUEST__PART_OPTIONS)
        snprintf(world->last_title, sizeof world->last_title, "%s", push->options->registry);
    if (world->pause_each)
        rpc_call_pause(call);
}

static void push_half_close(struct rpc_call *call)
{
    world_of(call)->half_closed++;
    Partner__V1__PushResponse answer = PARTNER__V1__PUSH_RESPONSE__INIT;
    rpc_call_reply(call, &answer.base);
}

static void export_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    (void)request;
    world_of(call)->started++;
    world_of(call)->held = call;
}

static void on_writable(struct rpc_call *call)
{
    world_of(call)->writable++;
}

static void on_cancelled(struct rpc_call *call)
{
    assert_true(rpc_call_is_over(call));
    world_of(call)->cancelled++;
}

static const struct rpc_method methods[] = {
    {.path = "/partner.v1.MatchService/FindHosts",
     .request = &partner__v1__find_hosts_request__descriptor,
     .response = &partner__v1__find_hosts_response__descriptor,
     .kind = RPC_UNARY,
     .message_bytes = MATCH_BYTES,
     .start = find_start,
     .cancelled = on_cancelled},
    {.path = "/partner.v1.MatchService/FindSenders",
     .request = &partner__v1__find_senders_request__descriptor,
     .response = &partner__v1__find_senders_response__descriptor,
     .kind = RPC_UNARY},
    {.path = "/partner.v1.RegistryService/Push",
     .request = &partner__v1__push_request__descriptor,
     .response = &partner__v1__push_response__descriptor,
     .kind = RPC_CLIENT_STREAM,
     .message_bytes = PUSH_BYTES,
     .start = push_start,
     .message = push_message,
     .half_close = push_half_close,
     .cancelled = on_cancelled},
    {.path = "/partner.v1.RegistryService/Export",
     .request = &partner__v1__export_request__descriptor,
     .response = &partner__v1__export_response__descriptor,
     .kind = RPC_SERVER_STREAM,
     .message_bytes = MATCH_BYTES,
     .start = export_start,
     .writable = on_writable,
     .cancelled = on_cancelled},
    {.path = NULL},
};

static struct status authorise(struct rpc_call *call, const struct rpc_method *method)
{
    assert_ptr_equal(method, rpc_call_method(call));
    const char *authorization = rpc_call_metadata(call, "authorization");
    if (authorization && strcmp(authorization, "nobody") == 0)
        return status_make(STATUS_UNAUTHENTICATED, "who are you?");
    return STATUS_NONE;
}

static int set_up(void **state)
{
    static const struct rpc_method *const tables[] = {methods, NULL};
    struct world *world = calloc(1, sizeof *world);
    const struct rpc_server_settings settings = {
        .tables = tables, .services = world, .authorise = authorise, .upload_bytes = UPLOAD_BYTES};
    world->loop = loop_new("test", 0);
    world->arena = arena_new(0);
    world->server = rpc_server_new(&settings);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    rpc_server_free(world->server);
    loop_free(world->loop);
    arena_free(world->arena);
    text_buffer_fini(&world->body);
    free(world);
    return 0;
}

/* What happened so far is forgotten. */
static void forget(struct world *world)
{
    world->heads = world->trailers = world->resets = 0;
    world->ended = false;
    world->consumed = world->unsent = 0;
    world->started = world->messages = world->half_closed = world->writable = world->cancelled = 0;
    text_buffer_clear(&world->body);
}

static struct rpc_call *begin_with(struct world *world, const char *path, const struct rpc_header *more,
                                   size_t more_count)
{
    struct rpc_header headers[16] = {{"content-type", "application/grpc"}, {"te", "trailers"}};
    for (size_t i = 0; i < more_count; i++)
        headers[2 + i] = more[i];
    const struct rpc_request_head head = {.method = "POST",
                                          .path = path,
                                          .headers = headers,
                                          .header_count = 2 + more_count,
                                          .peer = "127.0.0.1:1"};
    forget(world);
    return rpc_server_begin(world->server, world->loop, &sink, world, &head);
}

static struct rpc_call *begin(struct world *world, const char *path)
{
    return begin_with(world, path, NULL, 0);
}

static size_t put_message(struct world *world, struct rpc_call *call, const void *message)
{
    size_t size;
    unsigned char *packed = pack(world->arena, message, &size), *framed = arena_alloc(world->arena, size + 5);
    grpc_prefix(size, framed);
    memcpy(framed + 5, packed, size);
    rpc_call_on_data(call, framed, size + 5);
    return size + 5;
}

static size_t put_find(struct world *world, struct rpc_call *call, const char *page_token)
{
    Partner__V1__FindHostsRequest find = PARTNER__V1__FIND_HOSTS_REQUEST__INIT;
    find.page_token = (char *)page_token;
    return put_message(world, call, &find);
}

static size_t put_push(struct world *world, struct rpc_call *call, const char *registry)
{
    Partner__V1__PushOptions options = PARTNER__V1__PUSH_OPTIONS__INIT;
    Partner__V1__PushRequest push = PARTNER__V1__PUSH_REQUEST__INIT;
    options.registry = (char *)registry;
    push.part_case = PARTNER__V1__PUSH_REQUEST__PART_OPTIONS;
    push.options = &options;
    return put_message(world, call, &push);
}

static void turn(struct world *world)
{
    event_base_loop(loop_base(world->loop), EVLOOP_NONBLOCK);
}

static int64_t counted(const char *labels)
{
    return metric_value(
        metric_new(METRIC_COUNTER, "partnerd_rpc_total", labels, "Calls ended, by method and code."));
}

static void a_unary_call_is_answered_when_its_input_has_ended(void **state)
{
    struct world *world = *state;
    int64_t before = counted("method=\"FindHosts\",code=\"OK\"");
    struct rpc_call *call = begin(world, methods[0].path);
    size_t size = put_find(world, call, "page");
    assert_int_equal(world->consumed, size);
    assert_int_equal(world->started, 0);
    rpc_call_on_end(call);
    assert_int_equal(world->started, 1);
    assert_int_equal(world->trailers, 1);
    assert_int_equal(world->status.code, STATUS_OK);
    assert_memory_equal(world->body.bytes, "\0\0\0\0\6\x12\4page", 11);
    assert_int_equal(world->body.size, 11);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 0);
    assert_int_equal(counted("method=\"FindHosts\",code=\"OK\""), before + 1);
}

static void an_empty_message_is_a_message(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[0].path);
    rpc_call_on_data(call, "\0\0\0\0\0", 5);
    rpc_call_on_end(call);
    assert_int_equal(world->status.code, STATUS_OK);
    rpc_call_on_close(call);
}

static void heads_that_cannot_be_are_refused_at_once(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *path;
        struct rpc_header header;
        enum status_code code;
    } rows[] = {
        {"/partner.v1.MatchService/Nothing", {"a", "b"}, STATUS_UNIMPLEMENTED},
        {"/partner.v1.MatchService/FindSenders", {"a", "b"}, STATUS_UNIMPLEMENTED},
        {"", {"a", "b"}, STATUS_UNIMPLEMENTED},
        {"/partner.v1.MatchService/FindHosts", {"grpc-timeout", "soon"}, STATUS_INVALID_ARGUMENT},
        {"/partner.v1.MatchService/FindHosts", {"grpc-timeout", "0m"}, STATUS_DEADLINE_EXCEEDED},
        {"/partner.v1.MatchService/FindHosts", {"grpc-encoding", "br"}, STATUS_UNIMPLEMENTED},
        {"/partner.v1.MatchService/FindHosts", {"authorization", "nobody"}, STATUS_UNAUTHENTICATED},
        {"/partner.v1.RegistryService/Push", {"authorization", "nobody"}, STATUS_UNAUTHENTICATED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rpc_call *call = begin_with(world, rows[i].path, &rows[i].header, 1);
        assert_true(world->ended);
        assert_int_equal(world->trailers, 0); /* trailers only: in the head */
        assert_int_equal(world->status.code, rows[i].code);
        /* What still comes is thrown away, and the connection's window stays open. */
        rpc_call_on_data(call, "abc", 3);
        assert_int_equal(world->consumed, 3);
        rpc_call_on_end(call);
        rpc_call_on_writable(call);
        rpc_call_on_close(call);
        assert_int_equal(world->started, 0);
    }
    struct rpc_call *call = begin_with(world, methods[0].path, &rows[5].header, 1);
    assert_string_equal(world->accept_encoding, "identity,gzip");
    rpc_call_on_close(call);
}

static void other_requests_than_grpc_are_refused(void **state)
{
    struct world *world = *state;
    const struct rpc_header json = {"content-type", "application/json"},
                            grpc = {"content-type", "application/grpc"};
    const struct {
        struct rpc_request_head head;
        enum status_code code;
    } rows[] = {
        {{.method = "POST", .path = methods[0].path, .headers = &json, .header_count = 1},
         STATUS_INVALID_ARGUMENT},
        {{.method = "POST", .path = methods[0].path}, STATUS_INVALID_ARGUMENT},
        {{.method = "GET", .path = methods[0].path, .headers = &grpc, .header_count = 1},
         STATUS_UNIMPLEMENTED},
        {{.method = NULL, .path = NULL}, STATUS_UNIMPLEMENTED},
        {{.method = "POST", .path = methods[0].path, .headers_too_large = true}, STATUS_RESOURCE_EXHAUSTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        forget(world);
        struct rpc_call *call = rpc_server_begin(world->server, world->loop, &sink, world, &rows[i].head);
        assert_int_equal(world->status.code, rows[i].code);
        rpc_call_on_close(call);
    }
}

static void a_unary_call_takes_exactly_one_whole_message(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[0].path);
    rpc_call_on_end(call);
    assert_int_equal(world->status.code, STATUS_UNIMPLEMENTED);
    rpc_call_on_close(call);

    call = begin(world, methods[0].path);
    put_find(world, call, "a");
    put_find(world, call, "b");
    assert_int_equal(world->status.code, STATUS_UNIMPLEMENTED);
    rpc_call_on_close(call);

    static const char *const cut[] = {"\0\0\0", "\0\0\0\0\5ab"};
    for (size_t i = 0; i < 2; i++) {
        call = begin(world, methods[0].path);
        rpc_call_on_data(call, cut[i], i ? 7 : 3);
        rpc_call_on_end(call);
        assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
        rpc_call_on_close(call);
        assert_int_equal(world->started, 0);
    }
}

static void a_message_over_the_limit_is_refused_by_its_prefix(void **state)
{
    struct world *world = *state;
    static const char *const prefixes[] = {"\0\0\1\0\1", "\0\xff\xff\xff\xff", "\1\xff\xff\xff\xff"};
    for (size_t i = 0; i < 3; i++) {
        struct rpc_call *call = begin(world, methods[0].path);
        rpc_call_on_data(call, prefixes[i], 5);
        assert_int_equal(world->status.code, STATUS_RESOURCE_EXHAUSTED);
        assert_string_equal(world->status.reason, "MESSAGE_TOO_LARGE");
        rpc_call_on_close(call);
    }
    struct rpc_call *call = begin(world, methods[0].path);
    rpc_call_on_data(call, "\3\0\0\0\0", 5);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    rpc_call_on_close(call);
}

static void a_bad_message_is_refused_with_its_field(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[0].path);
    rpc_call_on_data(call, "\0\0\0\0\3\x1a\1\xff", 8);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(world->status.field, "sender_id");
    rpc_call_on_close(call);
}

static size_t gzip(const void *bytes, size_t size, unsigned char *packed, size_t most)
{
    z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (uInt)size};
    deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    stream.next_out = packed;
    stream.avail_out = (uInt)most;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static void gzip_is_taken_where_it_was_announced(void **state)
{
    struct world *world = *state;
    static const struct rpc_header gzipped = {"grpc-encoding", "gzip"};
    static unsigned char plain[MATCH_BYTES + 1], packed[4096] = {1};
    memcpy(plain, "\x42\4page", 6);
    size_t size = gzip(plain, 6, packed + 5, sizeof packed - 5);
    packed[4] = (unsigned char)size;
    struct rpc_call *call = begin_with(world, methods[0].path, &gzipped, 1);
    rpc_call_on_data(call, packed, size + 5);
    rpc_call_on_end(call);
    assert_int_equal(world->status.code, STATUS_OK);
    assert_memory_equal(world->body.bytes, "\0\0\0\0\6\x12\4page", 11);
    rpc_call_on_close(call);

    call = begin(world, methods[0].path);
    rpc_call_on_data(call, packed, size + 5);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    rpc_call_on_close(call);

    size = gzip(plain, sizeof plain, packed + 5, sizeof packed - 5);
    packed[3] = (unsigned char)(size >> 8);
    packed[4] = (unsigned char)size;
    call = begin_with(world, methods[0].path, &gzipped, 1);
    rpc_call_on_data(call, packed, size + 5);
    assert_int_equal(world->status.code, STATUS_RESOURCE_EXHAUSTED);
    rpc_call_on_close(call);

    packed[20] ^= 0x55;
    call = begin_with(world, methods[0].path, &gzipped, 1);
    rpc_call_on_data(call, packed, size + 5);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    rpc_call_on_close(call);
}

static void uploads_are_bounded_over_all_calls(void **state)
{
    struct world *world = *state;
    enum { CALLS = 16 };
    struct rpc_call *calls[CALLS];
    unsigned taken = 0;
    for (int i = 0; i < CALLS; i++) {
        calls[i] = begin(world, methods[2].path);
        rpc_call_on_data(calls[i], "\0\0\x40\0\0", 5); /* 4 MiB, of which nothing comes */
        taken += !world->ended;
    }
    assert_int_equal(taken, 3); /* of 16 MiB a quarter is for small ones */
    assert_int_equal(world->status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(world->status.retry_ms, 1000);
    struct rpc_call *small = begin(world, methods[0].path);
    put_find(world, small, "page");
    rpc_call_on_end(small);
    assert_int_equal(world->status.code, STATUS_OK);
    rpc_call_on_close(small);
    for (int i = 0; i < CALLS; i++)
        rpc_call_on_close(calls[i]);
    struct rpc_call *call = begin(world, methods[2].path);
    rpc_call_on_data(call, "\0\0\x40\0\0", 5);
    assert_false(world->ended);
    rpc_call_on_close(call);
}

/* A push on a connection that counts its uploads there. */
static struct rpc_call *begin_counted(struct world *world, size_t *upload_bytes)
{
    const struct rpc_header header = {"content-type", "application/grpc"};
    const struct rpc_request_head head = {.method = "POST",
                                          .path = methods[2].path,
                                          .headers = &header,
                                          .header_count = 1,
                                          .upload_bytes = upload_bytes};
    return rpc_server_begin(world->server, world->loop, &sink, world, &head);
}

static void uploads_are_bounded_on_each_connection(void **state)
{
    struct world *world = *state;
    struct rpc_server_settings settings = *rpc_server_settings(world->server);
    rpc_server_free(world->server);
    settings.upload_bytes = 0;
    world->server = rpc_server_new(&settings);
    enum { CALLS = 12 };
    struct rpc_call *calls[CALLS];
    size_t upload_bytes = 0;
    unsigned taken = 0;
    for (int i = 0; i < CALLS; i++) {
        forget(world);
        calls[i] = begin_counted(world, &upload_bytes);
        rpc_call_on_data(calls[i], "\0\0\x40\0\0x", 6);
        taken += !world->ended;
    }
    assert_int_equal(taken, 8);
    assert_string_equal(world->status.reason, "CONNECTION_BUSY");
    assert_int_equal(upload_bytes, 32 << 20);
    for (int i = 0; i < CALLS; i++)
        rpc_call_on_close(calls[i]);
    assert_int_equal(upload_bytes, 0);
}

static void a_lost_call_is_cancelled_and_lives_while_it_is_held(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[0].path);
    put_find(world, call, "hold");
    rpc_call_on_end(call);
    assert_false(rpc_call_is_over(call));
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 1);
    assert_false(world->ended); /* the sink is not used any more */
    assert_true(rpc_call_is_over(call));
    assert_non_null(arena_strdup(rpc_call_arena(call), "still there"));
    Partner__V1__FindHostsResponse answer = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    rpc_call_reply(call, &answer.base);
    assert_int_equal(world->heads, 0);
    rpc_call_release(call);
}

static void a_call_that_outlives_its_connection_leaves_the_count_of_its_uploads_alone(void **state)
{
    struct world *world = *state;
    size_t upload_bytes = 0;
    struct rpc_call *call = begin_counted(world, &upload_bytes);
    rpc_call_on_data(call, "\0\0\x40\0\0x", 6);
    assert_int_equal(upload_bytes, 4 << 20);
    rpc_call_hold(call);
    rpc_call_on_close(call);
    assert_int_equal(upload_bytes, 0);
    upload_bytes = 1234; /* somebody else's by now */
    rpc_call_release(call);
    assert_int_equal(upload_bytes, 1234);
}

static void a_call_that_was_lost_before_it_began_is_no_ones(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[0].path);
    rpc_call_on_data(call, "\0\0\0\0\3a", 6);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 0);
    assert_int_equal(world->started, 0);
}

static void a_deadline_ends_a_call_by_itself(void **state)
{
    struct world *world = *state;
    static const struct rpc_header timeout = {"grpc-timeout", "20m"};
    int64_t began_ms = clock_monotonic_ms();
    struct rpc_call *call = begin_with(world, methods[0].path, &timeout, 1);
    assert_in_range(rpc_call_deadline_ms(call) - began_ms, 20, 25);
    put_find(world, call, "hold");
    rpc_call_on_end(call);
    while (!world->ended)
        event_base_loop(loop_base(world->loop), EVLOOP_ONCE);
    assert_int_equal(world->status.code, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(world->cancelled, 1);
    assert_true(rpc_call_is_over(call));
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 1);
    rpc_call_release(call);
}

static void a_client_stream_brings_each_message_and_its_end(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[2].path);
    assert_int_equal(world->started, 1);
    put_push(world, call, "one");
    put_push(world, call, "two");
    assert_int_equal(world->messages, 2);
    assert_string_equal(world->last_title, "two");
    rpc_call_on_end(call);
    assert_int_equal(world->half_closed, 1);
    assert_int_equal(world->status.code, STATUS_OK);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 0);
}

static void a_paused_stream_takes_nothing_and_holds_the_peer_back(void **state)
{
    struct world *world = *state;
    world->pause_each = true;
    struct rpc_call *call = begin(world, methods[2].path);
    size_t size = put_push(world, call, "1");
    assert_int_equal(world->messages, 1);
    assert_int_equal(world->consumed, size);
    /* Two more and a part of the next, then the rest and the end. */
    put_push(world, call, "2");
    put_push(world, call, "3");
    rpc_call_on_data(call, "\0\0", 2);
    rpc_call_on_data(call,
                     "\0\0\5\x0a\3\x0a\1"
                     "4",
                     8);
    rpc_call_on_end(call);
    turn(world);
    assert_int_equal(world->messages, 1);
    assert_int_equal(world->consumed, size);
    for (unsigned i = 2; i <= 4; i++) {
        rpc_call_resume(call);
        rpc_call_resume(call);
        assert_int_equal(world->messages, i - 1); /* later, from the loop */
        turn(world);
        assert_int_equal(world->messages, i);
        assert_in_range(world->consumed, i * size, i * size + 2);
    }
    assert_int_equal(world->half_closed, 0);
    rpc_call_resume(call);
    turn(world);
    assert_int_equal(world->half_closed, 1);
    assert_string_equal(world->last_title, "4");
    rpc_call_on_close(call);
}

static void a_stream_lost_while_it_was_paused_or_about_to_resume_is_cancelled(void **state)
{
    struct world *world = *state;
    world->pause_each = true;
    for (int i = 0; i < 2; i++) {
        struct rpc_call *call = begin(world, methods[2].path);
        put_push(world, call, "1");
        put_push(world, call, "2");
        if (i)
            rpc_call_resume(call);
        rpc_call_on_close(call);
        turn(world);
        assert_int_equal(world->messages, 1);
        assert_int_equal(world->cancelled, 1);
    }
}

static void a_stream_may_be_answered_before_it_ends(void **state)
{
    struct world *world = *state;
    world->answer_first = true;
    struct rpc_call *call = begin(world, methods[2].path);
    assert_int_equal(world->status.code, STATUS_NOT_FOUND);
    size_t size = put_push(world, call, "1");
    assert_int_equal(world->messages, 0);
    assert_int_equal(world->consumed, size);
    rpc_call_on_end(call);
    assert_int_equal(world->half_closed, 0);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 0);

    /* Answered while paused: what waits is given back. */
    world->answer_first = false;
    world->pause_each = true;
    call = begin(world, methods[2].path);
    size = put_push(world, call, "1");
    put_push(world, call, "2");
    rpc_call_finish(call, status_make(STATUS_ABORTED, "enough"));
    assert_int_equal(world->consumed, 2 * size);
    rpc_call_on_close(call);
}

static void a_bad_message_in_a_stream_ends_it_and_its_handler_knows(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[2].path);
    put_push(world, call, "1");
    rpc_call_on_data(call, "\0\0\0\0\2\x0a\5", 7);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(world->status.field, "options");
    assert_int_equal(world->cancelled, 1);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 1);
}

static void a_server_stream_is_told_when_to_wait_and_when_to_go_on(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[3].path);
    rpc_call_on_data(call, "\0\0\0\0\0", 5);
    rpc_call_on_end(call);
    rpc_call_on_writable(call);
    assert_int_equal(world->writable, 0);
    static char chunk[60 << 10];
    assert_true(rpc_call_send_packed(call, chunk, sizeof chunk));
    assert_true(rpc_call_send_packed(call, chunk, sizeof chunk));
    assert_false(rpc_call_send_packed(call, chunk, sizeof chunk));
    assert_int_equal(world->body.size, 3 * (sizeof chunk + 5));
    world->unsent = 0;
    rpc_call_on_writable(call);
    rpc_call_on_writable(call);
    assert_int_equal(world->writable, 1);
    rpc_call_finish(call, STATUS_NONE);
    assert_int_equal(world->trailers, 1);
    assert_int_equal(world->status.code, STATUS_OK);
    rpc_call_on_close(call);
}

static void an_empty_server_stream_has_a_head_and_trailers(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[3].path);
    rpc_call_on_data(call, "\0\0\0\0\0", 5);
    rpc_call_on_end(call);
    rpc_call_finish(call, STATUS_NONE);
    assert_int_equal(world->heads, 1);
    assert_int_equal(world->trailers, 1);
    rpc_call_on_close(call);
}

static void evil_bodies_cost_a_call_little(void **state)
{
    struct world *world = *state;
    static unsigned char body[5 + PUSH_BYTES];
    grpc_prefix(PUSH_BYTES, body);
    static const struct {
        const char *piece;
        size_t size;
        enum status_code code;
    } rows[] = {{"\xc0\x3e\x01\xc0", 4, STATUS_INVALID_ARGUMENT},
                {"\xc2\x3e\x01x", 4, STATUS_OK},
                {"\x12\x00", 2, STATUS_INVALID_ARGUMENT},
                {"\x0a\x02\x18\x01", 4, STATUS_INVALID_ARGUMENT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t at = 0; at < PUSH_BYTES; at += rows[i].size)
            memcpy(body + 5 + at, rows[i].piece, rows[i].size);
        struct rpc_call *call = begin(world, methods[2].path);
        for (size_t at = 0; at < sizeof body; at += 16384)
            rpc_call_on_data(call, body + at, sizeof body - at < 16384 ? sizeof body - at : 16384);
        assert_in_range(arena_used(rpc_call_arena(call)), 0, 1 << 20);
        rpc_call_on_end(call);
        assert_int_equal(world->status.code, rows[i].code);
        rpc_call_on_close(call);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_unary_call_is_answered_when_its_input_has_ended),
        TEST(an_empty_message_is_a_message),
        TEST(heads_that_cannot_be_are_refused_at_once),
        TEST(other_requests_than_grpc_are_refused),
        TEST(a_unary_call_takes_exactly_one_whole_message),
        TEST(a_message_over_the_limit_is_refused_by_its_prefix),
        TEST(a_bad_message_is_refused_with_its_field),
        TEST(gzip_is_taken_where_it_was_announced),
        TEST(uploads_are_bounded_over_all_calls),
        TEST(uploads_are_bounded_on_each_connection),
        TEST(a_lost_call_is_cancelled_and_lives_while_it_is_held),
        TEST(a_call_that_outlives_its_connection_leaves_the_count_of_its_uploads_alone),
        TEST(a_call_that_was_lost_before_it_began_is_no_ones),
        TEST(a_deadline_ends_a_call_by_itself),
        TEST(a_client_stream_brings_each_message_and_its_end),
        TEST(a_paused_stream_takes_nothing_and_holds_the_peer_back),
        TEST(a_stream_lost_while_it_was_paused_or_about_to_resume_is_cancelled),
        TEST(a_stream_may_be_answered_before_it_ends),
        TEST(a_bad_message_in_a_stream_ends_it_and_its_handler_knows),
        TEST(a_server_stream_is_told_when_to_wait_and_when_to_go_on),
        TEST(an_empty_server_stream_has_a_head_and_trailers),
        TEST(evil_bodies_cost_a_call_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
