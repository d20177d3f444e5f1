#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "rpc/server.h"

/* What calls ask of their server. Any thread. */

const struct rpc_server_settings *rpc_server_settings(const struct rpc_server *server);

/* Bytes of memory for a message, out of what all calls may take together; large ones (over 64 KiB) never take what is
 * left for small ones. False: there is no more. Paired, with the same size. */
bool rpc_server_reserve(struct rpc_server *server, size_t bytes);
void rpc_server_unreserve(struct rpc_server *server, size_t bytes);
/* The most that can ever be reserved at once. */
size_t rpc_server_reserve_most(const struct rpc_server *server);

/* Counts a call that has ended; method NULL: of no method known. */
void rpc_server_count(struct rpc_server *server, const struct rpc_method *method, enum status_code code,
                      int64_t ns);
