#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"
#include "vocab/vocabulary.h"

struct arena;
struct loop;
struct store_settings;

/* The database as it is and as it changes, revision by revision, on one loop: first all of it as of one revision, then the
 * change log from there, woken by NOTIFY and by itself every `look_ms`. After a loss of the connection it goes on where it was.
 * Works in turns of bounded length and memory, so that the loop stays free for others. */
struct feed;

/* A record as it stands after a revision. All borrowed for the length of the call. */
struct feed_record {
    enum record_kind kind;
    const char *id;
    struct record record; /* message NULL: deleted */
    const void *packed;   /* record_pack's bytes; NULL: deleted */
    size_t packed_bytes;
    uint64_t revision;
    int64_t update_time_us; /* of the revision; since 1970-01-01 UTC */
};

struct feed_registry {
    const char *id, *title;
    uint64_t revision; /* the last one that touched it or its records */
    int64_t update_time_us;
};

/* All run on the feed's loop; none may free the feed. In the order of a load:
 *   reset, registry*, vocabulary_begin, concept*, vocabulary_end, record* (by kind, organisations first), loaded
 * and then for each revision, in order, without gaps:
 *   (registry | record)*, [vocabulary_begin, concept*, vocabulary_end], revision_done
 * Where the receiver has a former state, by feed_resume, and the database goes on from it, a load is
 *   reset, vocabulary_begin, concept*, vocabulary_end, resume, loaded
 * A load may come again at any time (another database, or a log that no longer reaches back): `reset` says that all given so
 * far is void. A connection lost within a load begins it anew, with `reset`; lost within a revision begins that revision anew,
 * whose changes come again. */
struct feed_handlers {
    void (*reset)(void *context);
    void (*registry)(void *context, const struct feed_registry *registry);
    /* Where the message of a load's next record is to lie, for as long as its arena keeps it; NULL, or no such handler: it is
     * borrowed as the rest is. */
    struct arena *(*record_arena)(void *context);
    void (*record)(void *context, const struct feed_record *record);
    /* The concepts between the two are all there are, of all vocabularies. */
    void (*vocabulary_begin)(void *context);
    void (*concept)(void *context, const struct concept_source *concept);
    void (*vocabulary_end)(void *context);
    /* Takes what the receiver has of that cursor as if it had been given; false: it can't, all is loaded. May take its time. */
    bool (*resume)(void *context);
    /* The load is whole, and stands for this revision. */
    void (*loaded)(void *context, uint64_t revision, int64_t time_us, const char *epoch);
    void (*revision_done)(void *context, uint64_t revision, int64_t time_us);
    /* Reachable or not, on each change and once at the start; and the newest revision heard of, on each change. */
    void (*reachable)(void *context, bool reachable);
    void (*newest)(void *context, uint64_t revision);
};

struct feed *feed_new(struct loop *loop, const struct store_settings *settings,
                      const struct feed_handlers *handlers, void *context);
/* The same without records, concepts and vocabularies of a load: what comes after is all that is wanted. The handlers of
 * vocabularies are not called. */
struct feed *feed_new_following(struct loop *loop, const struct store_settings *settings,
                                const struct feed_handlers *handlers, void *context);
/* A revision of one history: what was given whole. */
struct feed_cursor {
    const char *epoch;
    uint64_t revision;
    int64_t change_set; /* that took the revision */
};
struct feed_cursor feed_cursor(const struct feed *feed);
/* The receiver has the records as of that cursor. Before the loop goes on: a load resumes from there, once. */
void feed_resume(struct feed *feed, const struct feed_cursor *cursor);

/* On the loop's thread, or when the loop has ended; not from a handler. NULL is fine. */
void feed_free(struct feed *feed);

/* Looks for changes at once, as when a writer of the same process knows of one. */
void feed_wake(struct feed *feed);
