#pragma once

#include <stddef.h>
#include <stdint.h>

/* What the peers of a server may ask of it. */
struct net_limits {
    unsigned connections, connections_per_address; /* loopback counts for the first alone */
    int64_t first_bytes_ms; /* from accept to a whole request head, or to HTTP/2's SETTINGS */
    int64_t idle_ms;        /* a connection without requests */
    int64_t ping_ms;        /* HTTP/2: silence after which the peer is asked whether it is there */
    int64_t ping_answer_ms; /* and how long it may take to answer */
    int64_t stalled_ms;     /* an answer of which the peer takes nothing */
    int64_t linger_ms;      /* for the peer to read the end, before the socket is closed */
    size_t linger_bytes;    /* input that is thrown away meanwhile */
    int64_t drain_ms;       /* net_server_drain: for the calls under way */
    int64_t sweep_ms;       /* how often all these times are looked at */

    size_t header_bytes; /* of one request, each field with 32 bytes on top as HTTP/2 counts */
    unsigned header_fields;
    size_t http1_body_bytes; /* thrown away to reach the next request */
    size_t output_high_bytes,
        output_low_bytes; /* waiting on a connection: nothing is read from it, until it is low */

    unsigned streams; /* of a connection at a time */
    size_t stream_window_bytes, connection_window_bytes;
    int64_t
        progress_after_ms; /* in so long a request's body, or a message of it that has begun, brings ... */
    size_t progress_bytes_per_s; /* ... this much, unless it is held back by ourselves */

    /* Floods: so many at once, and then so many a second. */
    double peer_resets, peer_resets_per_s;
    unsigned own_resets; /* that the peer provoked, of a connection */
    double pings, pings_per_s;
    double settings, settings_per_s;
    double tls_records, tls_records_per_s; /* of TLS itself, after the handshake: new keys and the like */
    unsigned empty_frames;                 /* DATA without a byte, in a row */
};

struct net_limits net_limits_default(void);
