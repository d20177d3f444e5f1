#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* Memory that goes all at once: a call's, a snapshot's. Nothing in it is freed alone. One thread at a time.
 * Allocation never fails but for a cap: without one the process stops when memory is gone. Blocks are aligned
 * to 16 bytes; those of a large arena are mapped in huge pages, where there are any. */
struct arena;

/* cap_bytes 0: none. The cap counts what was asked for. */
struct arena *arena_new(size_t cap_bytes);
void arena_free(struct arena *arena); /* NULL is fine */
/* Empties it for another use; keeps its first block. */
void arena_reset(struct arena *arena);

/* Not zeroed. Beyond the cap the process stops: only arena_protobuf's allocator is refused politely. */
void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_zalloc(struct arena *arena, size_t bytes);
/* count * bytes each, zeroed; an overflow stops the process. */
void *arena_array(struct arena *arena, size_t count, size_t bytes);
/* A longer copy of an array that is in the arena (the old one stays until the end). */
void *arena_grow(struct arena *arena, const void *old, size_t old_bytes, size_t bytes);
void *arena_copy(struct arena *arena, const void *from, size_t bytes);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t bytes);
[[gnu::format(printf, 2, 3)]] char *arena_format(struct arena *arena, const char *format, ...);
[[gnu::format(printf, 2, 0)]] char *arena_vformat(struct arena *arena, const char *format, va_list arguments);

/* Bytes asked for so far. */
size_t arena_used(const struct arena *arena);

/* An allocator for protobuf-c's unpack, whose memory is the arena's; lives as long as the arena. Beyond the cap it
 * gives NULL, so that unpacking fails, and arena_refused tells that this was why. */
ProtobufCAllocator *arena_protobuf(struct arena *arena);
bool arena_refused(const struct arena *arena);

/* Heap memory that does not come back NULL: the process stops instead. For what outlives any arena. */
void *heap_alloc(size_t bytes);
void *heap_zalloc(size_t bytes);
void *heap_realloc(void *old, size_t bytes);
char *heap_strdup(const char *text);
_Noreturn void heap_exhausted(void); /* says that there is no memory, and ends the process */
