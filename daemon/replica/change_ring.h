#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replica/change_list.h"

struct loop;
struct record_form;

/* The changes of the newest revisions, kept in memory for those who watch: without gaps up to the newest, as far back as
 * so many bytes reach. Filled by one thread, read by any. What is older stands in the database's change log. */
struct change_ring;

struct change_ring *change_ring_new(size_t most_bytes);
/* After the end of all threads that use it, and with all blocks released. NULL is fine. */
void change_ring_free(struct change_ring *ring);

/* ---- filling: one thread alone ---- */

/* All so far is void: the database is loaded anew. */
void change_ring_reset(struct change_ring *ring);
/* It goes on from here. */
void change_ring_loaded(struct change_ring *ring, uint64_t revision);
/* A change of the revision at hand. */
void change_ring_add(struct change_ring *ring, const struct record_form *form);
/* What was added of the revision at hand will come again. */
void change_ring_drop(struct change_ring *ring);
/* The revision at hand is whole: readers see it, and listeners are told. */
void change_ring_commit(struct change_ring *ring, uint64_t revision);

/* ---- reading: any thread ---- */

/* All changes to records of one revision, in order, perhaps none. Immutable, counted. */
struct change_block {
    _Atomic unsigned references;
    uint64_t revision;
    struct change_list list;
};

void change_block_release(struct change_block *block);

enum change_ring_reach {
    RING_VOID,     /* nothing is loaded, or another load than the caller's: ask change_ring_load */
    RING_OLDER,    /* it begins later: what comes after is read from the log */
    RING_IN_REACH, /* *ret_count blocks were acquired; 0: there is nothing newer yet */
};

/* The load that readers speak of: another number after each. 0: nothing is loaded. */
uint64_t change_ring_load(struct change_ring *ring);
/* At most `most` revisions after that one, in order. */
enum change_ring_reach change_ring_take(struct change_ring *ring, uint64_t load, uint64_t after_revision,
                                        struct change_block **ret_blocks, size_t most, size_t *ret_count);

/* Runs `run(context)` on the loop soon after each commit or load, once for those that come at the same time. Before the
 * ring is filled; `listener` stays with its owner until the loop has ended. */
struct change_listener {
    struct change_listener *next;
    struct loop *loop;
    void (*run)(void *context);
    void *context;
    _Atomic bool is_posted;
};
void change_ring_listen(struct change_ring *ring, struct change_listener *listener);
