#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct arena;
struct loop;
struct store_settings;
struct upstream_board;
struct worker_pool;

/* Following other servers: each one's registries by Export, then Watch, applied here whole transaction by whole transaction,
 * with the place in the upstream's line in the same transaction.
 *
 * A registry that is not here is made, and from then on followed from that upstream alone; one that is this server's own, or
 * another upstream's, is left out. So nothing comes back to where it was made, whatever circles the servers form. Of several
 * daemons on one database one follows an upstream. */
struct upstream_settings {
    const char *name; /* [a-z][a-z0-9-]{0,31} */
    const char *url;
    const char *token_file; /* read anew for each connection; "": no token */
    const char *ca_file;    /* "": whom the system trusts */
    const char *const *registries;
    size_t registry_count; /* 0: all that it carries */
};

struct upstreams;

/* The token in the file. INVALID_ARGUMENT: it can't be read, others may read it, or there is none in it. */
struct status upstream_read_token(struct arena *arena, const char *file, const char **ret_token);

/* `loop` is its own, and not running yet; the settings are borrowed. */
struct upstreams *upstreams_new(struct loop *loop, const struct store_settings *store,
                                struct worker_pool *workers, const struct upstream_settings *settings,
                                size_t count);
void upstreams_start(struct upstreams *upstreams);
/* Ends all, then stops the loop. Any thread, does not wait. */
void upstreams_stop(struct upstreams *upstreams);
/* When the loop has ended. */
void upstreams_free(struct upstreams *upstreams);
struct upstream_board *upstreams_board(struct upstreams *upstreams);
