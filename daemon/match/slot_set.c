#include "match/slot_set.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/search.h"

static void add(struct slot_set *set, const struct match_query *query, uint32_t slot)
{
    if (set->count == set->capacity) {
        uint32_t old = set->capacity;
        set->capacity = old ? old * 2 : 32;
        set->slots = arena_grow(query->arena, set->slots, old * sizeof *set->slots,
                                set->capacity * sizeof *set->slots);
    }
    set->slots[set->count++] = slot;
}

void slot_set_add_body(struct slot_set *set, const struct match_query *query, uint32_t body)
{
    struct members members;
    index_members(query->index, body, &members);
    const struct segment *segment = query->segment;
    if (members.segment != query->part)
        return;
    for (uint32_t i = 0; i < members.count; i++)
        for (uint32_t j = segment->first_slot[members.places[i]];
             j < segment->first_slot[members.places[i] + 1]; j++)
            add(set, query, segment->slots_of[j]);
}

void slot_set_end(struct slot_set *set, const struct match_query *query)
{
    if (!set->count)
        return;
    size_t chunks = query->segment->slot_count / CHUNK_SLOTS + 1;
    uint32_t *first = arena_array(query->arena, chunks + 2, sizeof *first);
    uint32_t *ordered = arena_alloc(query->arena, set->count * sizeof *ordered);
    for (uint32_t i = 0; i < set->count; i++)
        first[set->slots[i] / CHUNK_SLOTS + 2]++;
    for (size_t i = 2; i < chunks + 2; i++)
        first[i] += first[i - 1];
    for (uint32_t i = 0; i < set->count; i++)
        ordered[first[set->slots[i] / CHUNK_SLOTS + 1]++] = set->slots[i];
    set->first = first;
    set->slots = ordered;
}

uint32_t slot_set_take(const struct slot_set *set, size_t chunk, uint64_t *slots, uint64_t *taken)
{
    uint32_t count = 0;
    if (!set->count)
        return 0;
    for (uint32_t i = set->first[chunk]; i < set->first[chunk + 1]; i++) {
        size_t at = set->slots[i] % CHUNK_SLOTS;
        if (!bits_has(slots, at))
            continue;
        bits_clear(slots, at);
        count++;
        if (taken)
            bits_set(taken, at);
    }
    return count;
}
