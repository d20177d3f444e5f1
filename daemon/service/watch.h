#pragma once

#include <protobuf-c/protobuf-c.h>

struct loop;
struct replica;
struct rpc_call;
struct store;

/* Watch: every change after a revision. For the method's row. */
void watch_start(struct rpc_call *call, const ProtobufCMessage *request);
void watch_writable(struct rpc_call *call);
void watch_cancelled(struct rpc_call *call);

/* All watchers of a loop: fed together from the replica's newest changes, one after the other from the log where they are
 * further back. The loop's thread alone, but for new and free. */
struct watch_hub;

/* Before the replica starts. */
struct watch_hub *watch_hub_new(struct loop *loop, struct store *store, struct replica *replica);
/* After the store's end, before the loop's. NULL is fine. */
void watch_hub_free(struct watch_hub *hub);
/* Ends all watchers with UNAVAILABLE, also those that are still to come: the daemon stops. Any thread; soon, on the loop. */
void watch_hub_stop(struct watch_hub *hub);
