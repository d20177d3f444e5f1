#include "replica/snapshot_keeper.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "replica/snapshot.h"
#include "replica/snapshot_file.h"

struct snapshot_keeper {
    struct snapshot_ref *newest;
    char *path;
    unsigned minutes;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ends;
    bool is_ending;
    uint64_t revision; /* of the file, as far as it is known to be good */
    char *epoch;
};

static bool is_written(struct snapshot_keeper *keeper, const struct snapshot *snapshot)
{
    pthread_mutex_lock(&keeper->lock);
    bool is_same = keeper->epoch && keeper->revision == snapshot->revision &&
                   strcmp(keeper->epoch, snapshot->epoch) == 0;
    pthread_mutex_unlock(&keeper->lock);
    return is_same;
}

void snapshot_keeper_note(struct snapshot_keeper *keeper, const char *epoch, uint64_t revision)
{
    pthread_mutex_lock(&keeper->lock);
    free(keeper->epoch);
    keeper->epoch = heap_strdup(epoch);
    keeper->revision = revision;
    pthread_mutex_unlock(&keeper->lock);
}

static void write_snapshot(struct snapshot_keeper *keeper, const struct snapshot *snapshot)
{
    struct arena *arena = arena_new(0);
    int64_t start_ns = clock_monotonic_ns();
    struct status status = snapshot_file_write(arena, keeper->path, snapshot);
    if (status_ok(status)) {
        snapshot_keeper_note(keeper, snapshot->epoch, snapshot->revision);
        log_event(LOG_INFO, "replica.snapshot_written", "the records are in the snapshot file",
                  LOG_TEXT("file", keeper->path), LOG_NUMBER("revision", (int64_t)snapshot->revision),
                  LOG_NUMBER("took_ms", (clock_monotonic_ns() - start_ns) / 1000000));
    } else {
        log_event(LOG_ERROR, "replica.snapshot_failed", "the snapshot file can't be written",
                  LOG_TEXT("reason", status.message));
    }
    arena_free(arena);
}

static void write_newest(struct snapshot_keeper *keeper)
{
    struct snapshot *snapshot = snapshot_ref_acquire(keeper->newest);
    if (snapshot && snapshot->revision && !is_written(keeper, snapshot))
        write_snapshot(keeper, snapshot);
    snapshot_release(snapshot);
}

static void *run(void *context)
{
    struct snapshot_keeper *keeper = context;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    bool is_ending = false;
    while (!is_ending) {
        until.tv_sec += (time_t)keeper->minutes * 60;
        pthread_mutex_lock(&keeper->lock);
        while (!keeper->is_ending && pthread_cond_timedwait(&keeper->ends, &keeper->lock, &until) == 0)
            ;
        is_ending = keeper->is_ending;
        pthread_mutex_unlock(&keeper->lock);
        write_newest(keeper);
    }
    return NULL;
}

struct snapshot_keeper *snapshot_keeper_new(struct snapshot_ref *newest, const char *path, unsigned minutes)
{
    struct snapshot_keeper *keeper = heap_zalloc(sizeof *keeper);
    pthread_condattr_t attributes;
    keeper->newest = newest;
    keeper->path = heap_strdup(path);
    keeper->minutes = minutes;
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->ends, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&keeper->thread, NULL, run, keeper))
        abort(); /* the loops would not have started either */
    return keeper;
}

void snapshot_keeper_free(struct snapshot_keeper *keeper)
{
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->is_ending = true;
    pthread_cond_signal(&keeper->ends);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    pthread_cond_destroy(&keeper->ends);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper->path);
    free(keeper->epoch);
    free(keeper);
}
