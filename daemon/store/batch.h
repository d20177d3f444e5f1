#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct arena;
struct batch;
struct batch_change;
struct store;
struct store_followed;

enum { REQUEST_HASH_BYTES = 32 };

/* Packs the answer of a judged batch into the arena. May run more than once (a write that is tried again is judged again). */
typedef const void *(*store_pack_fn)(void *context, struct arena *arena, const struct batch *batch,
                                     uint64_t revision, size_t *ret_bytes);
/* With OK: the answer's packed bytes, fresh or the one kept for that request_id. */
typedef void (*store_batch_done_fn)(void *context, struct status status, const void *answer,
                                    size_t answer_bytes);

/* Sets a change's content hash, where it is not set yet. Any thread: what was not done before is done by
 * store_batch_apply, on the loop. */
void store_batch_hash(struct batch_change *change);

/* An Apply. All of it is borrowed until `done`; `batch` is judged. */
struct store_batch {
    struct arena *arena;
    struct batch *batch;    /* its registry is the scope of the request_id; prepared changes */
    const char *method;     /* "Apply": with the registry the scope of the request_id */
    const char *request_id; /* valid; "": none */
    const void
        *request_hash; /* REQUEST_HASH_BYTES bytes over the request's content; unused without a request_id */
    bool dry_run;      /* judges, writes nothing, keeps no answer */
    const char *
        institution; /* an institution writes: its organisation, whose the stored records have to be; or NULL */
    const struct store_followed *followed; /* comes from an upstream (followed.h); or NULL */
    store_pack_fn pack;
    store_batch_done_fn done;
    void *context; /* of both */
};

/* Judges and writes a batch in one transaction. What changes something takes the next revision; else the current one is
 * answered. An answer is kept with its request_id for seven days, in the same transaction.
 * NOT_FOUND, field `registry`: there is no such registry. INVALID_ARGUMENT, field `request_id`, reason REQUEST_ID_REUSED:
 * kept with another hash. PERMISSION_DENIED: one of the ids stands for a record that is not the institution's.
 * FAILED_PRECONDITION, field `registry`, reason REGISTRY_FOLLOWED: it is followed from an upstream. The rest as in store.h. */
void store_batch_apply(struct store *store, const struct store_batch *batch);
