#include "net/support_calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "loop/loop.h"

enum { ENOUGH_BYTES = 64 * 1024 };

struct rpc_call {
    const struct rpc_sink *sink;
    void *stream;
    struct loop *loop;
    char *path;
    struct text_buffer body;
    size_t big_left;
    bool answered;
};

struct test_calls test_calls;

static const struct rpc_header head_fields[] = {{"content-type", "application/grpc"}};
static const struct rpc_header ok_fields[] = {{"grpc-status", "0"}};
static const struct rpc_header refusal_fields[] = {{"content-type", "application/grpc"},
                                                   {"grpc-status", "8"}};

static void refuse(struct rpc_call *call)
{
    call->answered = true;
    call->sink->headers(call->stream, refusal_fields, 2, true);
}

static void answer(struct rpc_call *call, const void *bytes, size_t size)
{
    call->answered = true;
    call->sink->headers(call->stream, head_fields, 1, false);
    call->sink->data(call->stream, bytes, size);
    call->sink->trailers(call->stream, ok_fields, 1);
}

static void big_go_on(struct rpc_call *call)
{
    static const char bytes[4096] = "big";
    while (call->big_left && call->sink->unsent(call->stream) <= ENOUGH_BYTES) {
        size_t size = call->big_left < sizeof bytes ? call->big_left : sizeof bytes;
        call->sink->data(call->stream, bytes, size);
        call->big_left -= size;
    }
    if (!call->big_left && !call->answered) {
        call->answered = true;
        call->sink->trailers(call->stream, ok_fields, 1);
    }
}

static struct rpc_call *begin(struct rpc_server *server, struct loop *loop, const struct rpc_sink *sink,
                              void *stream, const struct rpc_request_head *head)
{
    (void)server;
    struct rpc_call *call = heap_zalloc(sizeof *call);
    *call = (struct rpc_call){.sink = sink, .stream = stream, .loop = loop, .path = heap_strdup(head->path)};
    atomic_fetch_add(&test_calls.begun, 1);
    if (head->headers_too_large) {
        atomic_fetch_add(&test_calls.too_large, 1);
        refuse(call);
    } else if (strcmp(call->path, "/refuse") == 0) {
        refuse(call);
    } else if (strncmp(call->path, "/big/", 5) == 0) {
        call->big_left = strtoul(call->path + 5, NULL, 10);
        call->sink->headers(call->stream, head_fields, 1, false);
        big_go_on(call);
    } else if (strcmp(call->path, "/later") == 0) {
        call->sink->headers(call->stream, head_fields, 1, false);
        atomic_store(&test_calls.later, call);
    }
    return call;
}

static void on_data(struct rpc_call *call, const void *bytes, size_t size)
{
    if (strcmp(call->path, "/hold") == 0) {
        atomic_fetch_add(&test_calls.held_bytes, size);
        return;
    }
    text_buffer_append(&call->body, bytes, size);
    call->sink->consumed(call->stream, size);
}

static void on_end(struct rpc_call *call)
{
    if (strcmp(call->path, "/echo") == 0)
        answer(call, call->body.bytes, call->body.size);
}

static void on_close(struct rpc_call *call)
{
    atomic_fetch_add(&test_calls.closed, 1);
    struct rpc_call *self = call;
    atomic_compare_exchange_strong(&test_calls.later, &self, NULL);
    text_buffer_fini(&call->body);
    free(call->path);
    free(call);
}

static void on_writable(struct rpc_call *call)
{
    atomic_fetch_add(&test_calls.writable, 1);
    if (call->big_left)
        big_go_on(call);
}

static void answer_now(void *context)
{
    struct rpc_call *call = context;
    if (atomic_load(&test_calls.later) != call)
        return;
    call->sink->data(call->stream, "late", 4);
    call->sink->trailers(call->stream, ok_fields, 1);
}

void calls_answer_later(void)
{
    struct rpc_call *call = atomic_load(&test_calls.later);
    loop_post(call->loop, answer_now, call);
}

const struct net_calls test_calls_table = {
    .begin = begin,
    .on_data = on_data,
    .on_end = on_end,
    .on_close = on_close,
    .on_writable = on_writable,
};
