#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sys/queue.h>

#include "loop/timer.h"
#include "net/common.h"

struct connection;
struct event;
struct loop;

TAILQ_HEAD(connection_list, connection);

enum { SHARD_BLOCK_BYTES = 64 * 1024 };

/* The connections of one server on one loop. Its thread, but for init and for fini before anything was opened. */
struct shard {
    struct net_common *common;
    struct loop *loop;
    struct connection_list connections;
    struct connection_list dirty; /* have something to send that came from outside of their own events */
    struct event *flush;
    struct timer sweep;
    int64_t drain_due_ms; /* 0: not draining */
    void (*drained)(void *context);
    void *drained_context;
    char input[SHARD_BLOCK_BYTES]; /* what has just been read */
    char block[SHARD_BLOCK_BYTES]; /* where pieces of output are put together */
};

void shard_init(struct shard *shard, struct net_common *common, struct loop *loop);
void shard_fini(struct shard *shard); /* a second time is fine */

/* For connections: joining and leaving, and asking for connection_flush soon. */
void shard_add(struct shard *shard, struct connection *connection);
void shard_remove(struct shard *shard, struct connection *connection);
void shard_mark_dirty(struct shard *shard, struct connection *connection);

/* Asks all connections to end, and those that come; `drained` runs once, when none is left. The shard may be ended then. */
void shard_drain(struct shard *shard, void (*drained)(void *context), void *context);
