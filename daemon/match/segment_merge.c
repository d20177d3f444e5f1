#include "match/segment_merge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/base_set.h"
#include "match/layout.h"
#include "match/number.h"
#include "match/segment.h"
#include "match/sharing.h"

struct merging {
    const struct segment *old, *new;
    const uint64_t *dead_organisations, *dead_waiting;
    struct segment *to;
    struct weave organisations, offers, waiting, slots;
};

static void *array(const struct merging *merging, size_t count, size_t bytes)
{
    return arena_alloc(merging->to->arena, (count + 1) * bytes);
}

/* ---- what went where ---- */

/* Of the old slots from `low` on, the first that doesn't come before one with that key of an organisation before which so many of
 * the old ones come. */
static uint32_t find_slot(const struct segment *old, uint32_t low, uint32_t key, uint32_t organisations)
{
    uint32_t high = old->slot_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t other = layout_key(segment_host(old, middle), segment_offer(old, middle));
        if (other < key || (other == key && old->slot_organisation[middle] < organisations))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The organisation that the next of the old offers is of, from a place on. */
static uint32_t skip_without_offers(const struct segment *old, uint32_t place)
{
    for (; place < old->organisation_count; place++)
        if (old->first_slot[place] < old->first_slot[place + 1] &&
            old->slot_offer[old->slots_of[old->first_slot[place]]] != PLACE_NONE)
            break;
    return place;
}

/* How many of the old organisations come before each of the new ones. */
static uint32_t *weave_organisations(struct merging *merging)
{
    const struct segment *old = merging->old, *new = merging->new;
    uint32_t *before = heap_alloc(((size_t) new->organisation_count + 1) * sizeof *before);
    for (uint32_t place = 0, at = 0; place < new->organisation_count; place++)
        before[place] = at =
            segment_first_organisation(old, at, old->organisation_count, new->organisations[place]->entry.id);
    merging->organisations =
        weave_new(old->organisation_count, merging->dead_organisations, before, new->organisation_count);
    return before;
}

static void weave_offers(struct merging *merging, const uint64_t *dead, const uint32_t *organisations_before)
{
    const struct segment *old = merging->old, *new = merging->new;
    uint32_t *before = heap_alloc(((size_t) new->offer_count + 1) * sizeof *before), offer = 0, next = 0;
    for (uint32_t place = 0; place < new->organisation_count; place++)
        for (uint32_t i = new->first_slot[place]; i < new->first_slot[place + 1]; i++) {
            if (new->slot_offer[new->slots_of[i]] == PLACE_NONE)
                continue;
            if (next < organisations_before[place])
                next = organisations_before[place];
            next = skip_without_offers(old, next);
            before[offer++] = next == old->organisation_count
                                  ? old->offer_count
                                  : old->slot_offer[old->slots_of[old->first_slot[next]]];
        }
    merging->offers = weave_new(old->offer_count, dead, before, new->offer_count);
    free(before);
}

static void weave_waiting(struct merging *merging)
{
    const struct segment *old = merging->old, *new = merging->new;
    uint32_t *before = heap_alloc(((size_t) new->waiting_count + 1) * sizeof *before);
    const struct entry *const *waiting = (const struct entry *const *)old->waiting;
    for (uint32_t i = 0, at = 0; i < new->waiting_count; i++)
        before[i] = at = entries_find(waiting, at, old->waiting_count, &new->waiting[i]->entry);
    merging->waiting = weave_new(old->waiting_count, merging->dead_waiting, before, new->waiting_count);
    free(before);
}

static void weave_slots(struct merging *merging, const uint64_t *dead, const uint32_t *organisations_before)
{
    const struct segment *old = merging->old, *new = merging->new;
    uint32_t *before = heap_alloc(((size_t) new->slot_count + 1) * sizeof *before);
    for (uint32_t slot = 0, at = 0; slot < new->slot_count; slot++) {
        uint32_t key = layout_key(segment_host(new, slot), segment_offer(new, slot));
        before[slot] = at = find_slot(old, at, key, organisations_before[new->slot_organisation[slot]]);
    }
    merging->slots = weave_new(old->slot_count, dead, before, new->slot_count);
    free(before);
}

static void weave_all(struct merging *merging)
{
    const struct segment *old = merging->old;
    uint64_t *dead_offers = heap_zalloc((bits_words(old->offer_count) + 1) * sizeof *dead_offers);
    uint64_t *dead_slots = heap_zalloc((bits_words(old->slot_count) + 1) * sizeof *dead_slots);
    uint32_t count = old->organisation_count;
    for (size_t place = bits_next(merging->dead_organisations, count, 0); place < count;
         place = bits_next(merging->dead_organisations, count, place + 1))
        for (uint32_t i = old->first_slot[place]; i < old->first_slot[place + 1]; i++) {
            uint32_t slot = old->slots_of[i];
            bits_set(dead_slots, slot);
            if (old->slot_offer[slot] != PLACE_NONE)
                bits_set(dead_offers, old->slot_offer[slot]);
        }
    uint32_t *before = weave_organisations(merging);
    weave_offers(merging, dead_offers, before);
    weave_waiting(merging);
    weave_slots(merging, dead_slots, before);
    free(before);
    free(dead_offers);
    free(dead_slots);
}

/* ---- entries ---- */

/* Acquired. */
static void *copy_entries(const struct merging *merging, const struct weave *weave, const void *old,
                          const void *new)
{
    const struct entry **to = array(merging, weave->count, sizeof *to);
    weave_copy(weave, to, old, new, sizeof *to);
    entries_acquire(to, weave->count);
    return to;
}

static size_t bytes_left(const struct merging *merging)
{
    const struct segment *old = merging->old;
    size_t bytes = old->record_bytes + merging->new->record_bytes;
    for (uint32_t i = 0; i < old->organisation_count; i++)
        if (merging->organisations.to[WEAVE_OLD][i] == PLACE_NONE)
            bytes -= entry_bytes(&old->organisations[i]->entry);
    for (uint32_t i = 0; i < old->offer_count; i++)
        if (merging->offers.to[WEAVE_OLD][i] == PLACE_NONE)
            bytes -= entry_bytes(&old->offers[i]->entry);
    for (uint32_t i = 0; i < old->waiting_count; i++)
        if (merging->waiting.to[WEAVE_OLD][i] == PLACE_NONE)
            bytes -= entry_bytes(&old->waiting[i]->entry);
    return bytes;
}

static void merge_entries(struct merging *merging)
{
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
    to->organisation_count = merging->organisations.count;
    to->offer_count = merging->offers.count;
    to->waiting_count = merging->waiting.count;
    to->slot_count = merging->slots.count;
    to->organisations =
        copy_entries(merging, &merging->organisations, old->organisations, new->organisations);
    to->offers = copy_entries(merging, &merging->offers, old->offers, new->offers);
    to->waiting = copy_entries(merging, &merging->waiting, old->waiting, new->waiting);
    to->record_bytes = bytes_left(merging);
    const struct entry *const *organisations = (const struct entry *const *)to->organisations;
    const struct entry *const *offers = (const struct entry *const *)to->offers;
    const struct entry *const *waiting = (const struct entry *const *)to->waiting;
    to->organisation_table = id_table_make(to->arena, organisations, to->organisation_count, NULL, 0);
    to->offer_table = id_table_make(to->arena, offers, to->offer_count, waiting, to->waiting_count);
}

/* ---- bodies ---- */

/* Bodies are whole on either side. */
static size_t list_joins(const struct bodies *bodies, const uint32_t *where, struct join *joins)
{
    size_t count = 0;
    for (uint32_t i = 0; i < bodies->several_count; i++) {
        const struct several *own = &bodies->several[i];
        uint32_t first = bodies->members[own->first];
        if (first == own->place || where[own->place] == PLACE_NONE)
            continue;
        assert(where[first] != PLACE_NONE);
        joins[count++] = (struct join){where[first], where[own->place]};
    }
    return count;
}

static void merge_bodies(struct merging *merging)
{
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
    const struct weave *weave = &merging->organisations;
    struct join *joins =
        heap_alloc(((size_t)old->bodies.several_count + new->bodies.several_count + 1) * sizeof *joins);
    size_t count = list_joins(&old->bodies, weave->to[WEAVE_OLD], joins);
    count += list_joins(&new->bodies, weave->to[WEAVE_NEW], joins + count);
    bodies_make(&to->bodies, to->arena, to->organisation_count, joins, count);
    free(joins);
    to->identifiers = identifier_table_weave(to->arena, weave, &old->identifiers, &new->identifiers);
}

/* ---- columns ---- */

static void merge_places(struct merging *merging)
{
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
    const struct weave *organisations = &merging->organisations, *slots = &merging->slots;
    to->first_slot = array(merging, to->organisation_count, sizeof *to->first_slot);
    to->slots_of = array(merging, to->slot_count, sizeof *to->slots_of);
    to->slot_offer = array(merging, to->slot_count, sizeof *to->slot_offer);
    to->slot_organisation = array(merging, to->slot_count, sizeof *to->slot_organisation);
    weave_copy_firsts(organisations, to->first_slot, old->first_slot, new->first_slot);
    struct weave lists = weave_of_lists(organisations, old->first_slot, new->first_slot);
    weave_copy_numbers(&lists, to->slots_of, old->slots_of, new->slots_of, slots);
    weave_free(&lists);
    weave_copy_numbers(slots, to->slot_offer, old->slot_offer, new->slot_offer, &merging->offers);
    weave_copy_numbers(slots, to->slot_organisation, old->slot_organisation, new->slot_organisation,
                       organisations);
}

static void merge_columns(struct merging *merging)
{
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
    const struct weave *slots = &merging->slots;
#define COLUMN(member) weave_copy(slots, to->member, old->member, new->member, sizeof *to->member)
    COLUMN(min_days);
    COLUMN(max_days);
    COLUMN(window_start);
    COLUMN(window_end);
    COLUMN(window_places);
    COLUMN(valid_until);
    COLUMN(themes);
    COLUMN(recognition);
#undef COLUMN
#define SET(member) weave_copy_bits(slots, to->member, old->member, new->member)
    SET(host_role);
    SET(several_windows.bits);
    SET(odd);
    for (unsigned bit = 0; bit < RECOGNITION_BITS; bit++)
        SET(recognises[bit]);
#undef SET
}

/* ---- regions ---- */

/* The codes of both in order, each once; `numbers` of each side's, from 1, become those of the whole. */
static void unite_regions(struct merging *merging, uint16_t *numbers[WEAVE_SIDES])
{
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
    to->region_codes =
        array(merging, (size_t)old->region_count + new->region_count + 1, sizeof *to->region_codes);
    to->region_codes[0] = 0;
    for (uint32_t i = 1, j = 1, number = 1; i <= old->region_count || j <= new->region_count; number++) {
        bool of_old =
            i <= old->region_count && (j > new->region_count || old->region_codes[i] <= new->region_codes[j]);
        bool of_new =
            j <= new->region_count && (i > old->region_count || new->region_codes[j] <= old->region_codes[i]);
        uint16_t kept = number < UINT16_MAX ? (uint16_t)number : UINT16_MAX; /* that: look at the entry */
        if (kept < UINT16_MAX)
            to->region_codes[to->region_count = kept] = of_old ? old->region_codes[i] : new->region_codes[j];
        if (of_old)
            numbers[WEAVE_OLD][i++] = kept;
        if (of_new)
            numbers[WEAVE_NEW][j++] = kept;
    }
}

static void merge_regions(struct merging *merging)
{
    const struct segment *sides[WEAVE_SIDES] = {merging->old, merging->new};
    uint16_t *numbers[WEAVE_SIDES];
    for (int side = 0; side < WEAVE_SIDES; side++) {
        numbers[side] = heap_zalloc(((size_t)UINT16_MAX + 1) * sizeof **numbers);
        numbers[side][UINT16_MAX] = UINT16_MAX;
    }
    unite_regions(merging, numbers);
    const struct weave *slots = &merging->slots;
    for (const struct weave_run *run = slots->runs; run < slots->runs + slots->run_count; run++) {
        const uint16_t *from = sides[run->side]->region + run->from, *number = numbers[run->side];
        for (uint32_t i = 0; i < run->count; i++)
            merging->to->region[run->to + i] = number[from[i]];
    }
    for (int side = 0; side < WEAVE_SIDES; side++)
        free(numbers[side]);
}

/* ---- lists ---- */

static void copy_concepts(const struct merging *merging, const struct weave *lists)
{
    const struct segment *sides[WEAVE_SIDES] = {merging->old, merging->new};
    struct segment *to = merging->to;
    for (const struct weave_run *run = lists->runs; run < lists->runs + lists->run_count; run++)
        if (to->concepts_short)
            memcpy(to->concepts_short + run->to, sides[run->side]->concepts_short + run->from,
                   run->count * sizeof *to->concepts_short);
        else
            for (uint32_t i = 0; i < run->count; i++)
                to->concepts_long[run->to + i] = segment_concept(sides[run->side], run->from + i);
}

static void merge_concepts(struct merging *merging, uint32_t concept_limit)
{
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
    struct weave lists = weave_of_lists(&merging->slots, old->concept_first, new->concept_first);
    to->concept_first = array(merging, to->slot_count, sizeof *to->concept_first);
    weave_copy_firsts(&merging->slots, to->concept_first, old->concept_first, new->concept_first);
    if (concept_limit <= UINT16_MAX) /* then those of either side are short, for a limit only grows */
        to->concepts_short = array(merging, lists.count, sizeof *to->concepts_short);
    else
        to->concepts_long = array(merging, lists.count, sizeof *to->concepts_long);
    copy_concepts(merging, &lists);
    weave_free(&lists);
}

static void merge_sectors(struct merging *merging)
{
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
    struct weave lists = weave_of_lists(&merging->slots, old->sector_first, new->sector_first);
    to->sector_first = array(merging, to->slot_count, sizeof *to->sector_first);
    to->sectors = array(merging, lists.count, sizeof *to->sectors);
    weave_copy_firsts(&merging->slots, to->sector_first, old->sector_first, new->sector_first);
    weave_copy(&lists, to->sectors, old->sectors, new->sectors, sizeof *to->sectors);
    weave_free(&lists);
}

static void merge_windows(struct merging *merging)
{
    static const uint32_t none[] = {0}; /* of a side without any */
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
    const uint32_t *old_first = old->window_first ? old->window_first : none,
                   *new_first = new->window_first ? new->window_first : none;
    numbered_set_count(&to->several_windows, to->arena, bits_words(to->slot_count));
    struct weave members = weave_of_members(&merging->slots, &old->several_windows, old->slot_count,
                                            &new->several_windows, new->slot_count);
    struct weave lists = weave_of_lists(&members, old_first, new_first);
    if (members.count) {
        to->window_first = array(merging, members.count, sizeof *to->window_first);
        to->windows = array(merging, lists.count, sizeof *to->windows);
        weave_copy_firsts(&members, to->window_first, old_first, new_first);
        weave_copy(&lists, to->windows, old->windows, new->windows, sizeof *to->windows);
    }
    weave_free(&members);
    weave_free(&lists);
}

static void merge_tables(struct merging *merging, uint32_t concept_limit)
{
    const struct segment *old = merging->old, *new = merging->new;
    struct segment *to = merging->to;
#define TABLE(member, values) \
    to->member = posting_table_weave(to->arena, &merging->slots, &old->member, &new->member, values)
    TABLE(country, COUNTRY_VALUES);
    TABLE(sector_under, SECTOR_VALUES);
    TABLE(sector_exact, SECTOR_VALUES);
    TABLE(language, LANGUAGE_VALUES * LEVEL_VALUES);
    TABLE(eqf, EQF_VALUES);
    TABLE(mode, MODE_VALUES);
    TABLE(concept, concept_limit);
#undef TABLE
}

/* ---- all ---- */

struct segment *segment_merge(const struct segment *old, const uint64_t *dead_organisations,
                              const uint64_t *dead_waiting, const struct segment *new, uint32_t concept_limit,
                              struct weave *ret_organisations)
{
    struct merging merging = {old, new, dead_organisations, dead_waiting};
    struct segment *to = merging.to = heap_zalloc(sizeof *to);
    atomic_init(&to->references, 1);
    to->arena = arena_new(0);
    weave_all(&merging);
    merge_entries(&merging);
    merge_bodies(&merging);
    merge_places(&merging);
    sharing_settle(to);
    layout_make_columns(to);
    merge_columns(&merging);
    merge_regions(&merging);
    sharing_mark(to);
    merge_concepts(&merging, concept_limit);
    merge_sectors(&merging);
    merge_windows(&merging);
    merge_tables(&merging, concept_limit);
    weave_free(&merging.offers);
    weave_free(&merging.waiting);
    weave_free(&merging.slots);
    to->bytes = arena_used(to->arena);
    *ret_organisations = merging.organisations;
    return to;
}
