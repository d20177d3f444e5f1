#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "service/upstream_parts.h"
#include "store/store.h"

/* Looks at the database again and again: who follows, and how things are. */

enum { LOOK_EVERY_MS = 1000, LOOK_WITHOUT_MS = 5000, TELL_EVERY_US = 5 * 1000000, PUSHES_MOST = 2 };

/* ---- pushes ---- */

bool upstreams_take_push(struct upstreams *upstreams)
{
    if (upstreams->push_count >= PUSHES_MOST)
        return false;
    upstreams->push_count++;
    return true;
}

static void end_if_idle(struct upstreams *upstreams)
{
    if (upstreams->is_stopping && !upstreams->push_count)
        loop_stop(upstreams->loop);
}

void upstreams_give_push(struct upstreams *upstreams)
{
    upstreams->push_count--;
    end_if_idle(upstreams);
    if (!upstreams->is_stopping)
        timer_set(&upstreams->kick, 0);
}

static void on_kick(void *context)
{
    struct upstreams *upstreams = context;
    for (size_t i = 0; i < upstreams->count; i++) {
        struct upstream *upstream = &upstreams->all[i];
        struct follow *follow;
        TAILQ_FOREACH(follow, &upstream->follows, all)
        if (upstream->course == UPSTREAM_RUNNING && follow->is_carried)
            follow_go_on(follow);
    }
}

/* ---- what is to be said ---- */

static uint64_t place_of(const struct follow *follow)
{
    return follow->reached > follow->revision ? follow->reached : follow->revision;
}

static void note_step(struct follow *follow, int64_t now_us)
{
    const struct upstream *upstream = follow->upstream;
    bool is_in_step = follow->course == FOLLOW_WATCHING && upstream->state.connected &&
                      !follow_is_writing(follow) && place_of(follow) >= upstream->state.newest;
    if (is_in_step)
        follow->in_step_us = now_us;
    if (is_in_step ? now_us - follow->told_us >= TELL_EVERY_US || !follow->was_in_step : follow->was_in_step)
        follow->is_told = false;
    follow->was_in_step = is_in_step;
}

static void add_moved(struct upstreams *upstreams, struct follow *follow, struct followed_state *moved,
                      int64_t now_us)
{
    struct upstream_look *look = &upstreams->look;
    note_step(follow, now_us);
    if (follow->is_told || !follow->is_here)
        return;
    follow->is_told = true;
    follow->told_us = now_us;
    moved[look->moved_count++] = (struct followed_state){
        .registry = arena_strdup(look->arena, follow->registry),
        .upstream = follow->upstream->settings->name,
        .epoch = arena_strdup(look->arena, follow->epoch),
        .revision = place_of(follow),
        .in_step_us = follow->in_step_us,
        .error = arena_strdup(look->arena, follow->error),
    };
}

static void add_says(struct upstreams *upstreams)
{
    struct upstream_look *look = &upstreams->look;
    size_t follow_count = 0;
    int64_t now_us = clock_realtime_us();
    for (size_t i = 0; i < upstreams->count; i++)
        follow_count += upstreams->all[i].follow_count;
    struct upstream_state *says = arena_array(look->arena, upstreams->count, sizeof *says);
    struct followed_state *moved = arena_array(look->arena, follow_count, sizeof *moved);
    for (size_t i = 0; i < upstreams->count; i++) {
        struct upstream *upstream = &upstreams->all[i];
        struct follow *follow;
        if (!upstream->is_held || !upstream->has_state)
            continue;
        TAILQ_FOREACH(follow, &upstream->follows, all)
        add_moved(upstreams, follow, moved, now_us);
        if (upstream->is_told)
            continue;
        upstream->is_told = true;
        upstream->told_us = now_us;
        struct upstream_state *say = &says[look->say_count++];
        *say = upstream->state;
        say->error = arena_strdup(look->arena, upstream->state.error);
        const char **left_out = arena_array(look->arena, say->left_out.count, sizeof *left_out);
        for (size_t j = 0; j < say->left_out.count; j++)
            left_out[j] = arena_strdup(look->arena, say->left_out.items[j]);
        say->left_out.items = left_out;
    }
    look->says = says;
    look->moved = moved;
}

/* ---- looking ---- */

static void set_lag(const struct upstream *upstream, const struct upstream_news *news)
{
    struct upstream_lag most = {0, 0};
    for (size_t i = 0; i < news->registry_count; i++) {
        const struct followed_state *row = &news->registries[i];
        if (!text_equal(row->upstream, upstream->settings->name))
            continue;
        struct upstream_lag lag =
            upstream_lag_of(upstream_news_upstream(news, row->upstream), row, clock_realtime_us());
        most.revisions = lag.revisions > most.revisions ? lag.revisions : most.revisions;
        most.seconds = lag.seconds > most.seconds ? lag.seconds : most.seconds;
    }
    metric_set(upstream->lag_revisions, (int64_t)most.revisions);
    metric_set(upstream->lag_seconds, (int64_t)most.seconds);
}

static void take(struct upstreams *upstreams, const struct upstream_look *look)
{
    upstream_board_set(upstreams->board, look);
    const struct upstream_news *news = upstream_board_acquire(upstreams->board);
    for (size_t i = 0; i < upstreams->count; i++) {
        upstream_take(&upstreams->all[i], news, look->held[i]);
        set_lag(&upstreams->all[i], news);
    }
    upstream_news_release(news);
}

static void tell_again(struct upstreams *upstreams)
{
    for (size_t i = 0; i < upstreams->count; i++) {
        struct follow *follow;
        upstreams->all[i].is_told = false;
        TAILQ_FOREACH(follow, &upstreams->all[i].follows, all)
        follow->is_told = false;
    }
}

static void on_looked(struct upstream_look *look, struct status status)
{
    struct upstreams *upstreams = look->context;
    upstreams->is_looking = false;
    if (upstreams->is_stopping) {
        arena_free(look->arena);
        return;
    }
    if (status_ok(status)) {
        take(upstreams, look);
    } else {
        tell_again(upstreams);
        arena_free(look->arena);
    }
    if (!timer_is_set(&upstreams->tick))
        timer_set(&upstreams->tick, upstreams->count ? LOOK_EVERY_MS : LOOK_WITHOUT_MS);
}

static void on_tick(void *context)
{
    struct upstreams *upstreams = context;
    if (upstreams->is_looking)
        return;
    upstreams->look = (struct upstream_look){
        .arena = arena_new(0),
        .names = upstreams->names,
        .name_count = upstreams->count,
        .done = on_looked,
        .context = upstreams,
    };
    upstreams->is_looking = true;
    add_says(upstreams);
    store_upstream_look(upstreams->store, &upstreams->look);
}

/* ---- its life ---- */

struct upstreams *upstreams_new(struct loop *loop, const struct store_settings *settings,
                                struct worker_pool *workers,
                                const struct upstream_settings *upstream_settings, size_t count)
{
    struct upstreams *upstreams = heap_zalloc(sizeof *upstreams);
    struct store_settings one = *settings;
    one.connection_count = 1;
    upstreams->loop = loop;
    upstreams->store = store_new(loop, &one);
    upstreams->workers = workers;
    upstreams->board = upstream_board_new();
    upstreams->count = count;
    upstreams->all = heap_zalloc((count + 1) * sizeof *upstreams->all);
    upstreams->names = heap_zalloc((count + 1) * sizeof *upstreams->names);
    for (size_t i = 0; i < count; i++) {
        upstreams->names[i] = upstream_settings[i].name;
        upstream_init(&upstreams->all[i], upstreams, &upstream_settings[i]);
    }
    timer_init(&upstreams->tick, loop, on_tick, upstreams);
    timer_init(&upstreams->kick, loop, on_kick, upstreams);
    return upstreams;
}

void upstreams_start(struct upstreams *upstreams)
{
    timer_set(&upstreams->tick, 0);
}

static void stop(void *context)
{
    struct upstreams *upstreams = context;
    upstreams->is_stopping = true;
    timer_clear(&upstreams->tick);
    for (size_t i = 0; i < upstreams->count; i++)
        upstream_halt(&upstreams->all[i]);
    end_if_idle(upstreams);
}

void upstreams_stop(struct upstreams *upstreams)
{
    loop_post(upstreams->loop, stop, upstreams);
}

void upstreams_free(struct upstreams *upstreams)
{
    if (!upstreams)
        return;
    store_free(upstreams->store);
    timer_fini(&upstreams->tick);
    timer_fini(&upstreams->kick);
    for (size_t i = 0; i < upstreams->count; i++)
        upstream_fini(&upstreams->all[i]);
    upstream_board_free(upstreams->board);
    free(upstreams->all);
    free(upstreams->names);
    free(upstreams);
}

struct upstream_board *upstreams_board(struct upstreams *upstreams)
{
    return upstreams->board;
}
