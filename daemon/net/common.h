#pragma once

#include "net/calls.h"
#include "net/counters.h"
#include "net/limits.h"
#include "net/page.h"

struct spread;
struct tls;

/* What all connections of a server share; constant once it is open. */
struct net_common {
    struct net_limits limits;
    struct net_counters counters;
    struct spread *spread; /* of the loops, by their numbers */
    const struct net_calls *calls;
    struct rpc_server *rpc;
    struct tls *tls; /* NULL: cleartext */
    net_page_fn *page;
    void *page_context;
};
