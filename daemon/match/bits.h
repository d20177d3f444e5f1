#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets of slots as words of 64 bits; bits beyond the last slot are always 0. */

static inline size_t bits_words(size_t count)
{
    return (count + 63) / 64;
}

static inline bool bits_has(const uint64_t *bits, size_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static inline void bits_set(uint64_t *bits, size_t i)
{
    bits[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline void bits_clear(uint64_t *bits, size_t i)
{
    bits[i / 64] &= ~((uint64_t)1 << (i % 64));
}

static inline size_t bits_count(const uint64_t *bits, size_t words)
{
    size_t count = 0;
    for (size_t i = 0; i < words; i++)
        count += (size_t)__builtin_popcountll(bits[i]);
    return count;
}

static inline void bits_and(uint64_t *bits, const uint64_t *with, size_t words)
{
    for (size_t i = 0; i < words; i++)
        bits[i] &= with[i];
}

/* Walks the set bits upwards: for (i = bits_next(bits, count, 0); i < count; i = bits_next(bits, count, i + 1)) */
static inline size_t bits_next(const uint64_t *bits, size_t count, size_t from)
{
    if (from >= count)
        return count;
    size_t word = from / 64, words = bits_words(count);
    uint64_t rest = bits[word] & ~(uint64_t)0 << (from % 64);
    while (!rest)
        if (++word == words)
            return count;
        else
            rest = bits[word];
    return word * 64 + (size_t)__builtin_ctzll(rest);
}
