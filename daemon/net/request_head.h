#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/limits.h"
#include "rpc/exchange.h"

struct arena;

/* The head of an HTTP/2 request while its fields come in. Zeroed at first, and after request_head_fini. */
struct request_head {
    struct arena *arena;
    const char *method, *path; /* "" where they did not come */
    struct rpc_header *fields; /* but the pseudo-headers */
    size_t count, capacity;
    size_t bytes; /* of all that came, by HTTP/2's reckoning: 32 bytes on top for each */
    unsigned seen;
    bool is_too_large; /* what came from then on is not here */
};

void request_head_init(struct request_head *head);
void request_head_fini(struct request_head *head);
void request_head_add(struct request_head *head, const struct net_limits *limits, const char *name,
                      size_t name_bytes, const char *value, size_t value_bytes);
