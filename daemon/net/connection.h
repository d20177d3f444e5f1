#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/queue.h>

#include "net/address.h"
#include "net/bucket.h"
#include "net/counters.h"
#include "net/tls.h"

struct bufferevent;
struct event;
struct shard;

/* What speaks on a connection: HTTP/1.1 or HTTP/2. None of these frees the connection; they call connection_finish. */
struct protocol {
    /* Takes what it can use and gives how much that was; what is left comes again with more. */
    size_t (*input)(void *self, char *bytes, size_t size);
    /* Output has room again, or was asked for by connection_want_flush. */
    void (*flush)(void *self);
    /* Now and then, for limits of time. */
    void (*check)(void *self, int64_t now_ms);
    /* Take nothing new and finish when done. */
    void (*drain)(void *self);
    void (*free)(void *self);
    bool wants_whole_input; /* in one piece; else piece by piece */
};

enum connection_state {
    CONNECTION_FIRST,     /* no byte has decided on the protocol, or TLS is still to be agreed on */
    CONNECTION_OPEN,      /* the protocol speaks */
    CONNECTION_FINISHING, /* no more is read; output is on its way */
    CONNECTION_LINGERING, /* we have shut our side; input is thrown away until the peer shuts its own */
};

/* One accepted socket, on one loop for life. The I/O is here alone: the protocols read and write through this. */
struct connection {
    TAILQ_ENTRY(connection) all, dirty; /* of the shard */
    struct shard *shard;
    struct bufferevent *stream;
    struct event *readable; /* cleartext, which is read here; NULL: the stream reads */
    struct peer peer;
    const struct protocol *protocol;
    void *self; /* the protocol's */
    enum connection_state state;
    enum net_end end_reason;
    bool is_dirty, is_paused, is_eof, is_lost;
    bool is_encrypted, is_shaken; /* TLS; and its handshake is done */
    bool is_broken;               /* nothing can be read or written any more */
    struct tls_watch watch;
    struct bucket tls_records;
    int64_t opened_ms, input_ms; /* when it came, when the last input came */
    int64_t output_ms;           /* when output last moved, or there was none */
    uint64_t queued_bytes, moved_bytes;
    size_t direct_bytes; /* written to the socket itself, since the last event */
    int64_t finishing_ms;
    size_t left_bytes; /* of the input, not taken yet */
    size_t lingered_bytes;
    void (*closed)(void *context);
    void *closed_context;
};

/* Owns the socket from now on. `closed` runs when it is gone. */
void connection_open(struct shard *shard, int fd, const struct peer *peer, void (*closed)(void *context),
                     void *closed_context);

/* For the protocols. */
void connection_write(struct connection *connection, const void *bytes, size_t size);
size_t connection_unsent(const struct connection *connection);
/* Asks that `flush` be called from the loop soon. */
void connection_want_flush(struct connection *connection);
/* Sends what is queued, says the end, and closes; the protocol is freed soon after. The first reason counts. */
void connection_finish(struct connection *connection, enum net_end reason);

/* For the shard: these may free the connection. */
void connection_flush(struct connection *connection);
void connection_check(struct connection *connection, int64_t now_ms);
void connection_drain(struct connection *connection);
/* Finishes it, or cuts it off where it has been finishing for too long. */
void connection_end(struct connection *connection, enum net_end reason);
