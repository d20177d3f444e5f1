#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>

enum { CLIENT_STREAMS = 64 };

/* What became of a request. */
struct client_stream {
    const char *body; /* of the request; NULL: each byte is a 1 */
    size_t body_left; /* still to be sent */
    bool keep_open;   /* the request doesn't end */
    char status[8], grpc_status[8];
    bool has_trailers; /* grpc-status came after the body */
    size_t body_bytes;
    uint64_t body_sum; /* of the answer's bytes */
    char first[32];    /* of the answer's bytes */
    bool is_closed;
    uint32_t code; /* it was closed with */
};

/* An HTTP/2 client of one connection on a blocking socket. Requests have the stream ids 1, 3, ... and the index id / 2. */
struct client {
    int fd;
    nghttp2_session *session;
    struct client_stream streams[CLIENT_STREAMS];
    int32_t next_index;
    unsigned pongs, pings, goaways;
    uint32_t goaway_code;
    int32_t goaway_last_id;
    bool is_eof, is_reset;
};

struct client *client_open(unsigned port);
void client_close(struct client *client);

/* A POST; with `body_bytes` of body, and further fields. Gives its index. */
unsigned client_request(struct client *client, const char *path, size_t body_bytes, bool keep_open,
                        const nghttp2_nv *extra, size_t extra_count);
/* The same with this body, which stays with the caller. */
unsigned client_request_body(struct client *client, const char *path, const char *body, size_t body_bytes);
nghttp2_nv client_field(const char *name, const char *value);

/* Sends what there is, and reads and sends on until the condition holds; fails the test after 10 s, or where the connection
 * ends before. */
void client_run_until(struct client *client, bool (*holds)(const struct client *client, unsigned index),
                      unsigned index);
void client_flush(struct client *client);

/* Conditions. */
bool client_stream_is_closed(const struct client *client, unsigned index);
bool client_stream_has_head(const struct client *client, unsigned index);
bool client_has_goaways(const struct client *client, unsigned count);
bool client_has_pongs(const struct client *client, unsigned count);
bool client_has_pings(const struct client *client, unsigned count);
bool client_is_at_end(const struct client *client, unsigned unused);
