#include "match/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/owners.h"
#include "match/index_data.h"
#include "match/need_set.h"
#include "match/query.h"
#include "vocab/vocabulary.h"

struct match_index *match_index_acquire(const struct match_index *index)
{
    struct match_index *own = (struct match_index *)(uintptr_t)index;
    owners_add(&own->references);
    return own;
}

void match_index_release(const struct match_index *index)
{
    struct match_index *own = (struct match_index *)(uintptr_t)index;
    if (!own || !owners_drop(&own->references))
        return;
    for (int segment = 0; segment < SEGMENTS; segment++) {
        segment_release(own->segments[segment]);
        partnership_set_release(own->partnerships[segment]);
    }
    need_view_release(own->needs_view);
    concept_names_fini(&own->names);
    if (own->vocabulary)
        vocabulary_release(own->vocabulary);
    arena_free(own->arena);
    free(own);
}

/* ---- finding ---- */

uint32_t index_find_organisation(const struct match_index *index, const char *id)
{
    uint32_t place = segment_find_organisation(index->segments[DELTA], id);
    if (place != PLACE_NONE)
        return index_organisation(index, DELTA, place);
    place = segment_find_organisation(index->segments[BASE], id);
    return place == PLACE_NONE || bits_has(index->dead_organisations, place) ? PLACE_NONE : place;
}

bool index_find_offer(const struct match_index *index, const char *id, int *ret_segment, uint32_t *ret_slot)
{
    for (int i = DELTA; i >= BASE; i--) {
        const struct segment *segment = index->segments[i];
        uint32_t offer = segment_find_offer(segment, id);
        if (offer == PLACE_NONE)
            continue;
        *ret_segment = i;
        *ret_slot = SLOT_NONE;
        if (offer >= segment->offer_count)
            return i == DELTA || !bits_has(index->dead_waiting, offer - segment->offer_count);
        *ret_slot = segment_slot_of_offer(segment, offer);
        return i == DELTA || !bits_has(index->dead_organisations, segment->slot_organisation[*ret_slot]);
    }
    return false;
}

uint32_t index_body(const struct match_index *index, uint32_t organisation)
{
    uint32_t place = organisation;
    int segment = index_locate(index, &place);
    return index_organisation(index, segment, bodies_first(&index->segments[segment]->bodies, place));
}

void index_members(const struct match_index *index, uint32_t body, struct members *ret_members)
{
    ret_members->single = body;
    ret_members->segment = index_locate(index, &ret_members->single);
    const struct bodies *bodies = &index->segments[ret_members->segment]->bodies;
    const struct several *several = bodies_find(bodies, ret_members->single);
    ret_members->count = several ? several->count : 1;
    ret_members->places = several ? bodies->members + several->first : &ret_members->single;
}

static uint32_t dead_concept_row(const struct match_index *index, uint32_t concept)
{
    uint32_t row = (concept * 2654435769u) >> 5 & index->dead_concept_mask;
    while (index->dead_concepts[row].count && index->dead_concepts[row].concept != concept)
        row = (row + 1) & index->dead_concept_mask;
    return row;
}

uint32_t index_concept_count(const struct match_index *index, uint32_t concept)
{
    return posting_of(&index->segments[BASE]->concept, concept).count +
           posting_of(&index->segments[DELTA]->concept, concept).count -
           index->dead_concepts[dead_concept_row(index, concept)].count;
}

/* ---- making ---- */

/* What is dead, while it is found. */
struct deaths {
    struct match_index *index;
    uint64_t *live, *organisations, *waiting, *partnerships;
    struct moved *moved;
    uint32_t *
        order_base; /* by organisation of the delta: how many of the base's come before; PLACE_NONE: not known yet */
    uint32_t *offers; /* slots of dead offers */
    size_t offer_count, offer_capacity, waiting_count, organisation_count;
};

static void kill_slots(struct deaths *deaths, const struct segment *base, uint32_t place)
{
    bits_set(deaths->organisations, place);
    deaths->organisation_count++;
    for (uint32_t i = base->first_slot[place]; i < base->first_slot[place + 1]; i++) {
        uint32_t slot = base->slots_of[i];
        bits_clear(deaths->live, slot);
        if (base->slot_offer[slot] == PLACE_NONE)
            continue;
        if (deaths->offer_count == deaths->offer_capacity) {
            deaths->offer_capacity = deaths->offer_capacity ? deaths->offer_capacity * 2 : 256;
            deaths->offers = heap_realloc(deaths->offers, deaths->offer_capacity * sizeof *deaths->offers);
        }
        deaths->offers[deaths->offer_count++] = slot;
    }
}

/* Offers that wait for the organisation. */
static void kill_waiting(struct deaths *deaths, const struct segment *base, const char *id)
{
    for (uint32_t i = segment_first_waiting(base, id);
         i < base->waiting_count && strcmp(base->waiting[i]->organisation_id, id) == 0; i++) {
        bits_set(deaths->waiting, i);
        deaths->waiting_count++;
    }
}

static void move_organisation(struct deaths *deaths, const char *id)
{
    struct match_index *index = deaths->index;
    const struct segment *base = index->segments[BASE];
    uint32_t delta = segment_find_organisation(index->segments[DELTA], id);
    uint32_t node = partnership_set_node(index->partnerships[BASE], base, id);
    if (node < base->organisation_count)
        kill_slots(deaths, base, node);
    else if (base->waiting_count)
        kill_waiting(deaths, base, id);
    if (node == PLACE_NONE || delta == PLACE_NONE)
        return;
    ((uint32_t *)(uintptr_t)index->delta_node)[delta] = node;
    if (node < base->organisation_count)
        deaths->order_base[delta] = node;
    uint32_t row = (node * 2654435769u) & index->moved_mask;
    while (deaths->moved[row].place != PLACE_NONE)
        row = (row + 1) & index->moved_mask;
    deaths->moved[row] = (struct moved){node, delta};
}

static void count_dead_concepts(struct deaths *deaths)
{
    struct match_index *index = deaths->index;
    const struct segment *base = index->segments[BASE];
    size_t total = 0, size = 16;
    for (size_t i = 0; i < deaths->offer_count; i++)
        total += base->concept_first[deaths->offers[i] + 1] - base->concept_first[deaths->offers[i]];
    while (size < total * 2)
        size *= 2;
    struct concept_count *counts = arena_array(index->arena, size, sizeof *counts);
    index->dead_concepts = counts;
    index->dead_concept_mask = (uint32_t)(size - 1);
    for (size_t i = 0; i < deaths->offer_count; i++)
        for (uint32_t j = base->concept_first[deaths->offers[i]];
             j < base->concept_first[deaths->offers[i] + 1]; j++) {
            uint32_t concept = segment_concept(base, j), row = dead_concept_row(index, concept);
            counts[row].concept = concept;
            counts[row].count++;
        }
}

/* How many of the base's organisations come before an id. */
static uint32_t count_before(const struct segment *base, const char *id)
{
    uint32_t low = 0, high = base->organisation_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(base->organisations[middle]->entry.id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void order_delta(struct match_index *index, const uint32_t *order_base)
{
    const struct segment *delta = index->segments[DELTA];
    uint64_t *order = arena_array(index->arena, delta->organisation_count, sizeof *order);
    for (uint32_t place = 0; place < delta->organisation_count; place++) {
        uint32_t before = order_base[place];
        if (before == PLACE_NONE)
            before = count_before(index->segments[BASE], delta->organisations[place]->entry.id);
        order[place] = (uint64_t)before << 32 | place;
    }
    index->delta_order = order;
}

static void *none_of(struct arena *arena, size_t count)
{
    uint32_t *items = arena_alloc(arena, (count + 1) * sizeof *items);
    return memset(items, 0xff, (count + 1) * sizeof *items);
}

static void find_deaths(struct match_index *index, const struct index_parts *parts)
{
    const struct segment *base = index->segments[BASE], *delta = index->segments[DELTA];
    size_t words = bits_words(base->slot_count), size = 16, partnerships = index->partnerships[BASE]->count;
    while (size < parts->moved_organisation_count * 2)
        size *= 2;
    struct deaths deaths = {
        .index = index,
        .live = arena_alloc(index->arena, (words + 1) * sizeof(uint64_t)),
        .organisations = arena_array(index->arena, bits_words(base->organisation_count), sizeof(uint64_t)),
        .waiting = arena_array(index->arena, bits_words(base->waiting_count), sizeof(uint64_t)),
        .partnerships = arena_array(index->arena, bits_words(partnerships), sizeof(uint64_t)),
        .moved = arena_alloc(index->arena, size * sizeof *deaths.moved),
        .order_base = none_of(index->arena, delta->organisation_count),
    };
    if (words)
        memcpy(deaths.live, base->host_role, words * sizeof(uint64_t));
    memset(deaths.moved, 0xff, size * sizeof *deaths.moved);
    index->moved = deaths.moved;
    index->moved_mask = (uint32_t)(size - 1);
    index->delta_node = none_of(index->arena, delta->organisation_count);
    for (size_t i = 0; i < parts->moved_organisation_count; i++)
        move_organisation(&deaths, parts->moved_organisations[i]);
    for (size_t i = 0; i < parts->dead_partnership_count; i++)
        bits_set(deaths.partnerships, parts->dead_partnerships[i]);
    index->live[BASE] = deaths.live;
    index->live[DELTA] = delta->host_role;
    index->dead_organisations = deaths.organisations;
    index->dead_waiting = deaths.waiting;
    index->dead_partnerships = deaths.partnerships;
    index->organisation_count =
        base->organisation_count + delta->organisation_count - (uint32_t)deaths.organisation_count;
    index->offer_count = base->offer_count + delta->offer_count - (uint32_t)deaths.offer_count;
    index->all_offers_count =
        index->offer_count + base->waiting_count + delta->waiting_count - (uint32_t)deaths.waiting_count;
    index->partnership_count = index->partnerships[BASE]->count + index->partnerships[DELTA]->count -
                               (uint32_t)parts->dead_partnership_count;
    count_dead_concepts(&deaths);
    order_delta(index, deaths.order_base);
    free(deaths.offers);
}

struct match_index *index_new(const struct index_parts *parts)
{
    struct match_index *index = heap_zalloc(sizeof *index);
    atomic_init(&index->references, 1);
    index->arena = arena_new(0);
    index->vocabulary = parts->vocabulary ? vocabulary_acquire(parts->vocabulary) : NULL;
    concept_names_init(&index->names, parts->concepts);
    for (int segment = 0; segment < SEGMENTS; segment++) {
        index->segments[segment] = segment_acquire(parts->segments[segment]);
        index->partnerships[segment] = partnership_set_acquire(parts->partnerships[segment]);
    }
    index->needs_view = parts->needs;
    find_deaths(index, parts);
    return index;
}

/* ---- what others ask ---- */

const struct vocabulary *match_index_vocabulary(const struct match_index *index)
{
    return index->vocabulary;
}

size_t match_index_organisation_count(const struct match_index *index)
{
    return index->organisation_count;
}

size_t match_index_offer_count(const struct match_index *index)
{
    return index->all_offers_count;
}

size_t match_index_need_count(const struct match_index *index)
{
    size_t count = 0;
    for (int part = 0; part < NEED_PARTS; part++)
        count += bits_count(index->needs_view->parts[part].live,
                            bits_words(index->needs_view->parts[part].set->count));
    return count;
}

size_t match_index_bytes(const struct match_index *index)
{
    size_t bytes = arena_used(index->arena);
    for (int i = 0; i < SEGMENTS; i++)
        bytes += index->segments[i]->bytes + index->segments[i]->record_bytes + index->partnerships[i]->bytes;
    return bytes;
}

size_t match_index_column_bytes(const struct match_index *index)
{
    return segment_column_bytes(index->segments[BASE]) + segment_column_bytes(index->segments[DELTA]) +
           arena_used(index->arena);
}

static bool holds(const struct concept_numbers *concepts, uint32_t concept)
{
    for (uint32_t i = 0; i < concepts->count; i++)
        if (concepts->items[i] == concept)
            return true;
    return false;
}

uint64_t match_index_used_by(const struct match_index *index, const char *concept_code)
{
    uint32_t concept = concept_names_find(&index->names, index->vocabulary, concept_code);
    if (concept == CONCEPT_NONE)
        return 0;
    uint64_t count = index_concept_count(index, concept);
    for (int i = 0; i < SEGMENTS; i++)
        for (uint32_t j = 0; j < index->segments[i]->waiting_count; j++)
            count += (i == DELTA || !bits_has(index->dead_waiting, j)) &&
                     holds(&index->segments[i]->waiting[j]->concepts, concept);
    return count;
}

size_t match_index_same_as(const struct match_index *index, const char *organisation_id,
                           const char *const **ret_ids)
{
    *ret_ids = NULL;
    uint32_t place = index_find_organisation(index, organisation_id);
    if (place == PLACE_NONE)
        return 0;
    int segment = index_locate(index, &place);
    const struct several *several = bodies_find(&index->segments[segment]->bodies, place);
    if (!several)
        return 0;
    *ret_ids = several->same_as;
    return several->count - 1;
}

const pb_need *match_index_need(const struct match_index *index, struct arena *arena, const char *id)
{
    for (int i = 0; i < NEED_PARTS; i++) {
        const struct need_part *part = &index->needs_view->parts[i];
        uint32_t row = need_set_find(part->set, id);
        if (row != UINT32_MAX && bits_has(part->live, row))
            return entry_record(&part->set->needs[row]->entry, arena).need;
    }
    return NULL;
}
