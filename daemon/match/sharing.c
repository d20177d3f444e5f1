#include "match/sharing.h"

#include <stdlib.h>

#include "base/arena.h"
#include "match/segment.h"

static uint32_t offers_of(const struct segment *segment, uint32_t place)
{
    uint32_t count = 0;
    for (uint32_t i = segment->first_slot[place]; i < segment->first_slot[place + 1]; i++)
        count += segment->slot_offer[segment->slots_of[i]] != PLACE_NONE;
    return count;
}

void sharing_settle(struct segment *segment)
{
    const struct bodies *bodies = &segment->bodies;
    uint32_t *offers_by_member = heap_alloc(((size_t)bodies->several_count + 1) * sizeof *offers_by_member);
    for (uint32_t i = 0; i < bodies->several_count; i++)
        offers_by_member[i] = offers_of(segment, bodies->members[i]);
    for (uint32_t i = 0; i < bodies->several_count; i++) {
        struct several *own = &bodies->several[i];
        const uint32_t *members = bodies->members + own->first;
        uint32_t offers = offers_of(segment, own->place);
        own->same_as = arena_array(segment->arena, own->count - 1, sizeof *own->same_as);
        for (uint32_t j = 0, k = 0; j < own->count; j++) {
            uint32_t other = members[j];
            if (other == own->place)
                continue;
            uint32_t others = offers_by_member[own->first + j];
            own->same_as[k++] = segment->organisations[other]->entry.id;
            own->preference += others > offers || (others == offers && other < own->place);
        }
    }
    free(offers_by_member);
}

static void mark_apart(struct segment *segment, uint32_t place)
{
    for (uint32_t i = segment->first_slot[place]; i < segment->first_slot[place + 1]; i++) {
        bits_set(segment->shared, segment->slots_of[i]);
        bits_set(segment->apart, segment->slots_of[i]);
    }
}

/* Two offers of one organisation are mostly alike, and so side by side. */
static void mark_two(struct segment *segment, uint32_t place)
{
    uint32_t one = segment->slots_of[segment->first_slot[place]],
             other = segment->slots_of[segment->first_slot[place] + 1];
    if (other != one + 1 || other / 64 != one / 64) {
        mark_apart(segment, place);
        return;
    }
    bits_set(segment->shared, one);
    bits_set(segment->shared, other);
    bits_set(segment->second, other);
}

static void mark_several_records(struct segment *segment)
{
    const struct bodies *bodies = &segment->bodies;
    struct numbered_set *set = &segment->several_records;
    for (uint32_t i = 0; i < bodies->several_count; i++) {
        uint32_t place = bodies->several[i].place;
        mark_apart(segment, place);
        for (uint32_t j = segment->first_slot[place]; j < segment->first_slot[place + 1]; j++)
            bits_set(set->bits, segment->slots_of[j]);
    }
    uint32_t count = numbered_set_count(set, segment->arena, bits_words(segment->slot_count));
    segment->several_bodies = arena_array(segment->arena, count, sizeof *segment->several_bodies);
    for (uint32_t i = 0; i < bodies->several_count; i++) {
        const struct several *own = &bodies->several[i];
        for (uint32_t j = segment->first_slot[own->place]; j < segment->first_slot[own->place + 1]; j++)
            segment->several_bodies[numbered_set_number(set, segment->slots_of[j])] =
                (struct body_of_several){bodies->members[own->first], own->preference};
    }
}

void sharing_mark(struct segment *segment)
{
    const struct bodies *bodies = &segment->bodies;
    for (uint32_t place = 0, i = 0; place < segment->organisation_count; place++) {
        uint32_t count = segment->first_slot[place + 1] - segment->first_slot[place];
        if (i < bodies->several_count && bodies->several[i].place == place)
            i++;
        else if (count > 2)
            mark_apart(segment, place);
        else if (count == 2)
            mark_two(segment, place);
    }
    mark_several_records(segment);
}
