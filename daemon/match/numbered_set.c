#include "match/numbered_set.h"

#include "base/arena.h"

uint32_t numbered_set_count(struct numbered_set *set, struct arena *arena, size_t words)
{
    uint32_t count = 0;
    set->before = arena_array(arena, words, sizeof *set->before);
    for (size_t word = 0; word < words; word++) {
        set->before[word] = count;
        count += (uint32_t)__builtin_popcountll(set->bits[word]);
    }
    return count;
}
