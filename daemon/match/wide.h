#pragma once

#include <stddef.h>
#include <stdint.h>

/* Loops over words of bits, compiled for wide registers too and chosen when the program starts. */

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default"), optimize("O3")))
#else
#define WIDE
#endif

/* What is in both; returns 0 where nothing is. */
uint64_t wide_both(uint64_t *restrict to, const uint64_t *restrict left, const uint64_t *restrict right,
                   size_t words);
/* Leaves in `bits` what is in both; returns 0 where nothing is. */
uint64_t wide_and(uint64_t *restrict bits, const uint64_t *restrict with, size_t words);
void wide_or(uint64_t *restrict bits, const uint64_t *restrict with, size_t words);
size_t wide_count(const uint64_t *bits, size_t words);
