#pragma once

#include <stddef.h>

#include "base/status.h"

struct rpc_call;
struct rpc_method;

/* All methods that are served; any loop. Counts partnerd_rpc_total{method,code} and partnerd_rpc_seconds{method}. */
struct rpc_server;

struct rpc_server_settings {
    /* Each ends with a row whose path is NULL; the list ends with NULL. */
    const struct rpc_method *const *tables;
    void *services; /* rpc_call_services */
    /* Asked before a request is read further: OK, UNAUTHENTICATED, PERMISSION_DENIED. NULL: all may call. */
    struct status (*authorise)(struct rpc_call *call, const struct rpc_method *method);
    /* Told of the end of a call that has an identity; NULL: nobody minds. */
    void (*ended)(struct rpc_call *call);
    size_t decompressed_bytes;      /* the most that a gzip message may become; 0: what its method takes */
    size_t upload_bytes;            /* of all messages that are being received or handled; 0: 256 MiB */
    size_t connection_upload_bytes; /* of those being received on one connection; 0: 32 MiB */
};

/* The tables stay with the caller, as long as the server. */
struct rpc_server *rpc_server_new(const struct rpc_server_settings *settings);
/* After the end of all its calls. */
void rpc_server_free(struct rpc_server *server);
/* The method at a path, or NULL. */
const struct rpc_method *rpc_server_method(const struct rpc_server *server, const char *path);
