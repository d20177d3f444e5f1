#include "net/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/metric.h"
#include "base/spare.h"
#include "net/http2.h"
#include "net/shard.h"
#include "rpc/exchange.h"

enum { FULL_BYTES = 64 * 1024, MOST_FIELDS = 64 };

/* Header fields kept until the body is through. Spare memory, their text behind them. */
struct trailers {
    size_t count;
    nghttp2_nv fields[];
};

static const struct rpc_sink sink;

static nghttp2_nv field_make(const char *name, const char *value)
{
    return (nghttp2_nv){
        .name = (uint8_t *)name,
        .value = (uint8_t *)value,
        .namelen = strlen(name),
        .valuelen = strlen(value),
        .flags = NGHTTP2_NV_FLAG_NONE,
    };
}

/* ---- the answer's body ------------------------------------------------------------------------------------------ */

static size_t unsent_bytes(const struct stream *stream)
{
    return stream->out.end - stream->out.at;
}

static void body_add(struct body *body, const void *bytes, size_t size)
{
    size_t waiting = body->end - body->at;
    if (body->end + size > body->capacity &&
        body->at >= waiting) { /* what is copied is less than what went */
        if (waiting)
            memcpy(body->bytes, body->bytes + body->at, waiting);
        body->at = 0;
        body->end = waiting;
    }
    if (body->end + size > body->capacity) {
        body->capacity = body->end + size + (body->end ? body->capacity : 0);
        body->bytes = spare_realloc(body->bytes, body->capacity);
    }
    memcpy(body->bytes + body->end, bytes, size);
    body->end += size;
}

static void submit_trailers(struct stream *stream)
{
    nghttp2_submit_trailer(stream->http2->session, stream->id, stream->trailers->fields,
                           stream->trailers->count);
}

static void end_body(struct stream *stream, uint32_t *flags)
{
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream->trailers)
        return;
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (!stream->is_dropped)
        submit_trailers(stream);
}

/* nghttp2 wants to make a frame of up to `room` bytes of the body; it will ask for them when it sends it. */
static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *user)
{
    (void)session, (void)id, (void)buffer, (void)user;
    struct stream *stream = source->ptr;
    size_t left = unsent_bytes(stream);
    stream->out.promised = left < room ? left : room;
    if (stream->has_ended && left <= room) {
        end_body(stream, flags);
    } else if (!left) {
        stream->is_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    stream->taken_ms = clock_monotonic_ms();
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return (ssize_t)stream->out.promised;
}

const unsigned char *stream_take(struct stream *stream, size_t size)
{
    const unsigned char *bytes = stream->out.bytes + stream->out.at;
    stream->out.at += size;
    stream->out.promised = 0;
    if (stream->was_full && unsent_bytes(stream) < FULL_BYTES && !stream->has_ended) {
        stream->was_full = false;
        stream->is_writable = true;
        stream->http2->has_writable = true;
    }
    return bytes;
}

static void resume(struct stream *stream)
{
    if (stream->is_deferred) {
        stream->is_deferred = false;
        nghttp2_session_resume_data(stream->http2->session, stream->id);
    }
    http2_want_flush(stream->http2);
}

static bool is_mute(const struct stream *stream)
{
    return stream->has_ended || stream->http2->is_over;
}

/* ---- the sink: what a call asks of its stream ------------------------------------------------------------------- */

static void submit_head(struct stream *stream, const char *status, const struct rpc_header *headers,
                        size_t count, bool end)
{
    nghttp2_nv fields[MOST_FIELDS + 1];
    size_t total = 0;
    fields[total++] = field_make(":status", status);
    for (size_t i = 0; i < count && total <= MOST_FIELDS; i++)
        fields[total++] = field_make(headers[i].name, headers[i].value);
    nghttp2_data_provider body = {.source.ptr = stream, .read_callback = read_body};
    stream->has_answered = true;
    stream->has_ended = end;
    nghttp2_submit_response(stream->http2->session, stream->id, fields, total, end ? NULL : &body);
    http2_want_flush(stream->http2);
}

static void sink_headers(void *self, const struct rpc_header *headers, size_t count, bool end)
{
    struct stream *stream = self;
    if (!is_mute(stream) && !stream->has_answered)
        submit_head(stream, "200", headers, count, end);
}

static void sink_data(void *self, const void *bytes, size_t size)
{
    struct stream *stream = self;
    if (is_mute(stream) || !stream->has_answered || !size)
        return;
    if (unsent_bytes(stream) == 0)
        stream->taken_ms = clock_monotonic_ms();
    body_add(&stream->out, bytes, size);
    if (unsent_bytes(stream) > FULL_BYTES)
        stream->was_full = true;
    resume(stream);
}

static const char *put_text(char **to, const char *text)
{
    size_t size = strlen(text) + 1;
    const char *copy = memcpy(*to, text, size);
    *to += size;
    return copy;
}

static struct trailers *trailers_copy(const struct rpc_header *headers, size_t count)
{
    size_t text_bytes = 0, own_bytes = sizeof(struct trailers) + count * sizeof(nghttp2_nv);
    for (size_t i = 0; i < count; i++)
        text_bytes += strlen(headers[i].name) + 1 + strlen(headers[i].value) + 1;
    struct trailers *trailers = spare_alloc(own_bytes + text_bytes);
    char *text = (char *)trailers + own_bytes;
    trailers->count = count;
    for (size_t i = 0; i < count; i++) {
        const char *name = put_text(&text, headers[i].name);
        trailers->fields[i] = field_make(name, put_text(&text, headers[i].value));
    }
    return trailers;
}

static void sink_trailers(void *self, const struct rpc_header *headers, size_t count)
{
    struct stream *stream = self;
    if (is_mute(stream) || !stream->has_answered)
        return;
    stream->has_ended = true;
    stream->trailers = trailers_copy(headers, count);
    if (stream->is_dropped)
        submit_trailers(stream); /* the window may be shut, and nothing ask for the body ever again */
    else
        resume(stream);
    http2_want_flush(stream->http2);
}

static void sink_drop(void *self)
{
    struct stream *stream = self;
    if (is_mute(stream) || !stream->has_answered)
        return;
    stream->is_dropped = true;
    stream->out.end = stream->out.at + stream->out.promised;
}

static void sink_reset(void *self, uint32_t code)
{
    struct stream *stream = self;
    if (stream->http2->is_over)
        return;
    stream->has_ended = true;
    nghttp2_submit_rst_stream(stream->http2->session, NGHTTP2_FLAG_NONE, stream->id, code);
    http2_want_flush(stream->http2);
}

static void sink_consumed(void *self, size_t size)
{
    struct stream *stream = self;
    if (size > stream->unconsumed)
        size = stream->unconsumed;
    stream->unconsumed -= size;
    if (!size || stream->http2->is_over)
        return;
    nghttp2_session_consume(stream->http2->session, stream->id, size);
    http2_want_flush(stream->http2);
}

static size_t sink_unsent(void *self)
{
    return unsent_bytes(self);
}

static int64_t sink_stalled_ms(void *self)
{
    const struct stream *stream = self;
    return unsent_bytes(stream) ? clock_monotonic_ms() - stream->taken_ms : 0;
}

static const struct rpc_sink sink = {
    .headers = sink_headers,
    .data = sink_data,
    .trailers = sink_trailers,
    .reset = sink_reset,
    .consumed = sink_consumed,
    .unsent = sink_unsent,
    .stalled_ms = sink_stalled_ms,
    .drop = sink_drop,
};

/* ---- what happens to a stream ----------------------------------------------------------------------------------- */

struct stream *stream_new(struct http2 *http2, int32_t id)
{
    struct stream *stream = spare_zalloc(sizeof *stream);
    stream->http2 = http2;
    stream->id = id;
    stream->window_ms = stream->taken_ms = http2->active_ms = http2->now_ms;
    TAILQ_INSERT_TAIL(&http2->streams, stream, all);
    http2->stream_count++;
    metric_add(http2->common->counters.streams, 1);
    return stream;
}

void stream_free(struct stream *stream)
{
    struct http2 *http2 = stream->http2;
    if (stream->call)
        http2->common->calls->on_close(stream->call);
    TAILQ_REMOVE(&http2->streams, stream, all);
    http2->stream_count--;
    http2->active_ms = clock_monotonic_ms();
    /* The stream's own window is gone with it, but the connection's is for the others. */
    if (stream->unconsumed && !http2->is_over)
        nghttp2_session_consume_connection(http2->session, stream->unconsumed);
    spare_free(stream->out.bytes);
    spare_free(stream->trailers);
    spare_free(stream);
}

static bool wants_page(const struct request_head *head)
{
    return strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0;
}

static void answer_page(struct stream *stream, const struct request_head *head)
{
    const struct net_common *common = stream->http2->common;
    char *path = arena_strndup(head->arena, head->path, strcspn(head->path, "?#"));
    struct net_page page;
    net_page_make(common->page, common->page_context, head->method, path, &page);
    char status[16], length[32];
    snprintf(status, sizeof status, "%u", page.status);
    snprintf(length, sizeof length, "%zu", page.body.size);
    const struct rpc_header fields[] = {
        {"content-type", page.content_type}, {"content-length", length}, {"cache-control", "no-store"}};
    bool with_body = strcmp(head->method, "GET") == 0;
    submit_head(stream, status, fields, 3, !with_body);
    if (with_body)
        sink_data(stream, page.body.bytes, page.body.size);
    stream->has_ended = true;
    text_buffer_fini(&page.body);
}

void stream_begin(struct stream *stream)
{
    struct http2 *http2 = stream->http2;
    const struct request_head *head = &http2->head;
    if (wants_page(head) && !head->is_too_large) {
        answer_page(stream, head);
        return;
    }
    const struct rpc_request_head request = {
        .method = head->method,
        .path = head->path,
        .headers = head->fields,
        .header_count = head->count,
        .arena = &http2->head.arena,
        .peer = http2->connection->peer.text,
        .peer_is_loopback = http2->connection->peer.is_loopback,
        .is_encrypted = http2->connection->is_encrypted,
        .upload_bytes = &http2->upload_bytes,
        .headers_too_large = head->is_too_large,
    };
    stream->call = http2->common->calls->begin(http2->common->rpc, http2->connection->shard->loop, &sink,
                                               stream, &request);
}

static bool awaits_bytes(const struct stream *stream)
{
    const struct net_calls *calls = stream->http2->common->calls;
    return !stream->call || !calls->awaits_bytes || calls->awaits_bytes(stream->call);
}

static void begin_window(struct stream *stream, int64_t now_ms)
{
    stream->window_ms = now_ms;
    stream->window_bytes = 0;
}

void stream_on_data(struct stream *stream, const void *bytes, size_t size)
{
    if (!awaits_bytes(stream)) /* a message begins after a pause, which counts for nothing */
        begin_window(stream, stream->http2->now_ms);
    stream->unconsumed += size;
    stream->window_bytes += size;
    /* What comes after the answer's end is of no use to anybody. */
    if (stream->call && !stream->has_ended)
        stream->http2->common->calls->on_data(stream->call, bytes, size);
    else
        sink_consumed(stream, size);
}

void stream_on_end(struct stream *stream)
{
    stream->input_ended = true;
    if (stream->call)
        stream->http2->common->calls->on_end(stream->call);
}

bool streams_tell_writable(struct http2 *http2)
{
    bool any = false;
    if (!http2->has_writable)
        return false;
    http2->has_writable = false;
    for (struct stream *at = TAILQ_FIRST(&http2->streams), *next; at; at = next) {
        next = TAILQ_NEXT(at, all);
        if (!at->is_writable)
            continue;
        at->is_writable = false;
        any = true;
        if (at->call)
            http2->common->calls->on_writable(at->call);
    }
    return any;
}

/* An upload that we hold back ourselves is not blamed, nor one that pauses where it may. */
static void check_progress(struct stream *stream, int64_t now_ms)
{
    const struct net_limits *limits = &stream->http2->common->limits;
    int64_t elapsed_ms = now_ms - stream->window_ms;
    if (stream->input_ended || elapsed_ms < limits->progress_after_ms || !awaits_bytes(stream))
        return;
    bool is_slow = stream->window_bytes < limits->progress_bytes_per_s * (size_t)elapsed_ms / 1000;
    begin_window(stream, now_ms);
    if (is_slow && !stream->unconsumed)
        sink_reset(stream, NGHTTP2_ENHANCE_YOUR_CALM);
}

void streams_check(struct http2 *http2, int64_t now_ms)
{
    for (struct stream *at = TAILQ_FIRST(&http2->streams), *next; at; at = next) {
        next = TAILQ_NEXT(at, all);
        check_progress(at, now_ms);
        /* Of an answer that goes on, its call decides how long to wait for the reader. */
        if (at->has_ended && unsent_bytes(at) && now_ms - at->taken_ms >= http2->common->limits.stalled_ms)
            sink_reset(at, NGHTTP2_CANCEL);
    }
}
