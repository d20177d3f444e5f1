#include "replica/loader.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "match/index.h"
#include "replica/record_set.h"

/* Few enough that what one thread has written is near when the other reads it. */
enum { BATCH = 64, BATCHES_AHEAD = 8 };

struct batch {
    struct arena *arena; /* of the records */
    struct record records[BATCH];
    const struct stored_record *entries[BATCH];
    unsigned count;
};

struct loader {
    struct match_builder *builder;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned long given, taken; /* batches */
    bool is_ending;
    struct batch batches[BATCHES_AHEAD]; /* in turn; the one at hand is not given yet */
};

static void put_batch(struct loader *loader, const struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++)
        match_builder_put_stored(loader->builder, &batch->records[i], batch->entries[i]);
}

static void *run(void *context)
{
    struct loader *loader = context;
    pthread_mutex_lock(&loader->lock);
    for (;;) {
        while (loader->taken == loader->given && !loader->is_ending)
            pthread_cond_wait(&loader->moved, &loader->lock);
        if (loader->taken == loader->given)
            break;
        const struct batch *batch = &loader->batches[loader->taken % BATCHES_AHEAD];
        pthread_mutex_unlock(&loader->lock);
        put_batch(loader, batch);
        pthread_mutex_lock(&loader->lock);
        loader->taken++;
        pthread_cond_signal(&loader->moved);
    }
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

struct loader *loader_new(struct match_builder *builder)
{
    struct loader *loader = heap_zalloc(sizeof *loader);
    loader->builder = builder;
    for (unsigned i = 0; i < BATCHES_AHEAD; i++)
        loader->batches[i].arena = arena_new(0);
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->moved, NULL);
    if (pthread_create(&loader->thread, NULL, run, loader))
        abort(); /* the loops would not have started either */
    return loader;
}

static struct batch *batch_at_hand(struct loader *loader)
{
    return &loader->batches[loader->given % BATCHES_AHEAD];
}

/* Hands the batch at hand over, and waits until the next one is free. */
static void give_batch(struct loader *loader)
{
    pthread_mutex_lock(&loader->lock);
    loader->given++;
    pthread_cond_signal(&loader->moved);
    while (loader->given - loader->taken == BATCHES_AHEAD)
        pthread_cond_wait(&loader->moved, &loader->lock);
    pthread_mutex_unlock(&loader->lock);
    arena_reset(batch_at_hand(loader)->arena);
    batch_at_hand(loader)->count = 0;
}

struct arena *loader_arena(struct loader *loader)
{
    return batch_at_hand(loader)->arena;
}

void loader_put(struct loader *loader, const struct record *record, const struct stored_record *entry)
{
    struct batch *batch = batch_at_hand(loader);
    batch->records[batch->count] = *record;
    batch->entries[batch->count++] = entry;
    if (batch->count == BATCH)
        give_batch(loader);
}

void loader_finish(struct loader *loader)
{
    if (!loader)
        return;
    if (batch_at_hand(loader)->count)
        give_batch(loader);
    pthread_mutex_lock(&loader->lock);
    loader->is_ending = true;
    pthread_cond_signal(&loader->moved);
    pthread_mutex_unlock(&loader->lock);
    pthread_join(loader->thread, NULL);
    pthread_cond_destroy(&loader->moved);
    pthread_mutex_destroy(&loader->lock);
    for (unsigned i = 0; i < BATCHES_AHEAD; i++)
        arena_free(loader->batches[i].arena);
    free(loader);
}
