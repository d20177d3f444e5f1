#include "rpc/support_calls.h"

#include <event2/event.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "rpc/grpc.h"

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

const struct rpc_sink sink = {sink_headers, sink_data, sink_trailers, sink_reset, sink_consumed, sink_unsent};

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

const struct rpc_method methods[] = {
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

int set_up(void **state)
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

int tear_down(void **state)
{
    struct world *world = *state;
    rpc_server_free(world->server);
    loop_free(world->loop);
    arena_free(world->arena);
    text_buffer_fini(&world->body);
    free(world);
    return 0;
}

void forget(struct world *world)
{
    world->heads = world->trailers = world->resets = 0;
    world->ended = false;
    world->consumed = world->unsent = 0;
    world->started = world->messages = world->half_closed = world->writable = world->cancelled = 0;
    text_buffer_clear(&world->body);
}

struct rpc_call *begin_with(struct world *world, const char *path, const struct rpc_header *more,
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

struct rpc_call *begin(struct world *world, const char *path)
{
    return begin_with(world, path, NULL, 0);
}

struct rpc_call *begin_counted(struct world *world, size_t *upload_bytes)
{
    const struct rpc_header header = {"content-type", "application/grpc"};
    const struct rpc_request_head head = {.method = "POST",
                                          .path = methods[2].path,
                                          .headers = &header,
                                          .header_count = 1,
                                          .upload_bytes = upload_bytes};
    return rpc_server_begin(world->server, world->loop, &sink, world, &head);
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

size_t put_find(struct world *world, struct rpc_call *call, const char *page_token)
{
    Partner__V1__FindHostsRequest find = PARTNER__V1__FIND_HOSTS_REQUEST__INIT;
    find.page_token = (char *)page_token;
    return put_message(world, call, &find);
}

size_t put_push(struct world *world, struct rpc_call *call, const char *registry)
{
    Partner__V1__PushOptions options = PARTNER__V1__PUSH_OPTIONS__INIT;
    Partner__V1__PushRequest push = PARTNER__V1__PUSH_REQUEST__INIT;
    options.registry = (char *)registry;
    push.part_case = PARTNER__V1__PUSH_REQUEST__PART_OPTIONS;
    push.options = &options;
    return put_message(world, call, &push);
}

void turn(struct world *world)
{
    event_base_loop(loop_base(world->loop), EVLOOP_NONBLOCK);
}
