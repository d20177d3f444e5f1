#include "replica/change_ring.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/metric.h"
#include "base/owners.h"
#include "loop/loop.h"
#include "replica/change_form.h"

enum { FIRST_PLACES = 256, OPEN_SHARE = 4 };

struct change_ring {
    size_t most_bytes;

    struct change_block *open; /* the revision at hand; NULL: nothing of it yet */
    bool is_too_large;         /* it is left to the log */
    struct change_listener *listeners;

    pthread_mutex_t lock; /* of all below */
    struct change_block **places;
    size_t capacity, first, count; /* a power of two; the blocks from `first` on, around */
    size_t bytes;
    uint64_t newest; /* the last block's revision, or where the ring begins while it is empty */
    bool is_loaded;
    uint64_t load;

    struct metric *bytes_metric;
};

struct change_ring *change_ring_new(size_t most_bytes)
{
    struct change_ring *ring = heap_zalloc(sizeof *ring);
    ring->most_bytes = most_bytes;
    ring->capacity = FIRST_PLACES;
    ring->places = heap_zalloc(ring->capacity * sizeof *ring->places);
    pthread_mutex_init(&ring->lock, NULL);
    ring->bytes_metric = metric_new(METRIC_GAUGE, "partnerd_watch_memory_bytes", "",
                                    "Memory of the newest changes, from which watchers are fed");
    return ring;
}

/* ---- blocks ---- */

static size_t block_bytes(const struct change_block *block)
{
    return sizeof *block + change_list_bytes(&block->list);
}

void change_block_release(struct change_block *block)
{
    if (!block || !owners_drop(&block->references))
        return;
    change_list_fini(&block->list);
    free(block);
}

static struct change_block *block_new(void)
{
    struct change_block *block = heap_zalloc(sizeof *block);
    atomic_init(&block->references, 1);
    return block;
}

/* ---- the ring itself, under its lock ---- */

static struct change_block **place_of(const struct change_ring *ring, size_t number)
{
    return &ring->places[(ring->first + number) & (ring->capacity - 1)];
}

static void drop_oldest(struct change_ring *ring)
{
    struct change_block *block = *place_of(ring, 0);
    ring->first = (ring->first + 1) & (ring->capacity - 1);
    ring->count--;
    ring->bytes -= block_bytes(block);
    change_block_release(block);
}

static void drop_all(struct change_ring *ring)
{
    while (ring->count)
        drop_oldest(ring);
}

static void grow(struct change_ring *ring)
{
    struct change_block **places = heap_zalloc(2 * ring->capacity * sizeof *places);
    for (size_t i = 0; i < ring->count; i++)
        places[i] = *place_of(ring, i);
    free(ring->places);
    ring->places = places;
    ring->first = 0;
    ring->capacity *= 2;
}

static void push(struct change_ring *ring, struct change_block *block)
{
    if (ring->count == ring->capacity)
        grow(ring);
    *place_of(ring, ring->count) = block;
    ring->count++;
    ring->bytes += block_bytes(block);
    while (ring->bytes > ring->most_bytes && ring->count)
        drop_oldest(ring);
}

/* ---- filling ---- */

void change_ring_free(struct change_ring *ring)
{
    if (!ring)
        return;
    change_ring_drop(ring);
    drop_all(ring);
    free(ring->places);
    pthread_mutex_destroy(&ring->lock);
    free(ring);
}

static void run_listener(void *context)
{
    struct change_listener *listener = context;
    atomic_store(&listener->is_posted, false);
    listener->run(listener->context);
}

static void tell(struct change_ring *ring)
{
    for (struct change_listener *at = ring->listeners; at; at = at->next)
        if (!atomic_exchange(&at->is_posted, true))
            loop_post(at->loop, run_listener, at);
}

void change_ring_drop(struct change_ring *ring)
{
    change_block_release(ring->open);
    ring->open = NULL;
    ring->is_too_large = false;
}

void change_ring_reset(struct change_ring *ring)
{
    change_ring_drop(ring);
    pthread_mutex_lock(&ring->lock);
    drop_all(ring);
    ring->is_loaded = false;
    pthread_mutex_unlock(&ring->lock);
    metric_set(ring->bytes_metric, 0);
}

void change_ring_loaded(struct change_ring *ring, uint64_t revision)
{
    pthread_mutex_lock(&ring->lock);
    ring->newest = revision;
    ring->is_loaded = true;
    ring->load++;
    pthread_mutex_unlock(&ring->lock);
    tell(ring);
}

void change_ring_add(struct change_ring *ring, const struct record_form *form)
{
    if (ring->is_too_large)
        return;
    if (!ring->open)
        ring->open = block_new();
    change_list_add(&ring->open->list, form);
    if (block_bytes(ring->open) <= ring->most_bytes / OPEN_SHARE)
        return;
    change_ring_drop(ring);
    ring->is_too_large = true;
}

void change_ring_commit(struct change_ring *ring, uint64_t revision)
{
    struct change_block *block = ring->open ? ring->open : block_new();
    block->revision = revision;
    ring->open = NULL;
    pthread_mutex_lock(&ring->lock);
    if (ring->is_too_large || revision != ring->newest + 1)
        drop_all(ring);
    ring->newest = revision;
    if (!ring->is_too_large) {
        push(ring, block);
        block = NULL;
    }
    size_t bytes = ring->bytes;
    pthread_mutex_unlock(&ring->lock);
    change_block_release(block);
    ring->is_too_large = false;
    metric_set(ring->bytes_metric, (int64_t)bytes);
    tell(ring);
}

/* ---- reading ---- */

uint64_t change_ring_load(struct change_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    uint64_t load = ring->is_loaded ? ring->load : 0;
    pthread_mutex_unlock(&ring->lock);
    return load;
}

static size_t acquire_blocks(const struct change_ring *ring, size_t from, struct change_block **ret_blocks,
                             size_t most)
{
    size_t count = 0;
    for (; count < most && from + count < ring->count; count++) {
        ret_blocks[count] = *place_of(ring, from + count);
        owners_add(&ret_blocks[count]->references);
    }
    return count;
}

enum change_ring_reach change_ring_take(struct change_ring *ring, uint64_t load, uint64_t after_revision,
                                        struct change_block **ret_blocks, size_t most, size_t *ret_count)
{
    enum change_ring_reach reach = RING_IN_REACH;
    *ret_count = 0;
    pthread_mutex_lock(&ring->lock);
    uint64_t begins_after = ring->newest - ring->count;
    if (!ring->is_loaded || load != ring->load)
        reach = RING_VOID;
    else if (after_revision < begins_after)
        reach = RING_OLDER;
    else
        *ret_count = acquire_blocks(ring, after_revision - begins_after, ret_blocks, most);
    pthread_mutex_unlock(&ring->lock);
    return reach;
}

void change_ring_listen(struct change_ring *ring, struct change_listener *listener)
{
    listener->next = ring->listeners;
    ring->listeners = listener;
}
