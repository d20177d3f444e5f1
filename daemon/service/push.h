#pragma once

#include <protobuf-c/protobuf-c.h>

struct rpc_call;

/* RegistryService.Push: the parts of its row. */
void push_start(struct rpc_call *call, const ProtobufCMessage *request);
void push_message(struct rpc_call *call, const ProtobufCMessage *message);
void push_half_close(struct rpc_call *call);
void push_cancelled(struct rpc_call *call);
