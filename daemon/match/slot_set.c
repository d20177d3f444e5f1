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

static void add_place(struct slot_set *set, const struct match_query *query, uint32_t place)
{
    const struct segment *segment = query->segment;
    for (uint32_t i = segment->first_slot[place]; i < segment->first_slot[place + 1]; i++)
        add(set, query, segment->slots_of[i]);
}

/* Whether a slot tells that the organisation is a body by itself, without a search. */
static bool stands_alone(const struct segment *segment, uint32_t place)
{
    uint32_t first = segment->first_slot[place];
    return first < segment->first_slot[place + 1] &&
           !bits_has(segment->several_records.bits, segment->slots_of[first]);
}

void slot_set_add_body(struct slot_set *set, const struct match_query *query, uint32_t body)
{
    uint32_t place = body;
    if (index_locate(query->index, &place) != query->part)
        return;
    if (stands_alone(query->segment, place)) {
        add_place(set, query, place);
        return;
    }
    struct members members;
    index_members(query->index, body, &members);
    for (uint32_t i = 0; i < members.count; i++)
        add_place(set, query, members.places[i]);
}

void slot_set_fetch_body(const struct match_query *query, uint32_t body, unsigned step)
{
    const struct segment *segment = query->segment;
    if (index_locate(query->index, &body) != query->part)
        return;
    if (step == 0)
        __builtin_prefetch(&segment->first_slot[body]);
    else
        __builtin_prefetch(&segment->slots_of[segment->first_slot[body]]);
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
