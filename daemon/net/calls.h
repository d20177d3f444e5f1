#pragma once

#include "rpc/exchange.h"

/* The calls' side of rpc/exchange.h as a table, so that a server can be tried without rpc. */
struct net_calls {
    struct rpc_call *(*begin)(struct rpc_server *server, struct loop *loop, const struct rpc_sink *sink,
                              void *stream, const struct rpc_request_head *head);
    void (*on_data)(struct rpc_call *call, const void *bytes, size_t size);
    void (*on_end)(struct rpc_call *call);
    void (*on_close)(struct rpc_call *call);
    void (*on_writable)(struct rpc_call *call);
    bool (*awaits_bytes)(const struct rpc_call *call); /* NULL: always */
};

/* rpc's own. */
extern const struct net_calls net_calls_rpc;
