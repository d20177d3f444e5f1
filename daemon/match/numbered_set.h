#pragma once

#include <stdint.h>

#include "match/bits.h"

struct arena;

/* A set whose members are numbered upwards. */
struct numbered_set {
    uint64_t *bits;
    uint32_t *before; /* by word: how many are in the words before */
};

/* Numbers a set whose bits are there, with memory from the arena; returns how many it has. */
uint32_t numbered_set_count(struct numbered_set *set, struct arena *arena, size_t words);

static inline uint32_t numbered_set_number(const struct numbered_set *set, uint32_t member)
{
    uint64_t below = set->bits[member / 64] & (((uint64_t)1 << member % 64) - 1);
    return set->before[member / 64] + (uint32_t)__builtin_popcountll(below);
}
