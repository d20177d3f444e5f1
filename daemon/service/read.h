#pragma once

#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"
#include "service/auth.h"

struct arena;
struct packer;
struct rpc_call;
struct snapshot;
struct upstream_board;

/* What a read answers from. All of it stays until the answer is there; any thread. */
struct read {
    struct arena *arena; /* the call's: the answer goes here */
    const struct snapshot *snapshot;
    struct upstream_board *upstreams;
    const ProtobufCMessage *request;
    enum caller caller;
    int32_t today; /* UTC day number of the request */

    /* Set by `prepare`. */
    void *question;  /* the request, checked and understood */
    int64_t cost_us; /* about how long the answer takes; over 1,000 it is made on a worker */
};

/* A method that reads: pure, so that it can run on the call's loop or on a worker. */
struct read_method {
    /* Checks the request, sets question and cost_us; on the call's loop. NULL: there is nothing to prepare. */
    struct status (*prepare)(struct read *read);
    /* Puts the response, packed. */
    struct status (*answer)(const struct read *read, struct packer *packer);
};

/* Answers the call by the method, from a snapshot of at least min_revision: waits for it at most 30 s or the call's
 * deadline, then DEADLINE_EXCEEDED. UNAVAILABLE while nothing is loaded yet. */
void read_start(struct rpc_call *call, const ProtobufCMessage *request, uint64_t min_revision,
                const struct read_method *method);
/* For rpc_method.cancelled of every method that reads. */
void read_cancelled(struct rpc_call *call);
