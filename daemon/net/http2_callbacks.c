#include <string.h>

#include "base/metric.h"
#include "net/http2.h"
#include "net/shard.h"
#include "net/stream.h"

enum { FRAME_HEAD_BYTES = 9, DATA_FRAME_BYTES = 16 * 1024, HEAD_FATAL_BYTES = 1024 * 1024 };

static struct stream *stream_of(nghttp2_session *session, int32_t id)
{
    return id ? nghttp2_session_get_stream_user_data(session, id) : NULL;
}

/* ---- heads ------------------------------------------------------------------------------------------------------ */

static bool is_request(const nghttp2_frame *frame)
{
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct http2 *http2 = user;
    http2->head_stream_id = 0;
    request_head_init(&http2->head);
    if (!is_request(frame))
        return 0;
    http2->head_stream_id = frame->hd.stream_id;
    struct stream *stream = stream_new(http2, frame->hd.stream_id);
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
    return 0;
}

/* Trailers of a request are counted like its head, and dropped. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags, void *user)
{
    (void)session, (void)frame, (void)flags;
    struct http2 *http2 = user;
    request_head_add(&http2->head, &http2->common->limits, (const char *)name, name_bytes,
                     (const char *)value, value_bytes);
    if (http2->head.bytes > HEAD_FATAL_BYTES)
        http2_fail(http2, NGHTTP2_ENHANCE_YOUR_CALM, END_FLOOD);
    return 0;
}

static void head_is_whole(struct http2 *http2, struct stream *stream)
{
    if (stream && http2->head_stream_id == stream->id)
        stream_begin(stream);
    http2->head_stream_id = 0;
    request_head_fini(&http2->head);
}

/* ---- frames that come ------------------------------------------------------------------------------------------- */

static void take_or_fail(struct http2 *http2, struct bucket *bucket)
{
    if (!bucket_take(bucket, http2->now_ms))
        http2_fail(http2, NGHTTP2_ENHANCE_YOUR_CALM, END_FLOOD);
}

static void count_empty_frame(struct http2 *http2, const nghttp2_frame *frame)
{
    bool asks_something = http2->chunk_has_come || frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    http2->empty_frames = asks_something ? 0 : http2->empty_frames + 1;
    http2->chunk_has_come = false;
    if (http2->empty_frames > http2->common->limits.empty_frames)
        http2_fail(http2, NGHTTP2_ENHANCE_YOUR_CALM, END_FLOOD);
}

static void on_control_frame(struct http2 *http2, const nghttp2_frame *frame)
{
    bool is_answer = frame->hd.flags & NGHTTP2_FLAG_ACK;
    switch (frame->hd.type) {
    case NGHTTP2_RST_STREAM:
        metric_add(http2->common->counters.resets_by_peer, 1);
        take_or_fail(http2, &http2->peer_resets);
        break;
    case NGHTTP2_PING:
        if (is_answer)
            http2_on_pong(http2, frame->ping.opaque_data);
        else
            take_or_fail(http2, &http2->pings);
        break;
    case NGHTTP2_SETTINGS:
        http2->has_settings = true;
        if (!is_answer)
            take_or_fail(http2, &http2->settings);
        break;
    default:
        break;
    }
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct http2 *http2 = user;
    struct stream *stream = NULL;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        stream = stream_of(session, frame->hd.stream_id);
        head_is_whole(http2, stream);
        break;
    case NGHTTP2_DATA:
        stream = stream_of(session, frame->hd.stream_id);
        count_empty_frame(http2, frame);
        break;
    default:
        on_control_frame(http2, frame);
        return 0;
    }
    if (stream && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        stream_on_end(stream);
    return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                         size_t size, void *user)
{
    (void)flags;
    struct http2 *http2 = user;
    http2->chunk_has_come = true;
    struct stream *stream = stream_of(session, id);
    if (stream)
        stream_on_data(stream, bytes, size);
    else
        nghttp2_session_consume_connection(session, size);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    (void)code, (void)user;
    struct stream *stream = stream_of(session, id);
    if (stream) {
        nghttp2_session_set_stream_user_data(session, id, NULL);
        stream_free(stream);
    }
    return 0;
}

/* ---- frames that go --------------------------------------------------------------------------------------------- */

static void count_own_reset(struct http2 *http2, const nghttp2_frame *frame)
{
    /* Without an error it says only that the rest of a request is not needed. */
    if (frame->rst_stream.error_code == NGHTTP2_NO_ERROR)
        return;
    metric_add(http2->common->counters.resets_by_us, 1);
    if (++http2->own_resets > http2->common->limits.own_resets)
        http2_fail(http2, NGHTTP2_ENHANCE_YOUR_CALM, END_FLOOD);
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct http2 *http2 = user;
    if (frame->hd.type == NGHTTP2_RST_STREAM)
        count_own_reset(http2, frame);
    /* nghttp2 has found a fault by itself. */
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR && !http2->is_ending)
        http2->end_reason = END_PROTOCOL;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    /* Stock clients ask PINGs and change SETTINGS at the pace of what they are sent, to measure the line. */
    bucket_fill(&http2->pings);
    bucket_fill(&http2->settings);
    struct stream *stream = stream_of(session, frame->hd.stream_id);
    /* The whole answer is out before the whole request is in: the peer may stop sending it. */
    if (stream && frame->hd.flags & NGHTTP2_FLAG_END_STREAM && !stream->input_ended)
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
}

static ssize_t data_frame_bytes(nghttp2_session *session, uint8_t type, int32_t id, int32_t connection_window,
                                int32_t stream_window, uint32_t most_frame_bytes, void *user)
{
    (void)session, (void)type, (void)id, (void)connection_window, (void)stream_window, (void)most_frame_bytes;
    (void)user;
    return DATA_FRAME_BYTES; /* cut by nghttp2 to what the windows allow */
}

/* A DATA frame: its head, and the bytes of its stream's body. */
static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t size,
                     nghttp2_data_source *source, void *user)
{
    (void)session, (void)frame;
    struct http2 *http2 = user;
    if (!http2_has_room(http2))
        return NGHTTP2_ERR_WOULDBLOCK;
    http2_put(http2, head, FRAME_HEAD_BYTES);
    if (size)
        http2_put(http2, stream_take(source->ptr, size), size);
    return 0;
}

void http2_callbacks_set(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks, data_frame_bytes);
}
