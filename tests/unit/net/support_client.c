#include "net/support_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "net/support_server.h"

static struct client_stream *stream_of(struct client *client, int32_t id)
{
    return &client->streams[id / 2];
}

static void keep(char text[8], const uint8_t *value, size_t size)
{
    snprintf(text, 8, "%.*s", (int)size, (const char *)value);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags, void *user)
{
    (void)session, (void)flags;
    struct client_stream *stream = stream_of(user, frame->hd.stream_id);
    if (name_size == 7 && memcmp(name, ":status", 7) == 0)
        keep(stream->status, value, value_size);
    if (name_size == 11 && memcmp(name, "grpc-status", 11) == 0) {
        keep(stream->grpc_status, value, value_size);
        stream->has_trailers = frame->headers.cat == NGHTTP2_HCAT_HEADERS;
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t size,
                   void *user)
{
    (void)session, (void)flags;
    struct client_stream *stream = stream_of(user, id);
    for (size_t i = 0; i < size && stream->body_bytes + i < sizeof stream->first; i++)
        stream->first[stream->body_bytes + i] = (char)bytes[i];
    stream->body_bytes += size;
    for (size_t i = 0; i < size; i++)
        stream->body_sum += bytes[i];
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)session;
    struct client *client = user;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        client->goaways++;
        client->goaway_code = frame->goaway.error_code;
        client->goaway_last_id = frame->goaway.last_stream_id;
    } else if (frame->hd.type == NGHTTP2_PING) {
        if (frame->hd.flags & NGHTTP2_FLAG_ACK)
            client->pongs++;
        else
            client->pings++;
    }
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    (void)session;
    struct client_stream *stream = stream_of(user, id);
    stream->is_closed = true;
    stream->code = code;
    return 0;
}

struct client *client_open(unsigned port)
{
    struct client *client = heap_zalloc(sizeof *client);
    client->fd = test_connect(port);
    nghttp2_session_callbacks *callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    assert_int_equal(nghttp2_session_client_new(&client->session, callbacks, client), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, NULL, 0);
    return client;
}

void client_close(struct client *client)
{
    nghttp2_session_del(client->session);
    close(client->fd);
    free(client);
}

nghttp2_nv client_field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *user)
{
    (void)session, (void)id, (void)user;
    struct client_stream *stream = source->ptr;
    size_t size = stream->body_left < room ? stream->body_left : room;
    memset(buffer, 1, size);
    if (stream->body) {
        memcpy(buffer, stream->body, size);
        stream->body += size;
    }
    stream->body_left -= size;
    if (!stream->body_left && stream->keep_open)
        return size ? (ssize_t)size : NGHTTP2_ERR_DEFERRED;
    if (!stream->body_left)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)size;
}

unsigned client_request(struct client *client, const char *path, size_t body_bytes, bool keep_open,
                        const nghttp2_nv *extra, size_t extra_count)
{
    nghttp2_nv fields[256] = {client_field(":method", "POST"),
                              client_field(":path", path),
                              client_field(":scheme", "http"),
                              client_field(":authority", "test"),
                              client_field("content-type", "application/grpc"),
                              client_field("te", "trailers")};
    const size_t usual_count = 6;
    for (size_t i = 0; i < extra_count; i++)
        fields[usual_count + i] = extra[i];
    struct client_stream *stream = &client->streams[client->next_index];
    *stream = (struct client_stream){.body_left = body_bytes, .keep_open = keep_open};
    nghttp2_data_provider body = {.source.ptr = stream, .read_callback = read_body};
    int32_t id = nghttp2_submit_request(client->session, NULL, fields, usual_count + extra_count,
                                        body_bytes || keep_open ? &body : NULL, NULL);
    assert_int_equal(id / 2, client->next_index);
    return (unsigned)client->next_index++;
}

unsigned client_request_body(struct client *client, const char *path, const char *body, size_t body_bytes)
{
    unsigned index = client_request(client, path, body_bytes, false, NULL, 0);
    client->streams[index].body = body;
    return index;
}

void client_flush(struct client *client)
{
    const uint8_t *bytes;
    ssize_t size;
    while ((size = nghttp2_session_mem_send(client->session, &bytes)) > 0) {
        ssize_t sent = send(client->fd, bytes, (size_t)size, MSG_NOSIGNAL);
        if (sent < 0)
            client->is_reset = true;
        else
            assert_int_equal(sent, size);
    }
}

void client_run_until(struct client *client, bool (*holds)(const struct client *client, unsigned index),
                      unsigned index)
{
    uint8_t bytes[16384];
    for (;;) {
        client_flush(client);
        if (holds(client, index))
            return;
        assert_false(client->is_eof);
        ssize_t size = recv(client->fd, bytes, sizeof bytes, 0);
        assert_true(size >= 0); /* neither a reset nor our patience */
        client->is_eof = size == 0;
        if (size > 0)
            assert_int_equal(nghttp2_session_mem_recv(client->session, bytes, (size_t)size), size);
    }
}

bool client_stream_is_closed(const struct client *client, unsigned index)
{
    return client->streams[index].is_closed;
}

bool client_stream_has_head(const struct client *client, unsigned index)
{
    return client->streams[index].status[0];
}

bool client_has_goaways(const struct client *client, unsigned count)
{
    return client->goaways >= count;
}

bool client_has_pongs(const struct client *client, unsigned count)
{
    return client->pongs >= count;
}

bool client_has_pings(const struct client *client, unsigned count)
{
    return client->pings >= count;
}

bool client_is_at_end(const struct client *client, unsigned unused)
{
    (void)unused;
    return client->is_eof;
}
