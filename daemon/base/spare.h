#pragma once

#include <stddef.h>

/* Heap memory for what comes and goes with calls: arenas' blocks, and what nghttp2 and libevent keep. What a thread frees waits, by
 * size, for the next who asks the same thread: in the steady state nobody asks malloc, and memory is found in the cache. A
 * thread keeps half a MiB of each size (powers of two, 64 bytes to a MiB) or one; the rest goes back, and all at its end. Any
 * thread may free what another has taken. Aligned to 16 bytes; never NULL: the process stops instead.
 * Under AddressSanitizer nothing is kept, for it is to see every use after the end. */

enum { SPARE_HEAD_BYTES = 16 }; /* in front of each: 2^n less these waste nothing */

void *spare_alloc(size_t bytes);
void *spare_zalloc(size_t bytes);
void *spare_realloc(void *old, size_t bytes); /* NULL is fine */
void spare_free(void *memory);                /* NULL is fine */
