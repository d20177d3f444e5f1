#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "model/batch.h"

struct arena;
struct store;
struct store_followed;
struct vocabulary;
struct worker_pool;

/* A push: a stream of changes of any length to one registry, in one transaction. What comes is prepared on workers a block at a
 * time and copied into temporary tables of a connection of its own, outside any transaction: a slow stream holds up nobody.
 * At the end it is judged and merged by SQL, as model/batch.h says; the registry is locked for that time. Memory doesn't
 * depend on the length. The loop's thread alone. */
struct store_push;

enum { PUSH_REJECTIONS_MOST = 10000 };

struct push_rejection {
    uint64_t
        index; /* in the stream; of what was not sent, and can't be deleted: the number of changes sent */
    const char *id, *field, *reason;
};

struct push_outcome {
    struct batch_tally tally;
    uint64_t revision;
    const struct push_rejection *rejections; /* the first, by index */
    size_t rejection_count;
};

struct store_push_options {
    const char *registry; /* a well-formed id */
    bool full;
    unsigned max_delete_percent; /* 1 to 100 */
    const char *request_id;      /* valid; "": none */
    bool all_or_nothing, dry_run;
    const struct store_followed
        *followed; /* comes from an upstream (followed.h), borrowed until `done`; or NULL */
    const struct vocabulary *vocabulary; /* borrowed until `done`; may be NULL */
    /* Packs the answer into the arena. */
    const void *(*pack)(void *context, struct arena *arena, const struct push_outcome *outcome,
                        size_t *ret_bytes);
    /* More is taken, after store_push_add said no. */
    void (*ready)(void *context);
    /* Runs once, from the loop, unless it is cancelled before; the push is gone after it. With OK: the answer's packed bytes,
     * fresh or the one kept for that request_id. NOT_FOUND, field `registry`. INVALID_ARGUMENT, reason REQUEST_ID_REUSED.
     * FAILED_PRECONDITION: the registry is followed (REGISTRY_FOLLOWED), or too much would be deleted (TOO_MANY_DELETES).
     * UNAVAILABLE: as in store.h, and where another write was in the way. */
    void (*done)(void *context, struct status status, const void *answer, size_t answer_bytes);
    void *context;
};

/* The options are copied. */
struct store_push *store_push_begin(struct store *store, struct worker_pool *workers,
                                    const struct store_push_options *options);
/* The next change, which is copied. False: enough for now, wait for `ready` (it is taken all the same). */
bool store_push_add(struct store_push *push, const pb_change *change);
/* No more comes. */
void store_push_end(struct store_push *push);
/* Nobody waits any longer: nothing is changed, unless the commit is under way. `done` doesn't run; `released` does, once the
 * vocabulary is no longer used. */
void store_push_cancel(struct store_push *push, void (*released)(void *context));
