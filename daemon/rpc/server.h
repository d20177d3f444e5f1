#pragma once

#include <stddef.h>

#include "base/status.h"

struct rpc_call;
struct rpc_method;

/* All methods that are served; immutable, any loop. */
struct rpc_server;

struct rpc_server_settings {
    const struct rpc_method *const *tables; /* each ends with a row whose path is NULL; the list ends with NULL */
    void *services;                         /* rpc_call_services */
    /* Asked before a request is read further: OK, UNAUTHENTICATED, PERMISSION_DENIED. */
    struct status (*authorise)(struct rpc_call *call, const struct rpc_method *method);
    size_t decompressed_bytes; /* of one message; 0: 4 MiB */
};

struct rpc_server *rpc_server_new(const struct rpc_server_settings *settings);
void rpc_server_free(struct rpc_server *server);
/* The method at a path, or NULL. */
const struct rpc_method *rpc_server_method(const struct rpc_server *server, const char *path);
