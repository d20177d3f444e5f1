#pragma once

#include <protobuf-c/protobuf-c.h>

struct rpc_call;

/* Apply: checks each record on a worker, then has the batch judged and written in one transaction. */
void apply_start(struct rpc_call *call, const ProtobufCMessage *request);
