#pragma once

#include <stddef.h>

#include "base/status.h"
#include "net/calls.h"
#include "net/limits.h"
#include "net/page.h"

struct arena;
struct loop;
struct rpc_server;
struct tls;

/* HTTP/2 and HTTP/1.1 on the same ports, in cleartext or over TLS: HTTP/2 streams become calls, GET and HEAD get pages. */
struct net_server;

struct net_server_settings {
    const char *const
        *addresses; /* "127.0.0.1:8470", "[::1]:8470", port 0: any that is free; NULL at the end; copied */
    struct loop *const
        *loops; /* numbered from 0: connections go round, the first accepts them. They outlive the server */
    unsigned loop_count;
    struct net_limits limits;      /* net_limits_default() */
    const struct net_calls *calls; /* &net_calls_rpc */
    struct rpc_server *rpc;
    struct tls *tls;   /* on all addresses; outlives the server's connections. NULL: cleartext */
    net_page_fn *page; /* may be NULL: no page */
    void *page_context;
};

/* Binds and listens; nobody is answered yet. Sets SIGPIPE to be ignored. INVALID_ARGUMENT (field "listen"): an address that
 * cannot be read; UNAVAILABLE: one that cannot be had; the message, in the arena, names it. */
struct status net_server_open(struct arena *arena, const struct net_server_settings *settings,
                              struct net_server **ret_server);
/* The loops run, or will, until net_server_drain is done. Any thread. */
void net_server_start(struct net_server *server);
/* The port of the address with this index; 0 beyond the last. */
unsigned net_server_port(const struct net_server *server, unsigned index);

/* Takes no more connections, asks all clients to go elsewhere (GOAWAY), waits for the calls under way for `drain_ms` at the
 * most, and closes. Then `done` runs, once, on the first loop; the server may be freed there. Any thread; once, after
 * net_server_start. */
void net_server_drain(struct net_server *server, void (*done)(void *context), void *context);
/* One that was drained, or never started. NULL is fine. */
void net_server_free(struct net_server *server);
