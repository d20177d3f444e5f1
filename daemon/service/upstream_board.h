#pragma once

#include <stddef.h>
#include <stdint.h>

#include "store/upstream.h"

/* How the upstreams are, as last read of the database: for answers, from any thread. */
struct upstream_board;

/* Immutable, counted. */
struct upstream_news {
    struct arena *arena;
    const struct upstream_state *upstreams;
    size_t upstream_count;
    const struct followed_state *registries; /* all there are, in order of id; owned ones too */
    size_t registry_count;
    _Atomic unsigned references;
};

struct upstream_board *upstream_board_new(void);
void upstream_board_free(struct upstream_board *board);
/* Takes the look's arena, and what is in it. */
void upstream_board_set(struct upstream_board *board, const struct upstream_look *look);

/* The newest; NULL before the first, or without a board. */
const struct upstream_news *upstream_board_acquire(struct upstream_board *board);
void upstream_news_release(const struct upstream_news *news); /* NULL is fine */

/* NULL: not there, or this server's own. */
const struct followed_state *upstream_news_registry(const struct upstream_news *news, const char *id);
/* NULL: nothing is known of it. */
const struct upstream_state *upstream_news_upstream(const struct upstream_news *news, const char *name);

struct upstream_lag {
    uint64_t revisions;
    double seconds;
};
struct upstream_lag upstream_lag_of(const struct upstream_state *upstream,
                                    const struct followed_state *registry, int64_t now_us);
/* As the one that follows it has said, not long ago. */
bool upstream_is_connected(const struct upstream_state *upstream, int64_t now_us);
/* What is wrong with it; "": nothing, as far as is known. The text lives as long as the state. */
const char *upstream_error_text(const struct upstream_state *upstream, int64_t now_us);
/* What is wrong with the registry, or with all of its upstream. */
const char *upstream_error_of(const struct upstream_state *upstream, const struct followed_state *registry,
                              int64_t now_us);
/* "identifier", "reference", ... */
const char *upstream_fault_name(enum upstream_fault fault);
