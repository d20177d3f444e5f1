#include "store/dblink.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "store/conninfo.h"
#include "store/store.h"

enum { BACKOFF_FIRST_MS = 50, BACKOFF_MOST_MS = 1000, REASON_BYTES = 200 };

enum link_state { LINK_CLOSED, LINK_OPENING, LINK_OPEN };

struct dblink {
    struct loop *loop;
    const struct store_settings *settings;
    struct dblink_handlers handlers;
    void *context;
    PGconn *pg; /* NULL only while closed */
    enum link_state state;
    struct event *readable, *writable; /* of the present socket; freed before libpq closes it */
    struct timer timer;                /* closed: the next attempt; else: its end */
    struct timer drop;                 /* set to end the connection from the loop */
    struct timer watch;
    unsigned watch_ms;
    unsigned backoff_ms;
    int64_t opened_ms;
    unsigned turn; /* of the hosts */
    const char *drop_reason;
    bool has_failed; /* since it was last open: said once */
};

static void on_attempt(void *context);

static void events_free(struct dblink *link)
{
    if (link->readable)
        event_free(link->readable);
    if (link->writable)
        event_free(link->writable);
    link->readable = link->writable = NULL;
}

static void link_finish(struct dblink *link)
{
    events_free(link);
    timer_clear(&link->timer);
    timer_clear(&link->drop);
    timer_clear(&link->watch);
    PQfinish(link->pg);
    link->pg = NULL;
    link->state = LINK_CLOSED;
}

/* libpq's text, in one line. */
static void reason_copy(char reason[REASON_BYTES], const char *text)
{
    snprintf(reason, REASON_BYTES, "%s", text);
    for (char *at = reason; *at; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
}

static void link_close(struct dblink *link, const char *why)
{
    char reason[REASON_BYTES];
    reason_copy(reason, why ? why : PQerrorMessage(link->pg));
    bool was_open = link->state == LINK_OPEN;
    /* One that goes as soon as it has come is not tried again and again. */
    if (was_open && clock_monotonic_ms() - link->opened_ms > BACKOFF_MOST_MS)
        link->backoff_ms = BACKOFF_FIRST_MS;
    link_finish(link);
    if (was_open || !link->has_failed)
        log_event(LOG_WARN, was_open ? "store.lost" : "store.unreachable", "the database can't be reached",
                  LOG_TEXT("reason", reason), LOG_NUMBER("retry_ms", link->backoff_ms));
    link->has_failed = true;
    link->timer.run = on_attempt;
    timer_set(&link->timer, link->backoff_ms);
    link->backoff_ms = link->backoff_ms * 2 < BACKOFF_MOST_MS ? link->backoff_ms * 2 : BACKOFF_MOST_MS;
    link->handlers.closed(link->context);
}

/* ---- an open connection ---- */

static void on_readable(evutil_socket_t, short, void *context)
{
    struct dblink *link = context;
    if (!PQconsumeInput(link->pg)) {
        link_close(link, NULL);
        return;
    }
    if (link->watch_ms)
        timer_set(&link->watch, link->watch_ms);
    /* Reading makes room on the other side: what is still to go out may go on. */
    dblink_flush(link);
    link->handlers.input(link->context);
    if (PQstatus(link->pg) == CONNECTION_BAD)
        dblink_drop(link, NULL);
}

static void on_writable(evutil_socket_t, short, void *context)
{
    dblink_flush(context);
}

void dblink_flush(struct dblink *link)
{
    if (link->state != LINK_OPEN)
        return;
    int left = PQflush(link->pg);
    if (left < 0)
        dblink_drop(link, NULL);
    else if (left > 0)
        event_add(link->writable, NULL);
}

static void on_drop(void *context)
{
    struct dblink *link = context;
    link_close(link, link->drop_reason);
}

void dblink_drop(struct dblink *link, const char *reason)
{
    if (link->state == LINK_CLOSED || timer_is_set(&link->drop))
        return;
    link->drop_reason = reason;
    timer_set(&link->drop, 0);
}

static void on_silence(void *context)
{
    link_close(context, "the database is silent");
}

void dblink_watch(struct dblink *link, unsigned silence_ms)
{
    link->watch_ms = silence_ms;
    if (silence_ms && link->state == LINK_OPEN)
        timer_set(&link->watch, silence_ms);
    else
        timer_clear(&link->watch);
}

PGconn *dblink_pg(const struct dblink *link)
{
    return link->state == LINK_OPEN ? link->pg : NULL;
}

/* ---- opening ---- */

static void link_opened(struct dblink *link)
{
    events_free(link);
    timer_clear(&link->timer);
    PQsetnonblocking(link->pg, 1);
    link->readable =
        event_new(loop_base(link->loop), PQsocket(link->pg), EV_READ | EV_PERSIST, on_readable, link);
    link->writable = event_new(loop_base(link->loop), PQsocket(link->pg), EV_WRITE, on_writable, link);
    event_add(link->readable, NULL);
    link->state = LINK_OPEN;
    link->opened_ms = clock_monotonic_ms();
    link->turn--; /* next time the same host first */
    if (link->has_failed)
        log_event(LOG_INFO, "store.open", "the database is reached again");
    link->has_failed = false;
    link->handlers.opened(link->context);
}

static void link_poll(evutil_socket_t, short, void *context)
{
    struct dblink *link = context;
    /* libpq may go on with another socket of the same number, which epoll would not know: an event anew each step. */
    events_free(link);
    PostgresPollingStatusType next = PQconnectPoll(link->pg);
    if (next == PGRES_POLLING_OK) {
        link_opened(link);
    } else if (next == PGRES_POLLING_FAILED) {
        link_close(link, NULL);
    } else {
        short what = next == PGRES_POLLING_READING ? EV_READ : EV_WRITE;
        link->readable = event_new(loop_base(link->loop), PQsocket(link->pg), what, link_poll, link);
        event_add(link->readable, NULL);
    }
}

static void on_notice(void *, const PGresult *result)
{
    log_event(LOG_DEBUG, "store.notice", "the database says something",
              LOG_TEXT("text", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

static void on_connect_timeout(void *context)
{
    link_close(context, "no connection in time");
}

static void on_attempt(void *context)
{
    struct dblink *link = context;
    struct conninfo conninfo;
    struct arena *arena = arena_new(0);
    conninfo_parse(arena, link->settings->conninfo, link->turn++, &conninfo);
    link->pg = PQconnectStartParams(conninfo.names, conninfo.values, 1);
    arena_free(arena);
    if (!link->pg)
        abort();
    link->state = LINK_OPENING;
    if (PQstatus(link->pg) == CONNECTION_BAD) {
        link_close(link, NULL);
        return;
    }
    PQsetNoticeReceiver(link->pg, on_notice, NULL);
    link->timer.run = on_connect_timeout;
    timer_set(&link->timer, link->settings->connect_timeout_ms);
    link->readable = event_new(loop_base(link->loop), PQsocket(link->pg), EV_WRITE, link_poll, link);
    event_add(link->readable, NULL);
}

struct dblink *dblink_new(struct loop *loop, const struct store_settings *settings,
                          const struct dblink_handlers *handlers, void *context)
{
    struct dblink *link = heap_zalloc(sizeof *link);
    *link = (struct dblink){.loop = loop,
                            .settings = settings,
                            .handlers = *handlers,
                            .context = context,
                            .backoff_ms = BACKOFF_FIRST_MS};
    timer_init(&link->timer, loop, on_attempt, link);
    timer_init(&link->drop, loop, on_drop, link);
    timer_init(&link->watch, loop, on_silence, link);
    timer_set(&link->timer, 0);
    return link;
}

void dblink_free(struct dblink *link)
{
    if (!link)
        return;
    link_finish(link);
    timer_fini(&link->timer);
    timer_fini(&link->drop);
    timer_fini(&link->watch);
    free(link);
}
