#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct arena;
struct packer;
struct loop;
struct rpc_method;

/* One call, whatever carried it. Lives on its loop until it is answered or cancelled and nobody holds it. */
struct rpc_call;

struct arena *rpc_call_arena(struct rpc_call *call);
struct loop *rpc_call_loop(const struct rpc_call *call);
const struct rpc_method *rpc_call_method(const struct rpc_call *call);
/* What rpc_server_new was given for the services. */
void *rpc_call_services(const struct rpc_call *call);
/* The handler's own, NULL at first. */
void *rpc_call_state(const struct rpc_call *call);
void rpc_call_set_state(struct rpc_call *call, void *state);

/* clock_monotonic_ms() at which the caller stops waiting; INT64_MAX: never. The call is cancelled then by itself, with
 * DEADLINE_EXCEEDED. */
int64_t rpc_call_deadline_ms(const struct rpc_call *call);
const char *rpc_call_peer(const struct rpc_call *call);
bool rpc_call_peer_is_loopback(const struct rpc_call *call);
/* It came over TLS. */
bool rpc_call_is_encrypted(const struct rpc_call *call);
/* Who calls, as the authoriser has found: its own, and a short name for the log; NULL and "" at first. */
void rpc_call_set_identity(struct rpc_call *call, void *identity, const char *caller);
void *rpc_call_identity(const struct rpc_call *call);
/* A metadata value of the request ("authorization"), or NULL. */
const char *rpc_call_metadata(const struct rpc_call *call, const char *name);

/* Answers a unary or client-streaming call with OK. The message is packed at once. After the end of the call: nothing. */
void rpc_call_reply(struct rpc_call *call, const ProtobufCMessage *response);
/* The same with a message that a packer holds; it gets the frame in front. */
void rpc_call_reply_packer(struct rpc_call *call, struct packer *packer);
/* The same with a message that is packed already. */
void rpc_call_reply_packed(struct rpc_call *call, const void *bytes, size_t size);
/* Ends the call with a status (also STATUS_NONE, of a server stream). After the end of the call: nothing. */
void rpc_call_finish(struct rpc_call *call, struct status status);
/* The same out of the handler's turn: it is told by `cancelled`. */
void rpc_call_cancel(struct rpc_call *call, struct status status);
/* One message of a server stream. False: too much is unsent, wait for `writable`; the message is queued all the same. */
bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *response);
/* The same with a message that is packed already. */
bool rpc_call_send_packed(struct rpc_call *call, const void *bytes, size_t size);
/* For how long the caller has taken nothing of what was sent; 0 where nothing waits, or the call is over. */
int64_t rpc_call_stalled_ms(const struct rpc_call *call);
/* rpc_call_finish with a failure, for a caller that takes nothing: what waits is thrown away, so that the status arrives. */
void rpc_call_abandon(struct rpc_call *call, struct status status);

/* Answered, cancelled or lost: a job may stop early. Any thread that holds the call. */
bool rpc_call_is_over(const struct rpc_call *call);
/* The whole request is in: what there is to do can be done without the caller. */
bool rpc_call_is_whole(const struct rpc_call *call);
/* While held, the call and its arena stay, though it be over. Pairs; the loop's thread. */
void rpc_call_hold(struct rpc_call *call);
void rpc_call_release(struct rpc_call *call);

/* RPC_CLIENT_STREAM: takes no more messages until resumed; the peer is held back by flow control. */
void rpc_call_pause(struct rpc_call *call);
void rpc_call_resume(struct rpc_call *call);
