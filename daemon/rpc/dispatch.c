#include "rpc/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "rpc/call_parts.h"
#include "rpc/guard.h"
#include "rpc/gzip.h"

enum { MEMORY_RATIO = 16, MEMORY_LEAST_BYTES = 1 << 20, TOPMOST_TIMER_MS = 1 << 30 };

/* What comes from outside is measured, by the transport's limits and by the guard: no cap. */
static struct arena *take_arena(const struct rpc_request_head *head)
{
    struct arena *arena = head->arena ? *head->arena : arena_new(0);
    if (head->arena)
        *head->arena = NULL;
    return arena;
}

static const struct rpc_header *copy_metadata(struct arena *arena, const struct rpc_request_head *head)
{
    struct rpc_header *copies = arena_array(arena, head->header_count, sizeof *copies);
    for (size_t i = 0; i < head->header_count; i++)
        copies[i] = (struct rpc_header){arena_strdup(arena, head->headers[i].name),
                                        arena_strdup(arena, head->headers[i].value)};
    return copies;
}

static struct rpc_call *call_new(struct rpc_server *server, struct loop *loop, const struct rpc_sink *sink,
                                 void *stream, const struct rpc_request_head *head)
{
    struct arena *arena = take_arena(head);
    struct rpc_call *call = arena_zalloc(arena, sizeof *call);
    call->server = server;
    call->loop = loop;
    call->sink = sink;
    call->stream = stream;
    call->arena = arena;
    call->began_ns = clock_monotonic_ns();
    call->deadline_ms = INT64_MAX;
    call->path = head->arena ? head->path : arena_strdup(arena, head->path ? head->path : "");
    call->peer = arena_strdup(arena, head->peer ? head->peer : "");
    call->peer_is_loopback = head->peer_is_loopback;
    call->is_encrypted = head->is_encrypted;
    call->connection_bytes = head->upload_bytes;
    call->metadata = head->arena ? head->headers : copy_metadata(arena, head);
    call->metadata_count = head->header_count;
    call->method = rpc_server_method(server, call->path);
    if (call->method)
        call->decoder.message_bytes = call->method->message_bytes;
    return call;
}

static void on_deadline(void *context)
{
    rpc_call_cancel(context, status_make(STATUS_DEADLINE_EXCEEDED, "the deadline has passed"));
}

static struct status read_deadline(struct rpc_call *call)
{
    const char *text = rpc_call_metadata(call, "grpc-timeout");
    int64_t timeout_ms;
    if (!text)
        return STATUS_NONE;
    if (!grpc_timeout_parse(text, &timeout_ms))
        return status_make(STATUS_INVALID_ARGUMENT, "grpc-timeout is not a time, such as 500m or 10S");
    if (timeout_ms == 0)
        return status_make(STATUS_DEADLINE_EXCEEDED, "the deadline has passed");
    call->deadline_ms = clock_monotonic_ms() + timeout_ms;
    if (timeout_ms <= TOPMOST_TIMER_MS) {
        timer_init(&call->timer, call->loop, on_deadline, call);
        timer_set(&call->timer, timeout_ms);
    }
    return STATUS_NONE;
}

static struct status read_encoding(struct rpc_call *call)
{
    const char *encoding = rpc_call_metadata(call, "grpc-encoding");
    if (!encoding || text_equal(encoding, "identity"))
        return STATUS_NONE;
    if (!text_equal(encoding, "gzip"))
        return status_make(STATUS_UNIMPLEMENTED, "messages are taken as they are or in gzip");
    call->gzip = true;
    return STATUS_NONE;
}

static struct status read_head(struct rpc_call *call, const struct rpc_request_head *head)
{
    if (head->headers_too_large)
        return status_make(STATUS_RESOURCE_EXHAUSTED, "the metadata are over the limit");
    if (!head->method || !text_equal(head->method, "POST"))
        return status_make(STATUS_UNIMPLEMENTED, "calls are made with POST");
    const char *content_type = rpc_call_metadata(call, "content-type");
    if (!content_type || !grpc_content_type_is_ours(content_type))
        return status_make(STATUS_INVALID_ARGUMENT, "the content type must be application/grpc");
    if (!call->method)
        return status_make(STATUS_UNIMPLEMENTED, "there is no such method");
    struct status status = read_encoding(call);
    if (status_ok(status))
        status = read_deadline(call);
    const struct rpc_server_settings *settings = rpc_server_settings(call->server);
    if (status_ok(status) && settings->authorise)
        status = settings->authorise(call, call->method);
    if (status_ok(status) && !call->method->start)
        status = status_make(STATUS_UNIMPLEMENTED, "this server does not offer the method yet");
    return status;
}

struct rpc_call *rpc_server_begin(struct rpc_server *server, struct loop *loop, const struct rpc_sink *sink,
                                  void *stream, const struct rpc_request_head *head)
{
    struct rpc_call *call = call_new(server, loop, sink, stream, head);
    struct status status = read_head(call, head);
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
    } else if (call->method->kind == RPC_CLIENT_STREAM) {
        call->started = true;
        call->method->start(call, NULL);
    }
    return call;
}

static void release_upload(struct rpc_call *call)
{
    rpc_server_unreserve(call->server, call->upload_bytes);
    if (call->connection_bytes)
        *call->connection_bytes -= call->upload_bytes;
    call->upload_bytes = 0;
}

void rpc_call_leave_connection(struct rpc_call *call)
{
    release_upload(call);
    call->connection_bytes = NULL;
}

static struct status reserve(struct rpc_call *call, size_t bytes)
{
    if (rpc_server_reserve(call->server, bytes))
        return STATUS_NONE;
    return (struct status){.code = STATUS_RESOURCE_EXHAUSTED,
                           .reason = "SERVER_BUSY",
                           .message = "the server is receiving too much at once",
                           .retry_ms = 1000};
}

static struct status reserve_upload(struct rpc_call *call, size_t bytes)
{
    if (call->connection_bytes &&
        *call->connection_bytes + bytes > rpc_server_settings(call->server)->connection_upload_bytes)
        return (struct status){.code = STATUS_RESOURCE_EXHAUSTED,
                               .reason = "CONNECTION_BUSY",
                               .message = "the connection sends too much at once",
                               .retry_ms = 1000};
    struct status status = reserve(call, bytes);
    if (!status_ok(status))
        return status;
    call->upload_bytes = bytes;
    if (call->connection_bytes)
        *call->connection_bytes += bytes;
    return STATUS_NONE;
}

static struct status too_large(struct rpc_call *call, size_t most)
{
    struct status status = status_format(call->arena, STATUS_RESOURCE_EXHAUSTED, NULL,
                                         "a message of this method has at most %zu bytes", most);
    status.reason = "MESSAGE_TOO_LARGE";
    return status;
}

static size_t memory_most(const struct rpc_call *call)
{
    size_t most = call->method->message_bytes * MEMORY_RATIO, of_all = rpc_server_reserve_most(call->server);
    if (most < MEMORY_LEAST_BYTES)
        most = MEMORY_LEAST_BYTES;
    return most < of_all ? most : of_all;
}

static void take_request(struct rpc_call *call, const void *bytes, size_t size, size_t memory_bytes)
{
    call->request = guard_decode(call->arena, call->method->request, bytes, size);
    call->request_bytes = memory_bytes;
}

static void take_stream_message(struct rpc_call *call, const void *bytes, size_t size, size_t memory_bytes)
{
    if (!call->message_arena)
        call->message_arena = arena_new(0);
    const ProtobufCMessage *message = guard_decode(call->message_arena, call->method->request, bytes, size);
    if (call->method->message)
        call->method->message(call, message);
    arena_reset(call->message_arena);
    rpc_server_unreserve(call->server, memory_bytes);
}

static struct status take_bytes(struct rpc_call *call, const void *bytes, size_t size)
{
    struct guard_limits limits = {memory_most(call), call->method->enums_open};
    size_t memory_bytes;
    struct status status =
        guard_check(call->arena, call->method->request, bytes, size, limits, &memory_bytes);
    if (status_ok(status))
        status = reserve(call, memory_bytes);
    if (!status_ok(status))
        return status;
    if (call->method->kind == RPC_CLIENT_STREAM)
        take_stream_message(call, bytes, size, memory_bytes);
    else
        take_request(call, bytes, size, memory_bytes);
    return STATUS_NONE;
}

static struct status take_compressed(struct rpc_call *call, const void *bytes, size_t size)
{
    size_t most = call->method->message_bytes,
           setting = rpc_server_settings(call->server)->decompressed_bytes;
    if (setting && setting < most)
        most = setting;
    if (!call->gzip)
        return status_make(STATUS_INVALID_ARGUMENT,
                           "a message is compressed, but grpc-encoding does not say how");
    size_t reserved = gzip_bound(size, most), inflated_size;
    struct status status = reserve(call, reserved);
    if (!status_ok(status))
        return status;
    unsigned char *inflated = NULL;
    switch (gzip_inflate(bytes, size, most, &inflated, &inflated_size)) {
    case GZIP_OK:
        status = take_bytes(call, inflated, inflated_size);
        break;
    case GZIP_TOO_LARGE:
        status = too_large(call, gzip_bound(size, most));
        break;
    case GZIP_MALFORMED:
        status = status_make(STATUS_INVALID_ARGUMENT, "a message is not whole gzip");
        break;
    }
    free(inflated);
    rpc_server_unreserve(call->server, reserved);
    return status;
}

static struct status take_message(struct rpc_call *call)
{
    const struct grpc_decoder *decoder = &call->decoder;
    if (call->request)
        return status_make(STATUS_UNIMPLEMENTED, "the method takes one message, and more came");
    if (decoder->compressed)
        return take_compressed(call, decoder->bytes, decoder->size);
    return take_bytes(call, decoder->bytes, decoder->size);
}

static struct status take_event(struct rpc_call *call, enum grpc_event event)
{
    switch (event) {
    case GRPC_MORE:
        return STATUS_NONE;
    case GRPC_ANNOUNCED:
        return reserve_upload(call, call->decoder.announced);
    case GRPC_MESSAGE: {
        struct status status = take_message(call);
        release_upload(call);
        return status;
    }
    case GRPC_TOO_LARGE:
        return too_large(call, call->decoder.message_bytes);
    case GRPC_MALFORMED:
        break;
    }
    return status_make(STATUS_INVALID_ARGUMENT, "the body is not a row of gRPC messages");
}

/* Uses what it can of the bytes; returns how many. The rest has to wait, because the call was paused. */
static size_t feed(struct rpc_call *call, const unsigned char *bytes, size_t size)
{
    size_t left = size;
    enum grpc_event event;
    do {
        event = grpc_decoder_feed(&call->decoder, &bytes, &left);
        struct status status = take_event(call, event);
        if (!status_ok(status))
            rpc_call_cancel(call, status);
        if (rpc_call_is_over(call))
            return size;
    } while (event != GRPC_MORE && !(call->paused && event == GRPC_MESSAGE));
    return size - left;
}

static void end_input(struct rpc_call *call)
{
    if (!grpc_decoder_is_whole(&call->decoder)) {
        rpc_call_cancel(call, status_make(STATUS_INVALID_ARGUMENT, "the body ends within a message"));
    } else if (call->method->kind == RPC_CLIENT_STREAM) {
        if (call->method->half_close)
            call->method->half_close(call);
    } else if (!call->request) {
        rpc_call_finish(call,
                        status_make(STATUS_UNIMPLEMENTED, "the method takes one message, and none came"));
    } else {
        call->started = true;
        call->method->start(call, call->request);
    }
}

static void backlog_add(struct rpc_backlog *backlog, const void *bytes, size_t size)
{
    if (!size)
        return;
    if (backlog->size + size > backlog->capacity) {
        backlog->capacity = backlog->size + size + (backlog->size + size) / 2;
        backlog->bytes = heap_realloc(backlog->bytes, backlog->capacity);
    }
    memcpy(backlog->bytes + backlog->size, bytes, size);
    backlog->size += size;
}

void rpc_call_drop_input(struct rpc_call *call)
{
    grpc_decoder_fini(&call->decoder);
    release_upload(call);
    size_t unread = call->backlog.size - call->backlog.at;
    if (unread && !call->closed)
        call->sink->consumed(call->stream, unread);
    free(call->backlog.bytes);
    call->backlog = (struct rpc_backlog){0};
}

void rpc_call_on_data(struct rpc_call *call, const void *bytes, size_t size)
{
    if (rpc_call_is_over(call)) {
        call->sink->consumed(call->stream, size);
        return;
    }
    size_t used = call->paused || call->backlog.size ? 0 : feed(call, bytes, size);
    if (used)
        call->sink->consumed(call->stream, used);
    backlog_add(&call->backlog, (const unsigned char *)bytes + used, size - used);
}

void rpc_call_on_end(struct rpc_call *call)
{
    call->input_ended = true;
    if (!rpc_call_is_over(call) && !call->paused && !call->backlog.size)
        end_input(call);
}

bool rpc_call_awaits_bytes(const struct rpc_call *call)
{
    if (rpc_call_is_over(call) || call->input_ended)
        return false;
    return call->method->kind != RPC_CLIENT_STREAM || !grpc_decoder_is_whole(&call->decoder);
}

void rpc_call_take_backlog(struct rpc_call *call)
{
    if (call->paused)
        return;
    struct rpc_backlog backlog = call->backlog;
    size_t used = backlog.size ? feed(call, backlog.bytes + backlog.at, backlog.size - backlog.at) : 0;
    if (rpc_call_is_over(call))
        return;
    call->backlog.at += used;
    if (used)
        call->sink->consumed(call->stream, used);
    if (call->backlog.at < call->backlog.size)
        return;
    free(call->backlog.bytes);
    call->backlog = (struct rpc_backlog){0};
    if (call->input_ended && !call->paused)
        end_input(call);
}
