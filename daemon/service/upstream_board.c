#include "service/upstream_board.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/owners.h"
#include "base/text.h"

enum { SILENCE_MOST_US = 30 * 1000000 };

/* The lock is held for a pointer and a count alone. */
struct upstream_board {
    pthread_mutex_t lock;
    struct upstream_news *newest;
};

struct upstream_board *upstream_board_new(void)
{
    struct upstream_board *board = heap_zalloc(sizeof *board);
    pthread_mutex_init(&board->lock, NULL);
    return board;
}

void upstream_board_free(struct upstream_board *board)
{
    if (!board)
        return;
    upstream_news_release(board->newest);
    pthread_mutex_destroy(&board->lock);
    free(board);
}

void upstream_board_set(struct upstream_board *board, const struct upstream_look *look)
{
    struct upstream_news *news = heap_zalloc(sizeof *news);
    *news = (struct upstream_news){
        .arena = look->arena,
        .upstreams = look->upstreams,
        .upstream_count = look->upstream_count,
        .registries = look->registries,
        .registry_count = look->registry_count,
    };
    atomic_init(&news->references, 1);
    pthread_mutex_lock(&board->lock);
    struct upstream_news *old = board->newest;
    board->newest = news;
    pthread_mutex_unlock(&board->lock);
    upstream_news_release(old);
}

const struct upstream_news *upstream_board_acquire(struct upstream_board *board)
{
    if (!board)
        return NULL;
    pthread_mutex_lock(&board->lock);
    struct upstream_news *news = board->newest;
    if (news)
        owners_add(&news->references);
    pthread_mutex_unlock(&board->lock);
    return news;
}

void upstream_news_release(const struct upstream_news *shared)
{
    struct upstream_news *news = (struct upstream_news *)shared;
    if (!news || !owners_drop(&news->references))
        return;
    arena_free(news->arena);
    free(news);
}

const struct followed_state *upstream_news_registry(const struct upstream_news *news, const char *id)
{
    for (size_t i = 0; news && i < news->registry_count; i++)
        if (text_equal(news->registries[i].registry, id))
            return *news->registries[i].upstream ? &news->registries[i] : NULL;
    return NULL;
}

const struct upstream_state *upstream_news_upstream(const struct upstream_news *news, const char *name)
{
    for (size_t i = 0; news && i < news->upstream_count; i++)
        if (text_equal(news->upstreams[i].name, name))
            return &news->upstreams[i];
    return NULL;
}

bool upstream_is_connected(const struct upstream_state *upstream, int64_t now_us)
{
    return upstream && upstream->connected && now_us - upstream->contact_us < SILENCE_MOST_US;
}

struct upstream_lag upstream_lag_of(const struct upstream_state *upstream,
                                    const struct followed_state *registry, int64_t now_us)
{
    struct upstream_lag lag = {0, 0};
    if (upstream && upstream->newest > registry->revision)
        lag.revisions = upstream->newest - registry->revision;
    bool is_well = upstream_is_connected(upstream, now_us) && !*registry->error && *registry->epoch;
    if ((lag.revisions || !is_well) && registry->in_step_us && now_us > registry->in_step_us)
        lag.seconds = (double)(now_us - registry->in_step_us) / 1e6;
    return lag;
}

const char *upstream_error_text(const struct upstream_state *upstream, int64_t now_us)
{
    if (!upstream || *upstream->error || upstream_is_connected(upstream, now_us))
        return upstream ? upstream->error : "";
    return "nothing was heard of the upstream for a while: no daemon may be following it";
}

const char *upstream_error_of(const struct upstream_state *upstream, const struct followed_state *registry,
                              int64_t now_us)
{
    return *registry->error ? registry->error : upstream_error_text(upstream, now_us);
}

const char *upstream_fault_name(enum upstream_fault fault)
{
    static const char *const names[FAULT_COUNT] = {"identifier", "reference", "id", "value"};
    return names[fault];
}
