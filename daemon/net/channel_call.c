#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "net/channel_parts.h"
#include "rpc/guard.h"

enum { UNSENT_MOST_BYTES = 128 << 10, MEMORY_RATIO = 16 };

static void on_deadline(void *context)
{
    struct channel_call *call = context;
    struct channel_connection *connection = call->connection;
    channel_call_end(call, status_make(STATUS_DEADLINE_EXCEEDED, "the answer did not come in time"));
    channel_session_reset(call, NGHTTP2_CANCEL);
    if (connection)
        channel_connection_flush(connection);
    call->paused = false;
    channel_deliver(call->channel);
}

static const struct rpc_header *copy_metadata(struct arena *arena,
                                              const struct channel_call_settings *settings)
{
    struct rpc_header *copies = arena_array(arena, settings->metadata_count, sizeof *copies);
    for (size_t i = 0; i < settings->metadata_count; i++)
        copies[i] = (struct rpc_header){arena_strdup(arena, settings->metadata[i].name),
                                        arena_strdup(arena, settings->metadata[i].value)};
    return copies;
}

static struct status start(struct channel_call *call)
{
    struct channel *channel = call->channel;
    if (channel->target_is_bad)
        return status_format(call->arena, STATUS_INVALID_ARGUMENT, NULL,
                             "\"%s\" is no server's address, such as http://127.0.0.1:8470", channel->target);
    if (channel->is_tls && !channel->tls)
        return channel->ca_file
                   ? status_format(call->arena, STATUS_INVALID_ARGUMENT, NULL,
                                   "the CA file %s cannot be read, or holds no certificate in PEM",
                                   channel->ca_file)
                   : status_make(STATUS_INVALID_ARGUMENT, "the system's CA certificates cannot be read");
    struct status fault = STATUS_NONE;
    call->connection = channel_connect(channel, call->arena, &fault);
    if (!call->connection)
        return fault;
    call->connection->call_count++;
    return channel_session_submit(call);
}

struct channel_call *channel_call_begin(struct channel *channel, const struct channel_call_settings *settings)
{
    struct arena *arena = arena_new(0);
    struct channel_call *call = heap_zalloc(sizeof *call);
    call->channel = channel;
    call->arena = arena;
    call->message_arena = arena_new(0);
    call->settings = *settings;
    call->settings.path = arena_strdup(arena, settings->path);
    call->settings.metadata = copy_metadata(arena, settings);
    call->decoder.message_bytes = channel->message_bytes;
    call->next = channel->calls;
    if (call->next)
        call->next->previous = call;
    channel->calls = call;
    timer_init(&call->timer, channel->loop, on_deadline, call);
    if (settings->timeout_ms > 0)
        timer_set(&call->timer, settings->timeout_ms);
    struct status status = start(call);
    if (!status_ok(status))
        channel_call_end(call, status);
    else
        channel_connection_flush(call->connection);
    return call;
}

static void output_changed(struct channel_call *call)
{
    if (!call->connection)
        return;
    nghttp2_session_resume_data(call->connection->session, call->stream_id);
    channel_connection_flush(call->connection);
}

bool channel_call_send(struct channel_call *call, const ProtobufCMessage *request)
{
    if (call->ended || call->gone || call->half_closed)
        return true;
    size_t size = protobuf_c_message_get_packed_size(request);
    unsigned char *packed = heap_alloc(GRPC_PREFIX_BYTES + size);
    grpc_prefix(size, packed);
    protobuf_c_message_pack(request, packed + GRPC_PREFIX_BYTES);
    if (call->output_at) {
        memmove(call->output.bytes, call->output.bytes + call->output_at,
                call->output.size - call->output_at);
        call->output.size -= call->output_at;
        call->output_at = 0;
    }
    text_buffer_append(&call->output, packed, GRPC_PREFIX_BYTES + size);
    free(packed);
    output_changed(call);
    call->blocked = call->output.size - call->output_at > UNSENT_MOST_BYTES;
    return !call->blocked;
}

void channel_call_half_close(struct channel_call *call)
{
    if (call->half_closed)
        return;
    call->half_closed = true;
    output_changed(call);
}

void channel_call_pause(struct channel_call *call)
{
    call->paused = true;
}

void channel_call_resume(struct channel_call *call)
{
    if (!call->paused)
        return;
    call->paused = false;
    channel_add_news(call);
}

void channel_call_cancel(struct channel_call *call)
{
    struct channel_connection *connection = call->connection;
    call->ended = call->gone = true;
    timer_clear(&call->timer);
    channel_session_reset(call, NGHTTP2_CANCEL);
    if (connection)
        channel_connection_flush(connection);
    channel_add_news(call);
}

void channel_call_end(struct channel_call *call, struct status status)
{
    if (call->ended)
        return;
    call->ended = true;
    call->status = status;
    channel_add_news(call);
}

/* The answer itself is at fault: what the server says of the call does not matter any more. */
static void break_off(struct channel_call *call, struct status status)
{
    struct channel_connection *connection = call->connection;
    channel_session_reset(call, NGHTTP2_CANCEL);
    if (connection)
        channel_connection_flush(connection);
    call->ended = true;
    call->status = status;
    text_buffer_clear(&call->input);
    call->input_at = 0;
    grpc_decoder_fini(&call->decoder);
}

static void take_message(struct channel_call *call)
{
    const struct grpc_decoder *decoder = &call->decoder;
    const struct channel_call_settings *settings = &call->settings;
    struct guard_limits limits = {.memory_bytes = call->channel->message_bytes * MEMORY_RATIO,
                                  .enums_open = true};
    ProtobufCMessage *message = NULL;
    struct status status = decoder->compressed
                               ? status_make(STATUS_INTERNAL, "the server's answer is compressed unasked")
                               : guard_unpack(call->message_arena, settings->response, decoder->bytes,
                                              decoder->size, limits, &message);
    if (!status_ok(status)) {
        break_off(call, status_format(
                            call->arena, STATUS_INTERNAL, NULL, "the server's answer cannot be read: %s%s%s",
                            status.field ? status.field : "", status.field ? " " : "", status.message));
    } else if (settings->message) {
        settings->message(settings->context, message);
    }
    arena_reset(call->message_arena);
}

static void take_event(struct channel_call *call, enum grpc_event event)
{
    if (event == GRPC_MESSAGE)
        take_message(call);
    else if (event == GRPC_TOO_LARGE)
        break_off(call, status_format(call->arena, STATUS_RESOURCE_EXHAUSTED, NULL,
                                      "the server's answer has %zu bytes, more than %zu",
                                      call->decoder.announced, call->decoder.message_bytes));
    else if (event == GRPC_MALFORMED)
        break_off(call, status_make(STATUS_INTERNAL, "the server's answer is not a row of gRPC messages"));
}

static void give_back(struct channel_call *call, struct channel_connection *connection, size_t used)
{
    if (!connection || !used)
        return;
    if (call->connection)
        nghttp2_session_consume(connection->session, call->stream_id, used);
    else
        nghttp2_session_consume_connection(connection->session, used);
    channel_connection_flush(connection);
}

/* Reads messages until it is paused or there are no more. What it reads may end the call in many ways. */
static void take_input(struct channel_call *call)
{
    struct channel_connection *connection = call->connection;
    enum grpc_event event = GRPC_ANNOUNCED;
    size_t used = 0;
    while (event != GRPC_MORE && !call->paused && !call->gone && call->input.size) {
        size_t before = call->input.size - call->input_at, left = before;
        const unsigned char *at = (const unsigned char *)call->input.bytes + call->input_at;
        event = grpc_decoder_feed(&call->decoder, &at, &left);
        call->input_at += before - left;
        used += before - left;
        take_event(call, event);
    }
    if (call->input_at == call->input.size) {
        text_buffer_clear(&call->input);
        call->input_at = 0;
    }
    give_back(call, connection, used);
}

void channel_call_deliver(struct channel_call *call)
{
    const struct channel_call_settings *settings = &call->settings;
    take_input(call);
    if (!call->gone && call->writable_due && !call->ended) {
        call->writable_due = false;
        if (settings->writable)
            settings->writable(settings->context);
    }
    if (call->gone || !call->ended || call->paused || call->input.size)
        return;
    if (status_ok(call->status) && !grpc_decoder_is_whole(&call->decoder))
        call->status = status_make(STATUS_INTERNAL, "the server's answer ends within a message");
    call->gone = true;
    timer_clear(&call->timer);
    if (settings->end)
        settings->end(settings->context, call->status);
}

void channel_call_free(struct channel_call *call)
{
    struct channel *channel = call->channel;
    channel_session_reset(call, NGHTTP2_CANCEL);
    if (call->previous)
        call->previous->next = call->next;
    else
        channel->calls = call->next;
    if (call->next)
        call->next->previous = call->previous;
    timer_fini(&call->timer);
    text_buffer_fini(&call->output);
    text_buffer_fini(&call->input);
    grpc_decoder_fini(&call->decoder);
    arena_free(call->message_arena);
    arena_free(call->arena);
    free(call);
}
