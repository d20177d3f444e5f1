#include "base/spare.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "base/arena.h"

enum { LEAST_BITS = 6, LEAST_BYTES = 1 << LEAST_BITS, SIZES = 15, KEPT_BYTES = 512 << 10 };

/* `size` counts the head too. */
struct piece {
    struct piece *next; /* of its list, while it waits */
    size_t size;
    alignas(SPARE_HEAD_BYTES) unsigned char bytes[];
};
static_assert(sizeof(struct piece) == SPARE_HEAD_BYTES);

struct list {
    struct piece *first;
    size_t bytes;
};
static thread_local struct list lists[SIZES];
static thread_local bool is_watched;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop_all(void *own)
{
    struct list *list = own;
    for (size_t i = 0; i < SIZES; i++) {
        for (struct piece *piece = list[i].first, *next; piece; piece = next) {
            next = piece->next;
            free(piece);
        }
        list[i] = (struct list){0};
    }
}

static void begin(void)
{
    pthread_key_create(&key, drop_all);
}

static void watch_thread(void)
{
    pthread_once(&once, begin);
    pthread_setspecific(key, lists);
    is_watched = true;
}

/* SIZES: none, it is not kept. */
static unsigned place_of(size_t size)
{
#ifdef __SANITIZE_ADDRESS__
    (void)size;
    return SIZES;
#else
    if (size <= LEAST_BYTES)
        return 0;
    unsigned place = 64 - LEAST_BITS - (unsigned)__builtin_clzll(size - 1);
    return place < SIZES ? place : SIZES;
#endif
}

static struct piece *piece_of(void *memory)
{
    return (struct piece *)((unsigned char *)memory - offsetof(struct piece, bytes));
}

void *spare_alloc(size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        heap_exhausted();
    size_t size = sizeof(struct piece) + bytes;
    unsigned place = place_of(size);
    struct piece *piece = place < SIZES ? lists[place].first : NULL;
    if (place < SIZES)
        size = (size_t)LEAST_BYTES << place;
    if (piece) {
        lists[place].first = piece->next;
        lists[place].bytes -= size;
        return piece->bytes;
    }
    piece = heap_alloc(size);
    piece->size = size;
    return piece->bytes;
}

void *spare_zalloc(size_t bytes)
{
    return memset(spare_alloc(bytes), 0, bytes);
}

/* What is not kept grows where it lies. */
static void *grow_large(struct piece *piece, size_t bytes)
{
    piece = heap_realloc(piece, sizeof *piece + bytes);
    piece->size = sizeof *piece + bytes;
    return piece->bytes;
}

void *spare_realloc(void *old, size_t bytes)
{
    if (!old || bytes > SIZE_MAX / 2)
        return spare_alloc(bytes);
    struct piece *piece = piece_of(old);
    size_t room = piece->size - sizeof *piece;
    if (bytes <= room)
        return old;
    if (place_of(piece->size) == SIZES)
        return grow_large(piece, bytes);
    void *memory = spare_alloc(bytes);
    memcpy(memory, old, room);
    spare_free(old);
    return memory;
}

void spare_free(void *memory)
{
    if (!memory)
        return;
    struct piece *piece = piece_of(memory);
    unsigned place = place_of(piece->size);
    struct list *list = place < SIZES ? &lists[place] : NULL;
    if (!list || (list->bytes && list->bytes + piece->size > KEPT_BYTES)) {
        free(piece);
        return;
    }
    if (!is_watched)
        watch_thread();
    piece->next = list->first;
    list->first = piece;
    list->bytes += piece->size;
}
