#pragma once

#include <protobuf-c/protobuf-c.h>

struct rpc_call;

/* Export: all records of a snapshot, organisations first, then offers, needs and partnerships, each kind in order of id, in
 * messages of at most 1 MiB; fed at its reader's pace. For the method's row. */
void export_start(struct rpc_call *call, const ProtobufCMessage *request);
void export_writable(struct rpc_call *call);
void export_cancelled(struct rpc_call *call);
