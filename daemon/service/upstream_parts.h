#pragma once

#include <sys/queue.h>

#include "base/text.h"
#include "loop/timer.h"
#include "model/batch.h"
#include "net/channel.h"
#include "partner/v1/registry.pb-c.h"
#include "service/upstream.h"
#include "service/upstream_board.h"
#include "store/followed.h"
#include "store/upstream.h"

/* The inside of following: upstream_hub.c looks at the database, upstream.c has the connection to one upstream, upstream_follow.c
 * follows one registry, upstream_write.c applies what came. All on one loop's thread. */

struct metric;
struct store;
struct store_push;

enum { REGISTRY_BYTES = 33 };

struct upstreams {
    struct loop *loop;
    struct store *store; /* of one connection, which holds the locks */
    struct worker_pool *workers;
    struct upstream_board *board;
    struct upstream *all;
    size_t count;
    const char **names;
    struct timer tick;
    struct timer kick; /* a push is gone: those that wait go on */
    struct upstream_look look;
    bool is_looking;
    bool is_stopping;
    unsigned push_count; /* that are open, and those that wait to be released */
};

enum upstream_course {
    UPSTREAM_IDLE,    /* another daemon follows it, or the database is away: the next look tells */
    UPSTREAM_RUNNING, /* there is a channel */
    UPSTREAM_RESTING, /* after a failure */
};

struct upstream {
    struct upstreams *owner;
    const struct upstream_settings *settings;
    enum upstream_course course;
    bool is_held;       /* by this daemon */
    bool has_state;     /* `state` has what the database knew */
    unsigned looks_due; /* at the database, before it begins */
    struct channel *channel;
    struct channel_call *listing;
    struct timer timer;  /* the next list, or the end of the rest */
    struct timer ending; /* closes the channel, outside of its functions */
    int64_t rest_ms;
    struct upstream_state state;
    char *error;
    struct arena *left_out_arena;
    bool is_told; /* the database has this state */
    int64_t told_us;
    unsigned list_count; /* of this connection */
    TAILQ_HEAD(, follow) follows;
    size_t follow_count;
    struct metric *lag_revisions, *lag_seconds, *connected, *rejected[FAULT_COUNT];
};

/* Where a registry's following stands. */
enum follow_course {
    FOLLOW_IDLE,
    FOLLOW_WAITING, /* for one of the pushes that may be open */
    FOLLOW_EXPORTING,
    FOLLOW_WATCHING
};

struct follow {
    TAILQ_ENTRY(follow) all;
    struct upstream *upstream;
    char registry[REGISTRY_BYTES];
    char *title;
    bool is_here;    /* the registry exists */
    bool is_carried; /* by the upstream, as last listed */
    enum follow_course course;

    /* the place that is stored */
    char *epoch;
    uint64_t revision;
    uint64_t reached; /* what heartbeats say beyond that */
    int64_t in_step_us;
    char *error;
    bool was_in_step, is_told;
    int64_t told_us;

    struct channel_call *call;
    bool is_paused;

    /* what has come and is not written */
    struct text_buffer queue; /* each: revision, size, packed change */
    size_t queue_at;
    uint64_t whole; /* the last revision that has come whole */

    /* what is being written */
    struct store_followed followed; /* texts are the follow's own */
    char *from_epoch, *to_epoch;
    struct store_push *push;
    bool push_is_open;      /* takes more */
    bool push_is_full;      /* not now */
    bool push_is_cancelled; /* waits to be released */
    bool waits_for_push;    /* until one may be opened */
    bool has_push;          /* it may open one, or has */
    bool needs_export;      /* what came could not be written */
    uint64_t push_revision; /* of a Watch */
    struct follow_batch *batch;
    uint64_t rejected[FAULT_COUNT]; /* by what is being written */
};

/* ---- upstream.c ---- */

/* What the database said: begins, goes on, or ends. */
void upstream_take(struct upstream *upstream, const struct upstream_news *news, bool is_held);
/* Ends what is open, tries again after a rest. The message is copied. */
void upstream_fail(struct upstream *upstream, const char *message);
void upstream_halt(struct upstream *upstream);
/* It has been heard of, and has that revision at least. */
void upstream_note_contact(struct upstream *upstream, uint64_t revision);
void upstream_note_rejected(struct upstream *upstream, const uint64_t rejected[FAULT_COUNT]);
void upstream_init(struct upstream *upstream, struct upstreams *owner,
                   const struct upstream_settings *settings);
void upstream_fini(struct upstream *upstream);

/* ---- upstream_hub.c ---- */

/* May one more push be opened? Counts it. */
bool upstreams_take_push(struct upstreams *upstreams);
/* One is gone: others may go on. */
void upstreams_give_push(struct upstreams *upstreams);

/* ---- upstream_follow.c ---- */

struct follow *follow_new(struct upstream *upstream, const char *registry);
void follow_free(struct follow *follow); /* halted, and nothing is being written */
void follow_set_place(struct follow *follow, const char *epoch, uint64_t revision, int64_t in_step_us);
/* Goes on from its place, where it does nothing yet. */
void follow_go_on(struct follow *follow);
/* Ends the call, forgets what has come; what is being written may still land. */
void follow_halt(struct follow *follow);
/* What its trouble is, without the upstream being to blame; "": none. */
void follow_set_error(struct follow *follow, const char *error);
void follow_export(struct follow *follow);
void follow_watch(struct follow *follow);

/* ---- upstream_write.c: into the database ---- */

bool follow_is_writing(const struct follow *follow);
/* Opens the push of an export, whose place is known. */
void follow_begin_export(struct follow *follow, const char *epoch, uint64_t revision);
void follow_add_record(struct follow *follow, pb_record *record);
void follow_end_export(struct follow *follow);
/* Puts a change into the queue. */
void follow_add_change(struct follow *follow, const pb_change *change);
/* Writes what is whole, or too long to wait for. */
void follow_advance(struct follow *follow);
void follow_cancel_push(struct follow *follow);
