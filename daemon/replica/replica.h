#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct change_ring;
struct loop;
struct snapshot;
struct store_settings;
struct vocabulary;

/* The records in memory: follows the database's revision line on a loop of its own, and publishes snapshots that all
 * other threads read. Goes on answering from the last one while the database is away. */
struct replica;

/* `loop` is the replica's own, and not running yet. So much memory is for the newest changes, for those who watch. */
struct replica *replica_new(struct loop *loop, const struct store_settings *settings, size_t watch_bytes);
/* Starts from a snapshot file where that is possible, and writes it again every so many minutes and at the end. Before the
 * start; the path is borrowed. */
void replica_keep_file(struct replica *replica, const char *path, unsigned minutes);
/* After all readers are made: begins to load. The loop is started by the caller, before or after. */
void replica_start(struct replica *replica);
/* After the loop has ended, all readers are freed and all snapshots released. */
void replica_free(struct replica *replica);
/* Stops following, on the replica's loop; before that loop is stopped. Any thread, does not wait. */
void replica_stop(struct replica *replica);
/* After the stop, and before those are freed who listen to its changes: waits until none come any more. */
void replica_join(struct replica *replica);

/* The newest snapshot, acquired, or NULL while none is loaded yet. Any thread. */
struct snapshot *replica_snapshot(struct replica *replica);
/* Its vocabulary alone, acquired, or NULL. Any thread. */
const struct vocabulary *replica_vocabulary(struct replica *replica);

/* As last heard; any thread. */
struct replica_state {
    bool database_reachable;
    bool loaded;
    uint64_t revision;          /* of the newest snapshot */
    uint64_t database_revision; /* the newest that the database is known to have */
    uint64_t records_loaded;    /* while loading: so far */
};
struct replica_state replica_state(const struct replica *replica);

/* The newest changes, as they come; they may be ahead of the newest snapshot. */
struct change_ring *replica_changes(struct replica *replica);

/* One a loop: lets the loop's calls wait for a revision. The loop's thread alone, but for new and free. */
struct replica_reader;
struct replica_reader *replica_reader_new(struct replica *replica, struct loop *loop);
void replica_reader_free(struct replica_reader *reader);

/* One who waits; embedded in its owner, zeroed at first. */
struct replica_waiter {
    struct replica_waiter *next, **link; /* link: NULL when not waiting */
    uint64_t revision;
    int64_t until_ms;
    void (*run)(void *context, struct snapshot *snapshot);
    void *context;
};

/* Runs `run` with a snapshot of at least that revision, acquired for it: at once where there is one, else later on the
 * loop; with NULL when clock_monotonic_ms() has passed until_ms first (checked every 100 ms). */
void replica_reader_wait(struct replica_reader *reader, struct replica_waiter *waiter, uint64_t revision,
                         int64_t until_ms, void (*run)(void *context, struct snapshot *snapshot),
                         void *context);
/* It is not run any more. Also of one that doesn't wait. */
void replica_waiter_cancel(struct replica_waiter *waiter);
