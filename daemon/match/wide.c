#include "match/wide.h"

WIDE uint64_t wide_both(uint64_t *restrict to, const uint64_t *restrict left, const uint64_t *restrict right,
                        size_t words)
{
    uint64_t any = 0;
    for (size_t i = 0; i < words; i++)
        any |= to[i] = left[i] & right[i];
    return any;
}

WIDE uint64_t wide_and(uint64_t *restrict bits, const uint64_t *restrict with, size_t words)
{
    uint64_t any = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t both = bits[i] & with[i];
        bits[i] = both;
        any |= both;
    }
    return any;
}

WIDE void wide_or(uint64_t *restrict bits, const uint64_t *restrict with, size_t words)
{
    for (size_t i = 0; i < words; i++)
        bits[i] |= with[i];
}

WIDE size_t wide_count(const uint64_t *bits, size_t words)
{
    size_t count = 0;
    for (size_t i = 0; i < words; i++)
        count += (size_t)__builtin_popcountll(bits[i]);
    return count;
}
