#pragma once

#include <stdio.h>

#include "base/status.h"
#include "service/upstream.h"

struct arena;

enum { CONFIG_UPSTREAMS_MOST = 64 };

/* The sections [upstream NAME] of the file, in its order. */
struct config_upstreams {
    struct upstream_settings items[CONFIG_UPSTREAMS_MOST];
    size_t count;
};

/* Takes a pair of the section whose name is given; `where` begins the message of a fault. */
struct status config_upstream_set(struct config_upstreams *upstreams, struct arena *arena,
                                  const char *section, const char *name, const char *value,
                                  const char *where);
/* When all have been read. */
struct status config_upstreams_check(const struct config_upstreams *upstreams, struct arena *arena);
/* Whether the files that they name can be read; for --check. */
struct status config_upstreams_check_files(const struct config_upstreams *upstreams, struct arena *arena);
void config_upstreams_print(const struct config_upstreams *upstreams, FILE *out);
