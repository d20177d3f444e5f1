#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct arena;

/* The registries that a stream is asked for; none: all. */
struct registry_filter {
    const char **ids; /* sorted, each once */
    size_t count;
};

/* INVALID_ARGUMENT: too many, or not a registry's id. The texts stay the caller's. */
struct status registry_filter_make(struct arena *arena, char *const *ids, size_t count,
                                   struct registry_filter *ret_filter);
bool registry_filter_takes(const struct registry_filter *filter, const char *registry);
