#include "net/calls.h"

const struct net_calls net_calls_rpc = {
    .begin = rpc_server_begin,
    .on_data = rpc_call_on_data,
    .on_end = rpc_call_on_end,
    .on_close = rpc_call_on_close,
    .on_writable = rpc_call_on_writable,
    .awaits_bytes = rpc_call_awaits_bytes,
};
