#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>
#include <sys/queue.h>

#include "net/bucket.h"
#include "net/connection.h"
#include "net/request_head.h"

/* HTTP/2 on a connection. */
extern const struct protocol http2_protocol;
void *http2_new(struct connection *connection);

struct stream;
TAILQ_HEAD(stream_list, stream);

enum http2_drain { DRAIN_NONE, DRAIN_ANNOUNCED, DRAIN_SAID };

/* For stream.c and http2_callbacks.c. */
struct http2 {
    struct connection *connection;
    const struct net_common *common;
    nghttp2_session *session;
    struct stream_list streams;
    unsigned stream_count;
    struct request_head head; /* of the request whose head is coming in; one at a time */
    int32_t head_stream_id;   /* 0: none */

    size_t gathered_bytes; /* in the shard's block, to be written */

    /* nghttp2 is at work: nothing may be sent from its callbacks, it is done when it returns. */
    bool is_busy;
    bool is_over;      /* being freed: calls may still ask things of their streams */
    bool is_ending;    /* a GOAWAY for a fault is on its way; input is thrown away */
    bool has_settings; /* the peer's have come */
    bool has_writable; /* a stream is_writable */
    enum net_end end_reason;
    enum http2_drain drain;
    int64_t drain_ms;  /* when it was announced */
    int64_t now_ms;    /* when the input came that is being read */
    int64_t active_ms; /* when the last stream began or ended */
    int64_t ping_ms;   /* when we asked whether the peer is there; 0: no question is open */

    size_t upload_bytes; /* rpc's, over all streams */

    struct bucket peer_resets, pings, settings;
    unsigned own_resets, empty_frames;
    bool chunk_has_come; /* of the DATA frame that is being read */
};

/* Ends the connection with a GOAWAY of this code; for faults of the peer. The first counts. */
void http2_fail(struct http2 *http2, uint32_t code, enum net_end reason);
/* Something is to be sent: soon, or at the end of what is under way. */
void http2_want_flush(struct http2 *http2);

/* For what nghttp2 sends: false, the connection has enough and it is to wait. */
bool http2_has_room(const struct http2 *http2);
void http2_put(struct http2 *http2, const void *bytes, size_t size);

/* A PING of ours has come back. */
void http2_on_pong(struct http2 *http2, const uint8_t opaque[8]);
/* What nghttp2 tells; the session's user data is the http2. */
void http2_callbacks_set(nghttp2_session_callbacks *callbacks);
