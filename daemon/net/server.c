#include "net/server.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "loop/spread.h"
#include "net/address.h"
#include "net/address_count.h"
#include "net/common.h"
#include "net/connection.h"
#include "net/listener.h"
#include "net/shard.h"

/* The part of a server that belongs to one loop. */
struct branch {
    struct net_server *server;
    struct shard shard;
};

struct net_server {
    struct net_common common;
    struct loop *acceptor; /* the listeners, the counts and the drain are its thread's alone */
    struct listener *listeners;
    unsigned listener_count;
    struct branch *branches;
    unsigned branch_count, next_branch;
    unsigned connection_count;
    struct address_count *addresses;
    unsigned branches_left; /* of a drain */
    void (*drained)(void *context);
    void *drained_context;
};

/* A connection as the acceptor knows it. */
struct guest {
    struct branch *branch;
    struct peer peer;
    int fd;
};

/* ---- coming and going ------------------------------------------------------------------------------------------- */

/* On the acceptor's loop. */
static void guest_leave(void *context)
{
    struct guest *guest = context;
    struct net_server *server = guest->branch->server;
    server->connection_count--;
    address_count_remove(server->addresses, guest->peer.key);
    free(guest);
}

static void guest_closed(void *context)
{
    struct guest *guest = context;
    loop_post(guest->branch->server->acceptor, guest_leave, guest);
}

/* On the loop that the connection will live on. */
static void guest_enter(void *context)
{
    struct guest *guest = context;
    connection_open(&guest->branch->shard, guest->fd, &guest->peer, guest_closed, guest);
}

/* True, and counted, when there is room for one more. */
static bool admit(struct net_server *server, const struct peer *peer)
{
    const struct net_limits *limits = &server->common.limits;
    if (server->connection_count >= limits->connections) {
        metric_add(server->common.counters.refused[REFUSED_FULL], 1);
        return false;
    }
    unsigned of_address = address_count_add(server->addresses, peer->key);
    if (of_address > limits->connections_per_address && !peer->is_loopback) {
        address_count_remove(server->addresses, peer->key);
        metric_add(server->common.counters.refused[REFUSED_ADDRESS], 1);
        return false;
    }
    server->connection_count++;
    return true;
}

static void on_accepted(void *context, int fd, const struct sockaddr *address)
{
    struct net_server *server = context;
    struct guest *guest = heap_zalloc(sizeof *guest);
    peer_init(&guest->peer, address);
    if (!admit(server, &guest->peer)) {
        close(fd);
        free(guest);
        return;
    }
    metric_add(server->common.counters.accepted, 1);
    guest->fd = fd;
    guest->branch = &server->branches[server->next_branch];
    server->next_branch = (server->next_branch + 1) % server->branch_count;
    loop_post(guest->branch->shard.loop, guest_enter, guest);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static struct status listen_all(struct arena *arena, struct net_server *server, const char *const *addresses)
{
    unsigned count = 0;
    while (addresses[count])
        count++;
    server->listeners = heap_zalloc(count * sizeof *server->listeners);
    for (unsigned i = 0; i < count; i++) {
        int fd;
        unsigned port;
        struct status status = address_listen(arena, addresses[i], &fd, &port);
        if (!status_ok(status))
            return status;
        struct listener *listener = &server->listeners[server->listener_count++];
        listener_init(listener, server->acceptor, fd, port);
        listener->refused = server->common.counters.refused[REFUSED_DESCRIPTORS];
        listener->accepted = on_accepted;
        listener->context = server;
    }
    return STATUS_NONE;
}

struct status net_server_open(struct arena *arena, const struct net_server_settings *settings,
                              struct net_server **ret_server)
{
    struct net_server *server = heap_zalloc(sizeof *server);
    signal(SIGPIPE, SIG_IGN);
    server->common.limits = settings->limits;
    server->common.calls = settings->calls;
    server->common.rpc = settings->rpc;
    server->common.tls = settings->tls;
    server->common.page = settings->page;
    server->common.page_context = settings->page_context;
    net_counters_init(&server->common.counters);
    server->common.spread = spread_new(settings->loop_count);
    server->acceptor = settings->loops[0];
    server->addresses = address_count_new();
    server->branch_count = settings->loop_count;
    server->branches = heap_zalloc(server->branch_count * sizeof *server->branches);
    for (unsigned i = 0; i < server->branch_count; i++) {
        assert(loop_number(settings->loops[i]) == i);
        server->branches[i].server = server;
        shard_init(&server->branches[i].shard, &server->common, settings->loops[i]);
    }
    struct status status = listen_all(arena, server, settings->addresses);
    if (status_ok(status))
        *ret_server = server;
    else
        net_server_free(server);
    return status;
}

static void close_listeners(struct net_server *server)
{
    for (unsigned i = 0; i < server->listener_count; i++)
        listener_fini(&server->listeners[i]);
}

void net_server_free(struct net_server *server)
{
    if (!server)
        return;
    close_listeners(server);
    for (unsigned i = 0; i < server->branch_count; i++)
        shard_fini(&server->branches[i].shard);
    spread_free(server->common.spread);
    address_count_free(server->addresses);
    free(server->branches);
    free(server->listeners);
    free(server);
}

static void start(void *context)
{
    struct net_server *server = context;
    for (unsigned i = 0; i < server->listener_count; i++)
        listener_start(&server->listeners[i]);
}

void net_server_start(struct net_server *server)
{
    loop_post(server->acceptor, start, server);
}

unsigned net_server_port(const struct net_server *server, unsigned index)
{
    return index < server->listener_count ? server->listeners[index].port : 0;
}

/* ---- the drain -------------------------------------------------------------------------------------------------- */

/* On the acceptor's loop; what the connections' ends had posted to it has run before. */
static void branch_is_drained(void *context)
{
    struct branch *branch = context;
    struct net_server *server = branch->server;
    if (--server->branches_left)
        return;
    log_event(LOG_INFO, "server.drained", "all connections are closed");
    server->drained(server->drained_context);
}

static void branch_report(void *context)
{
    struct branch *branch = context;
    shard_fini(&branch->shard);
    loop_post(branch->server->acceptor, branch_is_drained, branch);
}

static void branch_drain(void *context)
{
    struct branch *branch = context;
    shard_drain(&branch->shard, branch_report, branch);
}

static void drain(void *context)
{
    struct net_server *server = context;
    log_event(LOG_INFO, "server.drain", "no more connections are taken",
              LOG_NUMBER("connections", server->connection_count));
    close_listeners(server);
    server->branches_left = server->branch_count;
    for (unsigned i = 0; i < server->branch_count; i++)
        loop_post(server->branches[i].shard.loop, branch_drain, &server->branches[i]);
}

void net_server_drain(struct net_server *server, void (*done)(void *context), void *context)
{
    server->drained = done;
    server->drained_context = context;
    loop_post(server->acceptor, drain, server);
}
