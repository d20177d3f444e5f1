#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/huge.h"
#include "base/spare.h"

enum { BLOCK_BYTES = 8192, LARGEST_BLOCK_BYTES = 64 << 20, ALIGNMENT = 16 };

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

enum { BLOCK_HEAD_BYTES = SPARE_HEAD_BYTES + sizeof(struct block) };
enum { OWN_BYTES = (sizeof(struct arena) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

void heap_exhausted(void)
{
    fputs("partnerd: out of memory\n", stderr);
    abort();
}

void *heap_alloc(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory)
        heap_exhausted();
    return memory;
}

void *heap_zalloc(size_t bytes)
{
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory)
        heap_exhausted();
    return memory;
}

void *heap_realloc(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes ? bytes : 1);
    if (!memory)
        heap_exhausted();
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

/* Of so many bytes, all in all: powers of two are kept for the next arena, but for those of a large one. */
static struct block *block_new(size_t whole_bytes)
{
    struct block *block =
        whole_bytes < HUGE_PAGE_BYTES ? spare_alloc(whole_bytes - SPARE_HEAD_BYTES) : huge_alloc(whole_bytes);
    block->next = NULL;
    block->size = whole_bytes - BLOCK_HEAD_BYTES;
    return block;
}

static void block_free(struct block *block)
{
    size_t whole_bytes = BLOCK_HEAD_BYTES + block->size;
    if (whole_bytes < HUGE_PAGE_BYTES)
        spare_free(block);
    else
        huge_free(block, whole_bytes);
}

struct arena *arena_new(size_t cap_bytes)
{
    struct block *block = block_new(BLOCK_BYTES);
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
    size_t whole = arena->next_block, wanted = BLOCK_HEAD_BYTES + bytes;
    while (whole < wanted && whole < LARGEST_BLOCK_BYTES)
        whole *= 2; /* so that the block can be kept */
    arena->next_block = whole < LARGEST_BLOCK_BYTES ? whole * 2 : whole;
    struct block *block = block_new(whole < wanted ? wanted : whole);
    block->next = arena->first;
    arena->first = block;
    arena->at = block->bytes;
    arena->end = block->bytes + block->size;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        heap_exhausted();
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
        heap_exhausted();
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
    size_t plain_length;
    if (format_plain(small, sizeof small, format, arguments, &plain_length))
        return arena_strndup(arena, small, plain_length);
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
