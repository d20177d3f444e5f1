#include "base/arena.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

enum { BLOCK_BYTES = 8192, LARGEST_BLOCK_BYTES = 1 << 20, ALIGNMENT = 16 };
enum {
    SPARE_SIZES = 8,
    SPARE_BYTES = 512 << 10
}; /* sizes from the least to the largest block; kept of each, or one */

struct block {
    struct block *next;
    size_t size; /* of what follows the header */
    alignas(ALIGNMENT) unsigned char bytes[];
};

/* Lies at the front of its own first block. */
struct arena {
    struct block *first; /* the newest */
    unsigned char *at, *end;
    size_t used, cap, next_block;
    bool refused;
    ProtobufCAllocator allocator;
};

enum { OWN_BYTES = (sizeof(struct arena) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

static _Noreturn void out_of_memory(void)
{
    fputs("partnerd: out of memory\n", stderr);
    abort();
}

void *heap_alloc(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *heap_zalloc(size_t bytes)
{
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *heap_realloc(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes ? bytes : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

char *heap_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(heap_alloc(bytes), text, bytes);
}

static void *protobuf_alloc(void *context, size_t bytes)
{
    struct arena *arena = context;
    if (arena->cap && (bytes > arena->cap || arena->used > arena->cap - bytes)) {
        arena->refused = true;
        return NULL;
    }
    return arena_alloc(arena, bytes);
}

static void protobuf_free(void *, void *) {}

/* ---- blocks ---- */

/* Blocks that a thread has freed wait for its next arena, by size: calls come and go without malloc, and find their memory in the
 * cache. */
struct spare {
    struct block *first;
    size_t bytes;
};
static thread_local struct spare spares[SPARE_SIZES];
static thread_local bool spares_are_watched;
static pthread_key_t spares_key;
static pthread_once_t spares_once = PTHREAD_ONCE_INIT;

static void blocks_drop(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

static void spares_drop(void *own)
{
    struct spare *spare = own;
    for (size_t i = 0; i < SPARE_SIZES; i++)
        blocks_drop(spare[i].first);
}

static void spares_begin(void)
{
    pthread_key_create(&spares_key, spares_drop);
}

/* NULL: blocks of that size are not kept. */
static struct spare *spare_of(size_t size)
{
#ifdef __SANITIZE_ADDRESS__
    return NULL; /* which is to see every use after the end */
#endif
    unsigned place = (unsigned)__builtin_ctzll(size / BLOCK_BYTES | (size_t)1 << 63);
    return place < SPARE_SIZES && size == (size_t)BLOCK_BYTES << place ? &spares[place] : NULL;
}

static struct block *block_new(size_t size)
{
    struct spare *spare = spare_of(size);
    struct block *block = spare ? spare->first : NULL;
    if (block) {
        spare->first = block->next;
        spare->bytes -= size;
        return block;
    }
    block = heap_alloc(sizeof *block + size);
    block->size = size;
    return block;
}

static void block_free(struct block *block)
{
    struct spare *spare = spare_of(block->size);
    if (!spare || (spare->bytes && spare->bytes + block->size > SPARE_BYTES)) {
        free(block);
        return;
    }
    if (!spares_are_watched) {
        pthread_once(&spares_once, spares_begin);
        pthread_setspecific(spares_key, spares);
        spares_are_watched = true;
    }
    block->next = spare->first;
    spare->first = block;
    spare->bytes += block->size;
}

/* ---- arenas ---- */

struct arena *arena_new(size_t cap_bytes)
{
    struct block *block = block_new(BLOCK_BYTES);
    block->next = NULL;
    struct arena *arena = (struct arena *)block->bytes;
    *arena = (struct arena){
        .first = block,
        .at = block->bytes + OWN_BYTES,
        .end = block->bytes + block->size,
        .cap = cap_bytes,
        .next_block = BLOCK_BYTES,
        .allocator = {protobuf_alloc, protobuf_free, arena},
    };
    return arena;
}

void arena_free(struct arena *arena)
{
    for (struct block *block = arena ? arena->first : NULL, *next; block; block = next) {
        next = block->next;
        block_free(block);
    }
}

void arena_reset(struct arena *arena)
{
    struct block *block = arena->first;
    for (struct block *next; (next = block->next); block = next)
        block_free(block);
    arena->first = block;
    arena->at = block->bytes + OWN_BYTES;
    arena->end = block->bytes + block->size;
    arena->used = 0;
    arena->next_block = BLOCK_BYTES;
    arena->refused = false;
}

static void arena_add_block(struct arena *arena, size_t bytes)
{
    size_t size = arena->next_block;
    if (size < LARGEST_BLOCK_BYTES)
        arena->next_block *= 2;
    while (size < bytes && size < LARGEST_BLOCK_BYTES)
        size *= 2; /* so that the block can be kept */
    if (size < bytes)
        size = bytes;
    struct block *block = block_new(size);
    block->next = arena->first;
    arena->first = block;
    arena->at = block->bytes;
    arena->end = block->bytes + size;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        out_of_memory();
    size_t rounded = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if ((size_t)(arena->end - arena->at) < rounded)
        arena_add_block(arena, rounded);
    void *memory = arena->at;
    arena->at += rounded;
    arena->used += bytes;
    return memory;
}

void *arena_zalloc(struct arena *arena, size_t bytes)
{
    return memset(arena_alloc(arena, bytes), 0, bytes);
}

void *arena_array(struct arena *arena, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        out_of_memory();
    return arena_zalloc(arena, total);
}

void *arena_grow(struct arena *arena, const void *old, size_t old_bytes, size_t bytes)
{
    unsigned char *memory = arena_alloc(arena, bytes);
    if (old_bytes)
        memcpy(memory, old, old_bytes);
    return memory;
}

void *arena_copy(struct arena *arena, const void *from, size_t bytes)
{
    void *memory = arena_alloc(arena, bytes);
    if (bytes)
        memcpy(memory, from, bytes);
    return memory;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_strndup(struct arena *arena, const char *text, size_t bytes)
{
    char *copy = arena_alloc(arena, bytes + 1);
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

char *arena_vformat(struct arena *arena, const char *format, va_list arguments)
{
    char small[256];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    char *text;
    if (length < 0) {
        text = arena_strdup(arena, "");
    } else if ((size_t)length < sizeof small) {
        text = arena_strndup(arena, small, (size_t)length);
    } else {
        text = arena_alloc(arena, (size_t)length + 1);
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vformat(arena, format, arguments);
    va_end(arguments);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

ProtobufCAllocator *arena_protobuf(struct arena *arena)
{
    return &arena->allocator;
}

bool arena_refused(const struct arena *arena)
{
    return arena->refused;
}
