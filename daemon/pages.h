#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "net/page.h"

struct replica;
struct token_hub;

/* The small pages beside the calls: /livez, /readyz, /metrics. */
struct pages {
    struct replica *replica;
    const struct token_hub *tokens;
    _Atomic bool draining;
};

void pages_init(struct pages *pages, struct replica *replica, const struct token_hub *tokens);
/* A net_page_fn; the context is a struct pages. */
void pages_fill(void *context, const char *path, struct net_page *page);
