#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/status.h"
#include "base/text.h"
#include "loop/timer.h"
#include "replica/change_list.h"
#include "replica/change_ring.h"
#include "service/registry_filter.h"
#include "store/log_page.h"

/* The inside of Watch: watch.c has the calls, watch_hub.c those of a loop together, watch_feed.c what each is sent. */

struct arena;
struct rpc_call;
struct watch_hub;

/* How far a watcher has come: revisions up to `whole`, and of the next one so many changes. */
struct watch_place {
    uint64_t whole;
    size_t
        given; /* changes to records of the next revision that were passed on, or passed over by the filter */
    size_t shown;    /* of them, those passed on */
    size_t seen;     /* of them, those read from the log */
    int32_t rows;    /* of the next revision, read from the log */
    int32_t ordinal; /* of the last one read; -1: none */
};

/* A watcher: in its call's arena, the call held until it has ended and no read is under way. */
struct watcher {
    TAILQ_ENTRY(watcher) all, readers;
    struct rpc_call *call;
    struct watch_hub *hub;
    struct registry_filter filter;
    bool with_contact;
    int64_t heartbeat_ms;
    const char *epoch; /* "": not known yet */

    uint64_t load; /* the ring's, for which the place was checked */
    struct watch_place place;
    uint64_t sent_revision;
    int64_t sent_ms;
    bool is_begun; /* the first heartbeat has been sent */
    bool is_full;  /* too much is unsent */
    bool owes;     /* a revision has become whole whose last changes were sent before */
    bool is_waiting, is_reading, is_over;
    bool wants_line; /* its next read is of the line alone */
    struct log_page page;
};

TAILQ_HEAD(watcher_list, watcher);

struct watch_hub {
    struct loop *loop;
    struct store *store;
    struct replica *replica;
    struct change_ring *ring;
    struct change_listener listener;
    struct watcher_list all, readers; /* those who wait for the log */
    struct watcher *reader;           /* who reads it; one at a time, so that writers get their turn too */
    struct timer tick, feeding;
    int64_t fed_ms, away_since_ms;
    bool is_stopping;
    struct arena *page_arena;
    struct text_buffer message;   /* being made, of the watcher at hand; empty in between */
    size_t whole_bytes;           /* of them, those of revisions that are whole */
    struct text_buffer rest;      /* while a message is sent: what comes after it */
    struct change_list page_list; /* a row of the log, made ready */
    struct metric *watchers_metric, *changes_metric, *pages_metric;
};

/* ---- watch_feed.c ---- */

/* Sends what is there, as far as it is taken; or has the log read. */
void watcher_feed(struct watcher *watcher);
/* Sends a page of the log. */
void watcher_take_rows(struct watcher *watcher, const PGresult *rows);
/* A message without changes. */
void watcher_beat(struct watcher *watcher);

/* ---- watch_hub.c ---- */

void watch_hub_add(struct watch_hub *hub, struct watcher *watcher);
/* Reads the line, or a page of the log, when it is its turn. */
void watch_hub_read(struct watcher *watcher, bool line_alone);
/* Goes on with feeding soon. */
void watch_hub_feed_soon(struct watch_hub *hub);
/* Takes it off, and gives its call up as soon as nothing of it is under way. */
void watcher_end(struct watcher *watcher);
void watcher_finish(struct watcher *watcher, struct status status);

/* ---- watch.c ---- */

/* What the line, just read, means for a watcher; OK, or it is finished with that. */
struct status watcher_check_line(struct watcher *watcher, const struct log_line *line);
