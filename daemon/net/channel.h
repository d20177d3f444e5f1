#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"
#include "rpc/exchange.h"

struct arena;
struct loop;

/* A gRPC client: calls to one server over one HTTP/2 connection, in cleartext or over TLS, made with the first call and made anew by the
 * next call after it was lost. Lives on its loop's thread. The program ignores SIGPIPE. */
struct channel;
struct channel_call;

struct channel_settings {
    const char *
        target; /* "http://127.0.0.1:8470", "https://partner.example", "localhost:8470", "[::1]:8470"; port 8470 where
                    none is named, cleartext where "https://" is not */
    const char
        *ca_file;      /* PEM, of those who may sign the server's certificate; NULL: whom the system trusts */
    const char *token; /* sent as "authorization: Bearer ..." with each call; NULL: none */
    const char *user_agent; /* NULL: "partner/<version>" */
    int connect_timeout_ms; /* 0: 5,000 */
    size_t message_bytes;   /* the largest answer taken; 0: 16 MiB */
};

/* Never NULL, and nothing is connected yet. A target or CA file that cannot be read ends each call with INVALID_ARGUMENT, a server
 * that cannot be reached with UNAVAILABLE and a sentence that names it. Looking up a name blocks the first call. */
struct channel *channel_open(struct loop *loop, const struct channel_settings *settings);
/* Calls under way end with CANCELLED, before it returns. Not from within a function that a call was given. */
void channel_close(struct channel *channel); /* NULL is fine */

/* What a call is told; always later, from the loop, never within a function below. */
struct channel_call_settings {
    const char *path; /* "/partner.v1.MatchService/FindHosts" */
    const ProtobufCMessageDescriptor *response;
    int64_t timeout_ms;                /* for the whole call, sent along as grpc-timeout; 0: none */
    const struct rpc_header *metadata; /* copied */
    size_t metadata_count;

    /* Each message of the answer; gone when the function returns. May be NULL. */
    void (*message)(void *context, const ProtobufCMessage *message);
    /* More may be sent, after channel_call_send said no. May be NULL. */
    void (*writable)(void *context);
    /* The end, once: the call is gone when the function returns, and so is what the status points to. */
    void (*end)(void *context, struct status status);
    void *context;
};

struct channel_call *channel_call_begin(struct channel *channel,
                                        const struct channel_call_settings *settings);
/* Queues a message, packed at once. False: over 128 KiB are unsent, wait for `writable`; the message is queued all the
 * same. */
bool channel_call_send(struct channel_call *call, const ProtobufCMessage *request);
/* No more messages follow. */
void channel_call_half_close(struct channel_call *call);
/* Takes no more messages until resumed: the server is held back by flow control. */
void channel_call_pause(struct channel_call *call);
void channel_call_resume(struct channel_call *call);
/* Ends the call; `end` is not called, the call is gone. */
void channel_call_cancel(struct channel_call *call);

/* For a program that does one thing at a time; the loop is not running. */

/* Runs the channel's loop until *done. */
void channel_wait(struct channel *channel, const bool *done);
/* A unary call: sends the request and runs the loop until the answer is in the arena (status texts too). timeout_ms 0: none. */
struct status channel_call_blocking(struct channel *channel, const char *path,
                                    const ProtobufCMessage *request,
                                    const ProtobufCMessageDescriptor *response, struct arena *arena,
                                    int64_t timeout_ms, ProtobufCMessage **ret_response);
