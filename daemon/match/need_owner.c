#include "match/need_owner.h"

#include <stdlib.h>
#include <string.h>

#include "match/number.h"
#include "partner/v1/types.pb-c.h"

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* Of the partnerships with another body that is there, the one that lasts longest. */
static void find_partner(struct need_owner *owner, const struct segment *base,
                         const struct partnership_set *partnerships)
{
    uint32_t body = bodies_first(&base->bodies, owner->place);
    const uint32_t *numbers;
    uint32_t count = partnership_set_of(partnerships, owner->place, &numbers);
    for (uint32_t i = 0; i < count; i++) {
        const struct partnership *partnership = &partnerships->items[numbers[i]];
        if (owner->partnership != PLACE_NONE && partnership->until <= owner->until)
            continue;
        const uint32_t *parties = partnerships->parties + partnership->first;
        for (uint32_t j = 0; j < partnership->count; j++) {
            if (parties[j] >= base->organisation_count || bodies_first(&base->bodies, parties[j]) == body)
                continue;
            owner->partnership = numbers[i];
            owner->partner = parties[j];
            owner->since = partnership->since;
            owner->until = partnership->until;
            break;
        }
    }
}

/* Its number is its body until bodies are numbered. */
static struct need_owner owner_of(const char *id, const struct segment *base,
                                  const struct partnership_set *partnerships)
{
    struct need_owner owner = {.number = BODY_NUMBER_NONE, .partnership = PLACE_NONE, .partner = PLACE_NONE};
    owner.place = segment_find_organisation(base, id);
    if (owner.place == PLACE_NONE)
        return owner;
    const struct organisation_entry *entry = base->organisations[owner.place];
    owner.has_aims = entry->target_countries.count || entry->target_sectors.count || entry->priorities;
    if (entry->roles & number_bit(PARTNER__V1__ROLE__ROLE_SENDING))
        owner.number = bodies_first(&base->bodies, owner.place);
    find_partner(&owner, base, partnerships);
    return owner;
}

uint32_t need_owner_number(const uint32_t *bodies, uint32_t count, uint32_t body)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (bodies[middle] < body)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && bodies[low] == body ? low : BODY_NUMBER_NONE;
}

/* Sorts them, each once; returns how many. */
static uint32_t settle(uint32_t *bodies, uint32_t count)
{
    uint32_t kept = 0;
    if (count)
        qsort(bodies, count, sizeof *bodies, compare_numbers);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || bodies[i] != bodies[i - 1])
            bodies[kept++] = bodies[i];
    return kept;
}

void need_owners_find(struct need_owner *owners, const char *const *ids, uint32_t count,
                      const struct segment *base, const struct partnership_set *partnerships,
                      uint32_t *bodies, uint32_t *ret_body_count)
{
    uint32_t sending = 0;
    for (uint32_t i = 0; i < count; i++) {
        owners[i] = owner_of(ids[i], base, partnerships);
        if (owners[i].number != BODY_NUMBER_NONE)
            bodies[sending++] = owners[i].number;
    }
    *ret_body_count = settle(bodies, sending);
    for (uint32_t i = 0; i < count; i++)
        if (owners[i].number != BODY_NUMBER_NONE)
            owners[i].number = need_owner_number(bodies, *ret_body_count, owners[i].number);
}
