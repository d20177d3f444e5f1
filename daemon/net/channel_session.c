#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "net/channel_parts.h"
#include "rpc/status.h"

enum { STREAM_WINDOW_BYTES = 1 << 20, CONNECTION_WINDOW_BYTES = 4 << 20, UNSENT_LOW_BYTES = 64 << 10 };

static struct channel_call *call_of(nghttp2_session *session, int32_t stream_id)
{
    return nghttp2_session_get_stream_user_data(session, stream_id);
}

/* Where gRPC's own status is missing, HTTP's says what it can. */
static enum status_code code_of_http(const char *http_status)
{
    switch (http_status ? atoi(http_status) : 0) {
    case 400:
        return STATUS_INTERNAL;
    case 401:
        return STATUS_UNAUTHENTICATED;
    case 403:
        return STATUS_PERMISSION_DENIED;
    case 404:
        return STATUS_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
        return STATUS_UNAVAILABLE;
    default:
        return STATUS_UNKNOWN;
    }
}

static struct status final_status(struct channel_call *call)
{
    struct arena *arena = call->arena;
    if (call->grpc_status)
        return rpc_status_read(arena, call->grpc_status, call->grpc_message, call->grpc_details);
    if (call->http_status && strcmp(call->http_status, "200") != 0)
        return status_format(arena, code_of_http(call->http_status), NULL,
                             "%s answered as no gRPC server does (HTTP %s)", call->channel->target,
                             call->http_status);
    return status_make(STATUS_UNKNOWN, "the server ended its answer without a status");
}

static struct status status_of_reset(struct channel_call *call, uint32_t code)
{
    switch (code) {
    case NGHTTP2_REFUSED_STREAM:
        return status_make(STATUS_UNAVAILABLE, "the server takes no more calls at present");
    case NGHTTP2_CANCEL:
        return status_make(STATUS_CANCELLED, "the server broke the call off");
    case NGHTTP2_ENHANCE_YOUR_CALM:
        return status_make(STATUS_RESOURCE_EXHAUSTED, "the server wants fewer calls");
    default:
        return status_format(call->arena, STATUS_UNAVAILABLE, NULL, "the server broke the call off (%s)",
                             nghttp2_http2_strerror(code));
    }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags, void *context)
{
    (void)flags, (void)context;
    struct channel_call *call = call_of(session, frame->hd.stream_id);
    if (!call || call->ended)
        return 0;
    const struct {
        const char *name;
        const char **place;
    } wanted[] = {{":status", &call->http_status},
                  {"grpc-status", &call->grpc_status},
                  {"grpc-message", &call->grpc_message},
                  {"grpc-status-details-bin", &call->grpc_details}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (strlen(wanted[i].name) == name_size && memcmp(wanted[i].name, name, name_size) == 0)
            *wanted[i].place = arena_strndup(call->arena, (const char *)value, value_size);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *bytes,
                   size_t size, void *context)
{
    (void)flags, (void)context;
    struct channel_call *call = call_of(session, stream_id);
    if (!call || call->ended) {
        nghttp2_session_consume(session, stream_id, size);
        return 0;
    }
    text_buffer_append(&call->input, bytes, size);
    channel_add_news(call);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct channel_connection *connection = context;
    if (frame->hd.type == NGHTTP2_GOAWAY)
        connection->draining = true;
    if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
        !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    struct channel_call *call = call_of(session, frame->hd.stream_id);
    if (!call)
        return 0;
    channel_call_end(call, final_status(call));
    /* What we were still sending nobody wants. */
    if (!nghttp2_session_get_stream_local_close(session, frame->hd.stream_id))
        channel_session_reset(call, NGHTTP2_NO_ERROR);
    return 0;
}

/* The call has no stream any more. What it has not read yet no longer counts against the connection's window. */
static void detach(struct channel_call *call)
{
    struct channel_connection *connection = call->connection;
    size_t unread = call->input.size - call->input_at;
    if (unread)
        nghttp2_session_consume_connection(connection->session, unread);
    connection->call_count--;
    call->connection = NULL;
    call->stream_id = 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *context)
{
    (void)context;
    struct channel_call *call = call_of(session, stream_id);
    if (!call)
        return 0;
    channel_call_end(call, code || !call->grpc_status ? status_of_reset(call, code) : final_status(call));
    detach(call);
    return 0;
}

nghttp2_session *channel_session_new(struct channel_connection *connection)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    nghttp2_session *session = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) || nghttp2_option_new(&option))
        abort();
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_option_set_no_auto_window_update(option, 1);
    if (nghttp2_session_client_new2(&session, callbacks, connection, option))
        abort();
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES}};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings);
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW_BYTES);
    return session;
}

static ssize_t read_output(nghttp2_session *session, int32_t stream_id, uint8_t *bytes, size_t most,
                           uint32_t *flags, nghttp2_data_source *source, void *context)
{
    (void)session, (void)stream_id, (void)context;
    struct channel_call *call = source->ptr;
    size_t left = call->output.size - call->output_at, size = left < most ? left : most;
    if (size)
        memcpy(bytes, call->output.bytes + call->output_at, size);
    call->output_at += size;
    left -= size;
    if (!left) {
        text_buffer_clear(&call->output);
        call->output_at = 0;
    }
    if (call->blocked && left < UNSENT_LOW_BYTES) {
        call->blocked = false;
        call->writable_due = true;
        channel_add_news(call);
    }
    if (!left && call->half_closed)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    else if (!size)
        return NGHTTP2_ERR_DEFERRED;
    return (ssize_t)size;
}

static void add_header(nghttp2_nv *headers, size_t *count, const char *name, const char *value, bool secret)
{
    headers[(*count)++] = (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
                                       secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE};
}

struct status channel_session_submit(struct channel_call *call)
{
    const struct channel_call_settings *settings = &call->settings;
    const struct channel *channel = call->channel;
    nghttp2_nv *headers = arena_array(call->arena, settings->metadata_count + 10, sizeof *headers);
    size_t count = 0;
    const char *brackets = strchr(channel->host, ':') ? "[]" : "";
    add_header(headers, &count, ":method", "POST", false);
    add_header(headers, &count, ":scheme", channel->tls ? "https" : "http", false);
    add_header(headers, &count, ":path", settings->path, false);
    add_header(headers, &count, ":authority",
               arena_format(call->arena, "%.1s%s%s:%s", brackets, channel->host, *brackets ? "]" : "",
                            channel->port),
               false);
    add_header(headers, &count, "content-type", "application/grpc", false);
    add_header(headers, &count, "te", "trailers", false);
    add_header(headers, &count, "user-agent", channel->user_agent, false);
    if (settings->timeout_ms > 0)
        add_header(headers, &count, "grpc-timeout", grpc_timeout_format(call->arena, settings->timeout_ms),
                   false);
    if (channel->authorization)
        add_header(headers, &count, "authorization", channel->authorization, true);
    for (size_t i = 0; i < settings->metadata_count; i++)
        add_header(headers, &count, settings->metadata[i].name, settings->metadata[i].value, false);
    nghttp2_data_provider provider = {.source.ptr = call, .read_callback = read_output};
    call->stream_id =
        nghttp2_submit_request(call->connection->session, NULL, headers, count, &provider, call);
    if (call->stream_id > 0)
        return STATUS_NONE;
    call->stream_id = 0;
    return status_make(STATUS_UNAVAILABLE, "the connection takes no more calls");
}

/* The stream forgets the call: nothing of it is heard any more. */
void channel_session_reset(struct channel_call *call, uint32_t code)
{
    struct channel_connection *connection = call->connection;
    if (!connection)
        return;
    if (call->stream_id) {
        nghttp2_session_set_stream_user_data(connection->session, call->stream_id, NULL);
        nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, call->stream_id, code);
    }
    detach(call);
}
