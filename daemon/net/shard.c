#include "net/shard.h"

#include <stdlib.h>

#include <event2/event.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/connection.h"

static void on_flush(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct shard *shard = context;
    struct connection *connection;
    while ((connection = TAILQ_FIRST(&shard->dirty))) {
        TAILQ_REMOVE(&shard->dirty, connection, dirty);
        connection->is_dirty = false;
        connection_flush(connection);
    }
}

static void report_when_drained(struct shard *shard)
{
    if (!shard->drain_due_ms || !shard->drained || !TAILQ_EMPTY(&shard->connections))
        return;
    void (*drained)(void *context) = shard->drained;
    shard->drained = NULL;
    drained(shard->drained_context);
}

static void on_sweep(void *context)
{
    struct shard *shard = context;
    int64_t now_ms = clock_monotonic_ms();
    bool is_late = shard->drain_due_ms && now_ms >= shard->drain_due_ms;
    for (struct connection *at = TAILQ_FIRST(&shard->connections), *next; at; at = next) {
        next = TAILQ_NEXT(at, all);
        if (is_late)
            connection_end(at, END_DRAINED);
        else
            connection_check(at, now_ms);
    }
    if (!TAILQ_EMPTY(&shard->connections))
        timer_set(&shard->sweep, shard->common->limits.sweep_ms);
    /* Connections that have just gone may still be on the way out of their own functions, but not of this one. */
    report_when_drained(shard);
}

void shard_init(struct shard *shard, struct net_common *common, struct loop *loop)
{
    *shard = (struct shard){.common = common, .loop = loop};
    TAILQ_INIT(&shard->connections);
    TAILQ_INIT(&shard->dirty);
    shard->flush = event_new(loop_base(loop), -1, 0, on_flush, shard);
    if (!shard->flush)
        abort();
    timer_init(&shard->sweep, loop, on_sweep, shard);
}

void shard_fini(struct shard *shard)
{
    if (shard->flush)
        event_free(shard->flush);
    shard->flush = NULL;
    timer_fini(&shard->sweep);
}

void shard_add(struct shard *shard, struct connection *connection)
{
    TAILQ_INSERT_TAIL(&shard->connections, connection, all);
    if (!timer_is_set(&shard->sweep))
        timer_set(&shard->sweep, shard->common->limits.sweep_ms);
}

void shard_remove(struct shard *shard, struct connection *connection)
{
    TAILQ_REMOVE(&shard->connections, connection, all);
    if (connection->is_dirty)
        TAILQ_REMOVE(&shard->dirty, connection, dirty);
    /* The last one of a drain is reported from the loop: here its own function is still to return. */
    if (shard->drain_due_ms && TAILQ_EMPTY(&shard->connections))
        timer_set(&shard->sweep, 0);
}

void shard_mark_dirty(struct shard *shard, struct connection *connection)
{
    if (connection->is_dirty)
        return;
    if (TAILQ_EMPTY(&shard->dirty))
        event_active(shard->flush, EV_TIMEOUT, 1);
    connection->is_dirty = true;
    TAILQ_INSERT_TAIL(&shard->dirty, connection, dirty);
}

void shard_drain(struct shard *shard, void (*drained)(void *context), void *context)
{
    shard->drain_due_ms = clock_monotonic_ms() + shard->common->limits.drain_ms;
    shard->drained = drained;
    shard->drained_context = context;
    for (struct connection *at = TAILQ_FIRST(&shard->connections), *next; at; at = next) {
        next = TAILQ_NEXT(at, all);
        connection_drain(at);
    }
    timer_set(&shard->sweep, TAILQ_EMPTY(&shard->connections) ? 0 : shard->common->limits.sweep_ms);
}
