#include "replica/loader.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "match/index.h"
#include "replica/record_set.h"

enum { BATCH = 512, BATCHES_AHEAD = 32 };

struct batch {
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

static void put_batch(struct loader *loader, struct arena *arena, const struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++) {
        const struct stored_record *entry = batch->entries[i];
        struct record record;
        arena_reset(arena);
        if (!record_unpack(arena, entry->kind, stored_record_packed(entry), entry->packed_bytes, &record))
            abort(); /* the replica packed these bytes itself */
        record.kind = entry->kind;
        match_builder_put_stored(loader->builder, &record, entry);
    }
}

static void *run(void *context)
{
    struct loader *loader = context;
    struct arena *arena = arena_new(0);
    pthread_mutex_lock(&loader->lock);
    for (;;) {
        while (loader->taken == loader->given && !loader->is_ending)
            pthread_cond_wait(&loader->moved, &loader->lock);
        if (loader->taken == loader->given)
            break;
        const struct batch *batch = &loader->batches[loader->taken % BATCHES_AHEAD];
        pthread_mutex_unlock(&loader->lock);
        put_batch(loader, arena, batch);
        pthread_mutex_lock(&loader->lock);
        loader->taken++;
        pthread_cond_signal(&loader->moved);
    }
    pthread_mutex_unlock(&loader->lock);
    arena_free(arena);
    return NULL;
}

struct loader *loader_new(struct match_builder *builder)
{
    struct loader *loader = heap_zalloc(sizeof *loader);
    loader->builder = builder;
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->moved, NULL);
    if (pthread_create(&loader->thread, NULL, run, loader))
        abort(); /* the loops would not have started either */
    return loader;
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
    loader->batches[loader->given % BATCHES_AHEAD].count = 0;
}

void loader_put(struct loader *loader, const struct stored_record *entry)
{
    struct batch *batch = &loader->batches[loader->given % BATCHES_AHEAD];
    batch->entries[batch->count++] = entry;
    if (batch->count == BATCH)
        give_batch(loader);
}

void loader_finish(struct loader *loader)
{
    if (!loader)
        return;
    if (loader->batches[loader->given % BATCHES_AHEAD].count)
        give_batch(loader);
    pthread_mutex_lock(&loader->lock);
    loader->is_ending = true;
    pthread_cond_signal(&loader->moved);
    pthread_mutex_unlock(&loader->lock);
    pthread_join(loader->thread, NULL);
    pthread_cond_destroy(&loader->moved);
    pthread_mutex_destroy(&loader->lock);
    free(loader);
}
