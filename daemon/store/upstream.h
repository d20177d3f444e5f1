#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "vocab/vocabulary.h"

struct arena;
struct store;

/* The tables of what is followed: who follows, how far, and how the upstreams are. */

/* Why a record could not be taken. */
enum upstream_fault { FAULT_IDENTIFIER, FAULT_REFERENCE, FAULT_ID, FAULT_VALUE, FAULT_COUNT };

struct upstream_state {
    const char *name, *url;
    bool connected;
    uint64_t newest;                /* the newest revision that it is known to have */
    int64_t contact_us;             /* since 1970-01-01 UTC; 0: never */
    const char *error;              /* "": all is well */
    struct text_list left_out;      /* registries that it carries and that are another's here */
    uint64_t rejected[FAULT_COUNT]; /* records, ever */
};

struct followed_state {
    const char *registry;
    const char *upstream; /* "": this server owns it; then the rest says nothing */
    const char *epoch;    /* "": nothing has come yet */
    uint64_t revision;
    int64_t in_step_us; /* when it last was known to hold all; 0: never */
    const char *error;
};

/* One look at the tables, after what is to be said has been written. On one loop; stays until `done`. */
struct upstream_look {
    struct arena *arena; /* of all that is found */
    /* What the settings name: whoever's store has but one connection holds those it follows as long as that is open. */
    const char *const *names;
    size_t name_count;
    /* Of those that are held: how they are, and the registries that have come further. */
    const struct upstream_state *says;
    size_t say_count;
    const struct followed_state *moved;
    size_t moved_count;
    void (*done)(struct upstream_look *look, struct status status);
    void *context;

    /* Found, with OK. */
    bool *held; /* by name */
    struct upstream_state *upstreams;
    size_t upstream_count;
    struct followed_state *registries; /* all there are */
    size_t registry_count;
};

void store_upstream_look(struct store *store, struct upstream_look *look);
