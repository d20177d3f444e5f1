#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

struct rpc_call;

enum rpc_kind {
    RPC_UNARY,
    RPC_CLIENT_STREAM, /* many requests, one answer */
    RPC_SERVER_STREAM, /* one request, many answers */
};

/* A method of the contract: one const row. The functions run on the call's loop. */
struct rpc_method {
    const char *path; /* "/partner.v1.MatchService/FindHosts" */
    const ProtobufCMessageDescriptor *request, *response;
    enum rpc_kind kind;
    unsigned access;      /* the authoriser's word: who may call it */
    size_t message_bytes; /* the largest message taken */

    /* RPC_UNARY, RPC_SERVER_STREAM: the request is in, in the call's arena. RPC_CLIENT_STREAM: request is NULL, the call
     * has begun. NULL: the method is UNIMPLEMENTED (and the row says that it is of the contract). */
    void (*start)(struct rpc_call *call, const ProtobufCMessage *request);
    /* RPC_CLIENT_STREAM: each message, in an arena that is emptied when the function returns; then the end. */
    void (*message)(struct rpc_call *call, const ProtobufCMessage *message);
    void (*half_close)(struct rpc_call *call);
    /* RPC_SERVER_STREAM: more may be sent, after rpc_call_send said no. */
    void (*writable)(struct rpc_call *call);
    /* The caller or its deadline ended the call before it was answered; NULL: nobody minds. Not called after an answer. */
    void (*cancelled)(struct rpc_call *call);

    /* Enum numbers that the contract does not have reach the handler, which refuses them one record at a time. False:
     * they are refused with the message. */
    bool enums_open;
};
