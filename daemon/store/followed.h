#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/status.h"

struct arena;
struct parameters;

/* What makes a write that of a followed registry: it comes from the upstream, and moves the place up to which all of the upstream's
 * is here, in the same transaction. */
struct store_followed {
    const char *upstream; /* its name */
    const char *title;    /* of the registry, where it may have to be made; NULL: it is here */
    /* The place as it stands ("", 0: none yet). Any other refuses the write: ABORTED, reason PLACE_MOVED. Up to the second one
     * nothing happened to the registry, so that it may as well stand there or in between. */
    const char *from_epoch;
    uint64_t from_revision, from_reached;
    const char *epoch; /* the place after the write */
    uint64_t revision;
};

/* ---- for the files that write ---- */

/* The registry's row, locked; $1 its id. followed_check reads it. */
extern const char followed_lock_sql[];
/* Moves the place; parameters by followed_add_place. */
extern const char followed_place_sql[];

/* Whether the write is allowed: `followed` NULL is one by a caller here, which a followed registry refuses, FAILED_PRECONDITION
 * with reason REGISTRY_FOLLOWED; NOT_FOUND, field `registry`: there is none. */
struct status followed_check(struct arena *arena, const struct store_followed *followed,
                             const PGresult *result);
void followed_add_place(const struct store_followed *followed, const char *registry,
                        struct parameters *parameters);
