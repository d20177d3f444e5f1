#pragma once

#include <protobuf-c/protobuf-c.h>

struct rpc_call;

/* AdminService's methods on tokens. What they change is in force on the caller's own loop when they answer, and within a second
 * everywhere. */
void create_token_start(struct rpc_call *call, const ProtobufCMessage *request);
void list_tokens_start(struct rpc_call *call, const ProtobufCMessage *request);
void revoke_token_start(struct rpc_call *call, const ProtobufCMessage *request);
