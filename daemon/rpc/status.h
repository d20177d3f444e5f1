#pragma once

#include <stddef.h>

#include "base/status.h"
#include "rpc/exchange.h"

struct arena;

/* A status as gRPC's trailers carry it, and back. */

enum { RPC_STATUS_HEADERS = 3 };

/* grpc-status; unless OK grpc-message (with the field's path in front, where the message does not name it), and grpc-status-details-bin with ErrorInfo (domain "partner"), BadRequest with
 * all faults, RetryInfo. Stock clients refuse more than 8 KiB of trailers: what would pass is left out, and said so.
 * Returns how many were written; values are the arena's. OK needs none: NULL. */
size_t rpc_status_write(struct arena *arena, struct status status,
                        struct rpc_header headers[RPC_STATUS_HEADERS]);

/* The values of those headers; message and details may be NULL. A grpc-status that is no number is UNKNOWN. Details
 * that cannot be read are ignored. Texts: the arena's. */
struct status rpc_status_read(struct arena *arena, const char *code, const char *message,
                              const char *details);
