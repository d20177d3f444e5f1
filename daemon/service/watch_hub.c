#include "service/watch.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "replica/replica.h"
#include "rpc/call.h"
#include "service/services.h"
#include "service/watch_parts.h"

/* Changes of a moment share a message. */
enum { FEED_EVERY_MS = 4, TICK_MS = 250, AWAY_MS = 5000, AWAY_RETRY_MS = 1000 };

/* ---- ends ---- */

static struct status say(struct watcher *watcher, enum status_code code, const char *reason, const char *why)
{
    struct status status =
        status_format(rpc_call_arena(watcher->call), code, NULL, "%s: go on after revision %llu", why,
                      (unsigned long long)watcher->sent_revision);
    status.reason = reason;
    status.retry_ms = AWAY_RETRY_MS;
    return status;
}

static void give_up(struct watcher *watcher)
{
    if (watcher->is_over && !watcher->is_reading)
        rpc_call_release(watcher->call);
}

void watcher_end(struct watcher *watcher)
{
    struct watch_hub *hub = watcher->hub;
    if (watcher->is_over)
        return;
    watcher->is_over = true;
    TAILQ_REMOVE(&hub->all, watcher, all);
    if (watcher->is_waiting)
        TAILQ_REMOVE(&hub->readers, watcher, readers);
    watcher->is_waiting = false;
    metric_add(hub->watchers_metric, (uint64_t)-1);
    give_up(watcher);
}

void watcher_finish(struct watcher *watcher, struct status status)
{
    rpc_call_finish(watcher->call, status);
    watcher_end(watcher);
}

/* ---- the log, one watcher at a time ---- */

static void on_read_turn(void *context);

static void take_page(struct watcher *watcher, struct status status, const struct log_line *line,
                      const PGresult *rows)
{
    if (watcher->is_over) {
        give_up(watcher);
        return;
    }
    if (!status_ok(status))
        status = say(watcher, status.code, status.reason, status.message);
    else
        status = watcher_check_line(watcher, line);
    if (!status_ok(status)) {
        watcher_finish(watcher, status);
        return;
    }
    if (rows)
        watcher_take_rows(watcher, rows);
    if (!watcher->is_begun) {
        watcher->is_begun = true;
        watcher_beat(watcher);
    }
    watcher_feed(watcher);
}

static void on_page(struct log_page *page, struct status status, const struct log_line *line,
                    const PGresult *rows)
{
    struct watcher *watcher = (struct watcher *)((char *)page - offsetof(struct watcher, page));
    struct watch_hub *hub = watcher->hub;
    watcher->is_reading = false;
    hub->reader = NULL;
    take_page(watcher, status, line, rows);
    if (!TAILQ_EMPTY(&hub->readers)) /* later: a refusal comes at once, and many may be refused */
        loop_post(hub->loop, on_read_turn, hub);
}

static void on_read_turn(void *context)
{
    struct watch_hub *hub = context;
    struct watcher *watcher = TAILQ_FIRST(&hub->readers);
    if (hub->reader || !watcher)
        return;
    TAILQ_REMOVE(&hub->readers, watcher, readers);
    watcher->is_waiting = false;
    watcher->is_reading = true;
    hub->reader = watcher;
    watcher->page = (struct log_page){.store = hub->store, .arena = hub->page_arena, .done = on_page};
    metric_add(hub->pages_metric, !watcher->wants_line);
    if (watcher->wants_line)
        log_page_read_line(&watcher->page);
    else
        log_page_read(&watcher->page, watcher->place.whole, watcher->place.ordinal);
}

void watch_hub_read(struct watcher *watcher, bool line_alone)
{
    struct watch_hub *hub = watcher->hub;
    watcher->is_waiting = true;
    watcher->wants_line = line_alone;
    if (line_alone)
        TAILQ_INSERT_HEAD(&hub->readers, watcher, readers);
    else
        TAILQ_INSERT_TAIL(&hub->readers, watcher, readers);
    /* Later: a refusal comes at once, and whoever asks is in the midst of something. */
    loop_post(hub->loop, on_read_turn, hub);
}

/* ---- news ---- */

static void feed_all(void *context)
{
    struct watch_hub *hub = context;
    hub->fed_ms = clock_monotonic_ms();
    for (struct watcher *at = TAILQ_FIRST(&hub->all), *next; at; at = next) {
        next = TAILQ_NEXT(at, all);
        watcher_feed(at);
    }
}

void watch_hub_feed_soon(struct watch_hub *hub)
{
    if (!timer_is_set(&hub->feeding))
        timer_set(&hub->feeding, 0);
}

static void on_news(void *context)
{
    struct watch_hub *hub = context;
    int64_t rest_ms = hub->fed_ms + FEED_EVERY_MS - clock_monotonic_ms();
    if (TAILQ_EMPTY(&hub->all) || timer_is_set(&hub->feeding))
        return;
    if (rest_ms > 0)
        timer_set(&hub->feeding, rest_ms);
    else
        feed_all(hub);
}

/* ---- time ---- */

/* A heartbeat says how far all has come, so there is none while nobody can know. */
static void check(struct watcher *watcher, int64_t now_ms, int64_t away_ms)
{
    if (rpc_call_stalled_ms(watcher->call) >= services_of(watcher->call)->stream_stalled_ms)
        watcher_finish(watcher, say(watcher, STATUS_RESOURCE_EXHAUSTED, "READER_TOO_SLOW",
                                    "nothing was taken for too long"));
    else if (away_ms >= AWAY_MS)
        watcher_finish(watcher, say(watcher, STATUS_UNAVAILABLE, NULL, "the database can't be reached"));
    else if (watcher->is_begun && !watcher->is_full && !away_ms &&
             now_ms - watcher->sent_ms >= watcher->heartbeat_ms)
        watcher_beat(watcher);
}

static void on_tick(void *context)
{
    struct watch_hub *hub = context;
    int64_t now_ms = clock_monotonic_ms();
    if (replica_state(hub->replica).database_reachable)
        hub->away_since_ms = 0;
    else if (!hub->away_since_ms)
        hub->away_since_ms = now_ms;
    int64_t away_ms = hub->away_since_ms ? now_ms - hub->away_since_ms + 1 : 0;
    for (struct watcher *at = TAILQ_FIRST(&hub->all), *next; at; at = next) {
        next = TAILQ_NEXT(at, all);
        check(at, now_ms, away_ms);
    }
    if (!TAILQ_EMPTY(&hub->all))
        timer_set(&hub->tick, TICK_MS);
}

/* ---- life ---- */

void watch_hub_add(struct watch_hub *hub, struct watcher *watcher)
{
    if (TAILQ_EMPTY(&hub->all)) {
        hub->away_since_ms = 0;
        timer_set(&hub->tick, TICK_MS);
    }
    TAILQ_INSERT_TAIL(&hub->all, watcher, all);
    metric_add(hub->watchers_metric, 1);
}

struct watch_hub *watch_hub_new(struct loop *loop, struct store *store, struct replica *replica)
{
    struct watch_hub *hub = heap_zalloc(sizeof *hub);
    hub->loop = loop;
    hub->store = store;
    hub->replica = replica;
    hub->ring = replica_changes(replica);
    hub->page_arena = arena_new(0);
    TAILQ_INIT(&hub->all);
    TAILQ_INIT(&hub->readers);
    timer_init(&hub->tick, loop, on_tick, hub);
    timer_init(&hub->feeding, loop, feed_all, hub);
    hub->watchers_metric = metric_new(METRIC_GAUGE, "partnerd_watchers", "", "Watch streams that are open");
    hub->changes_metric =
        metric_new(METRIC_COUNTER, "partnerd_watch_changes_total", "", "Changes sent to watchers");
    hub->pages_metric =
        metric_new(METRIC_COUNTER, "partnerd_watch_log_reads_total", "",
                   "Pages of the change log read for watchers who were further back than memory");
    hub->listener = (struct change_listener){.loop = loop, .run = on_news, .context = hub};
    change_ring_listen(hub->ring, &hub->listener);
    return hub;
}

void watch_hub_free(struct watch_hub *hub)
{
    if (!hub)
        return;
    timer_fini(&hub->tick);
    timer_fini(&hub->feeding);
    arena_free(hub->page_arena);
    text_buffer_fini(&hub->message);
    text_buffer_fini(&hub->rest);
    change_list_fini(&hub->page_list);
    free(hub);
}

static void stop(void *context)
{
    struct watch_hub *hub = context;
    hub->is_stopping = true;
    for (struct watcher *at; (at = TAILQ_FIRST(&hub->all));)
        watcher_finish(at, say(at, STATUS_UNAVAILABLE, NULL, "the server is stopping"));
}

void watch_hub_stop(struct watch_hub *hub)
{
    loop_post(hub->loop, stop, hub);
}
