#pragma once

#include <protobuf-c/protobuf-c.h>

struct rpc_call;

/* LoadConcepts, a client stream: options first, then concepts, gathered in memory and written in one transaction at the
 * end. At most 256 MiB and 1,000,000 concepts, else RESOURCE_EXHAUSTED. */
void load_concepts_start(struct rpc_call *call, const ProtobufCMessage *none);
void load_concepts_message(struct rpc_call *call, const ProtobufCMessage *message);
void load_concepts_half_close(struct rpc_call *call);
void load_concepts_cancelled(struct rpc_call *call);
