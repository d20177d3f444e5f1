#pragma once

#include <stdatomic.h>

#include "loop/timer.h"
#include "rpc/call.h"
#include "rpc/exchange.h"
#include "rpc/grpc.h"
#include "rpc/method.h"
#include "rpc/server_parts.h"

/* The inside of a call: dispatch.c has its input, call.c its output and its end. */

/* Input that has come while the call was paused. */
struct rpc_backlog {
    unsigned char *bytes;
    size_t at, size, capacity;
};

struct rpc_call {
    struct rpc_server *server;
    const struct rpc_method *method; /* NULL: no such */
    struct loop *loop;
    const struct rpc_sink *sink;
    void *stream;
    struct arena *arena; /* holds the call itself too */
    void *state, *identity;
    const char *caller;
    const char *path, *peer;
    bool peer_is_loopback, is_encrypted;
    const struct rpc_header *metadata;
    size_t metadata_count;
    int64_t began_ns, deadline_ms;
    struct timer timer;

    struct grpc_decoder decoder;
    struct arena *message_arena; /* RPC_CLIENT_STREAM: of the message at hand */
    const ProtobufCMessage *request;
    struct rpc_backlog backlog;
    size_t upload_bytes, request_bytes; /* reserved with the server */
    size_t *connection_bytes;           /* the uploads of the whole connection; NULL: not counted */
    bool gzip, started, input_ended, paused, resume_posted;

    bool head_sent, blocked, closed;
    unsigned holds;
    _Atomic bool over;
};

/* Gives back the memory of input that nobody will read. */
void rpc_call_drop_input(struct rpc_call *call);
/* The connection goes, and with it what counts its uploads; the call may live on. */
void rpc_call_leave_connection(struct rpc_call *call);
/* What has waited in the backlog. */
void rpc_call_take_backlog(struct rpc_call *call);
