#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>
#include <sys/queue.h>

struct http2;
struct rpc_call;
struct trailers;

/* Bytes that wait to be sent: [at .. end) of them. Spare memory. */
struct body {
    unsigned char *bytes;
    size_t at, end, capacity;
    size_t promised; /* nghttp2 has a frame with the first so many under way */
};

/* One HTTP/2 stream and the call that it carries: the sink of rpc/exchange.h. */
struct stream {
    TAILQ_ENTRY(stream) all;
    struct http2 *http2;
    int32_t id;
    struct rpc_call *call; /* NULL: the head is not whole yet, or the answer is a page */
    struct body out;       /* what of the body has not been sent */
    struct trailers *trailers;
    bool has_answered;   /* the answer's head has been given */
    bool has_ended;      /* nothing will be given any more: trailers, the end, or a reset */
    bool input_ended;    /* the request is whole */
    bool is_deferred;    /* nghttp2 found nothing to send, and is to be told when there is */
    bool was_full;       /* more than 64 KiB were waiting */
    bool is_writable;    /* and no longer are: the call is to be told */
    bool is_dropped;     /* what was waiting has been thrown away: trailers go at once */
    size_t unconsumed;   /* of the input: given to the call, not given back to the peer's window */
    size_t window_bytes; /* of the body, since ... */
    int64_t window_ms;
    int64_t taken_ms; /* when nghttp2 last took output, or there was none */
};

struct stream *stream_new(struct http2 *http2, int32_t id);
/* Tells the call that its stream is gone. */
void stream_free(struct stream *stream);

/* The head (http2->head) is whole: makes the call, or answers with a page. */
void stream_begin(struct stream *stream);
void stream_on_data(struct stream *stream, const void *bytes, size_t size);
void stream_on_end(struct stream *stream);

/* The bytes of a frame whose head nghttp2 has made; they are there. Valid until the stream is touched again. */
const unsigned char *stream_take(struct stream *stream, size_t size);

/* Tells the calls that wait for room and have it now; true if there was one. */
bool streams_tell_writable(struct http2 *http2);
/* Resets uploads that do not get on, and answers that are not taken. */
void streams_check(struct http2 *http2, int64_t now_ms);
