#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/owners.h"
#include "match/index_data.h"
#include "vocab/vocabulary.h"

/* An index over another one: what dies below, and how the uppermost segment's organisations go among the others. */

/* Slots of offers that die. */
struct dead_offers {
    struct dead_offer {
        int segment;
        uint32_t slot;
    } * items;
    size_t count, capacity;
};

struct making {
    struct match_index *index;
    int top; /* the segment that is new */
    struct moved *moved;
    uint64_t *orders;
    uint32_t *nodes;
    struct dead_offers dead;
};

/* ---- deaths ---- */

/* A set of the index below, copied when it changes for the first time. */
static uint64_t *to_change(struct match_index *index, const uint64_t **set, const uint64_t *shared,
                           size_t count)
{
    if (*set == shared) {
        size_t bytes = bits_words(count) * sizeof **set;
        *set = memcpy(arena_alloc(index->arena, bytes + sizeof **set), shared, bytes);
    }
    return (uint64_t *)(uintptr_t)*set;
}

static void add_dead_offer(struct dead_offers *dead, int segment, uint32_t slot)
{
    if (dead->count == dead->capacity) {
        dead->capacity = dead->capacity ? dead->capacity * 2 : 256;
        dead->items = heap_realloc(dead->items, dead->capacity * sizeof *dead->items);
    }
    dead->items[dead->count++] = (struct dead_offer){segment, slot};
}

static void kill_organisation(struct making *making, int i, uint32_t place)
{
    struct match_index *index = making->index;
    const struct match_index *below = index->below;
    const struct segment *segment = index->segments[i];
    if (bits_has(index->dead_organisations[i], place))
        return;
    bits_set(to_change(index, &index->dead_organisations[i], below->dead_organisations[i],
                       segment->organisation_count),
             place);
    index->organisation_count--;
    for (uint32_t j = segment->first_slot[place]; j < segment->first_slot[place + 1]; j++) {
        uint32_t slot = segment->slots_of[j];
        bits_clear(to_change(index, &index->live[i], below->live[i], segment->slot_count), slot);
        if (segment->slot_offer[slot] != PLACE_NONE)
            add_dead_offer(&making->dead, i, slot);
    }
}

/* Offers that wait for the organisation. */
static void kill_waiting(struct making *making, int i, const char *id)
{
    struct match_index *index = making->index;
    const struct segment *segment = index->segments[i];
    for (uint32_t j = segment_first_waiting(segment, id);
         j < segment->waiting_count && strcmp(segment->waiting[j]->organisation_id, id) == 0; j++) {
        if (bits_has(index->dead_waiting[i], j))
            continue;
        bits_set(
            to_change(index, &index->dead_waiting[i], index->below->dead_waiting[i], segment->waiting_count),
            j);
        index->all_offers_count--;
    }
}

static void kill_partnership(struct match_index *index, const char *id)
{
    for (int i = BASE; i < index->segment_count - 1; i++) {
        const struct partnership_set *set = index->partnerships[i];
        uint32_t number = set->count ? partnership_set_find(set, id) : PLACE_NONE;
        if (number == PLACE_NONE || bits_has(index->dead_partnerships[i], number))
            continue;
        bits_set(
            to_change(index, &index->dead_partnerships[i], index->below->dead_partnerships[i], set->count),
            number);
        index->partnership_count--;
    }
}

static void count_dead_concepts(struct making *making)
{
    struct match_index *index = making->index;
    const struct dead_offers *dead = &making->dead;
    size_t total = 0, size = 16;
    for (size_t i = 0; i < dead->count; i++) {
        const uint32_t *first = index->segments[dead->items[i].segment]->concept_first + dead->items[i].slot;
        total += first[1] - first[0];
    }
    while (size < total * 2)
        size *= 2;
    struct concept_count *rows = arena_array(index->arena, size, sizeof *rows);
    struct concept_counts *counts = &index->dead_concepts[making->top];
    *counts = (struct concept_counts){rows, (uint32_t)(size - 1)};
    for (size_t i = 0; i < dead->count; i++) {
        const struct segment *segment = index->segments[dead->items[i].segment];
        uint32_t slot = dead->items[i].slot;
        for (uint32_t j = segment->concept_first[slot]; j < segment->concept_first[slot + 1]; j++) {
            uint32_t concept = segment_concept(segment, j), row = concept_counts_row(counts, concept);
            rows[row].concept = concept;
            rows[row].count++;
        }
    }
}

/* ---- order ---- */

static const unsigned order_shifts[SEGMENTS] = {ORDER_BASE_SHIFT, ORDER_MIDDLE_SHIFT, 0};

static uint32_t find_order(const uint64_t *orders, uint32_t count, uint64_t order)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (orders[middle] < order)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many organisations of a segment come before an id that hasn't its own place there; `order` says so of the segments
 * below. Numbers tell most of it, for ids lie all over memory. */
static uint32_t count_before(const struct match_index *index, int i, uint64_t order, const char *id)
{
    const struct segment *segment = index->segments[i];
    uint32_t count = segment->organisation_count;
    if (i == BASE)
        return segment_first_organisation(segment, 0, count, id);
    uint64_t next = order + ((uint64_t)1 << order_shifts[i - 1]);
    uint32_t low = find_order(index->orders[i], count, order);
    uint32_t high = low + find_order(index->orders[i] + low, count - low, next);
    return segment_first_organisation(segment, low, high, id);
}

/* ---- organisations that move into the new segment ---- */

/* A node moves once. */
static void add_move(struct making *making, uint32_t node, uint32_t place)
{
    making->moved[moves_row(&making->index->moves[making->top], node)] = (struct moved){node, place};
}

/* What is below under an id dies; `place`: the organisation's in the new segment, or PLACE_NONE. */
static void move_organisation(struct making *making, const char *id, uint32_t place)
{
    const struct match_index *index = making->index;
    uint64_t order = 0;
    uint32_t node = PLACE_NONE;
    for (int i = BASE; i < making->top; i++) {
        uint32_t old = segment_find_organisation(index->segments[i], id);
        if (old != PLACE_NONE)
            kill_organisation(making, i, old);
        else if (index->segments[i]->waiting_count)
            kill_waiting(making, i, id);
        if (place == PLACE_NONE)
            continue;
        if (node == PLACE_NONE)
            node = old != PLACE_NONE ? index->partnerships[i]->first_node + old
                                     : text_map_get(&index->partnerships[i]->outside, id);
        uint32_t before = old != PLACE_NONE ? old : count_before(index, i, order, id);
        order |= (uint64_t)before << order_shifts[i];
    }
    if (place == PLACE_NONE)
        return;
    order |= (uint64_t)place << order_shifts[making->top];
    making->orders[place] = order | (((uint64_t)1 << order_shifts[making->top]) - 1);
    making->nodes[place] = node != PLACE_NONE ? node : index->partnerships[making->top]->first_node + place;
    if (node != PLACE_NONE)
        add_move(making, node, place);
}

static void move_organisations(struct making *making, const struct index_layer *layer)
{
    struct match_index *index = making->index;
    const struct segment *segment = layer->segment;
    size_t size = 16;
    while (size < (size_t)segment->organisation_count * 2)
        size *= 2;
    making->moved = arena_alloc(index->arena, size * sizeof *making->moved);
    memset(making->moved, 0xff, size * sizeof *making->moved);
    index->moves[making->top] = (struct moves){making->moved, (uint32_t)(size - 1)};
    index->orders[making->top] = making->orders =
        arena_array(index->arena, segment->organisation_count, sizeof *making->orders);
    index->nodes[making->top] = making->nodes =
        arena_array(index->arena, segment->organisation_count, sizeof *making->nodes);
    uint32_t place = 0;
    for (uint32_t i = 0; i < layer->moved_count; i++) {
        bool is_here = place < segment->organisation_count &&
                       strcmp(segment->organisations[place]->entry.id, layer->moved[i]) == 0;
        move_organisation(making, layer->moved[i], is_here ? place : PLACE_NONE);
        place += is_here;
    }
}

/* ---- the index ---- */

static const uint64_t *none_dead(struct match_index *index, uint32_t count)
{
    return arena_array(index->arena, bits_words(count) + 1, sizeof(uint64_t));
}

static void stand_on(struct match_index *index, const struct match_index *below)
{
    index->below = match_index_acquire(below);
    index->segment_count = below->segment_count;
#define SHARE(array) memcpy(index->array, below->array, sizeof index->array)
    SHARE(segments);
    SHARE(partnerships);
    SHARE(first_organisation);
    SHARE(first_partnership);
    SHARE(live);
    SHARE(dead_organisations);
    SHARE(dead_waiting);
    SHARE(dead_partnerships);
    SHARE(dead_concepts);
    SHARE(moves);
    SHARE(orders);
    SHARE(nodes);
#undef SHARE
    index->organisation_count = below->organisation_count;
    index->offer_count = below->offer_count;
    index->all_offers_count = below->all_offers_count;
    index->partnership_count = below->partnership_count;
}

/* The uppermost segment, in which nothing is dead. */
static void add_segment(struct match_index *index, const struct segment *segment,
                        const struct partnership_set *partnerships)
{
    int top = index->segment_count++;
    assert(segment->organisation_count <=
           (top == SEGMENTS - 1 ? (uint32_t)ORDER_UPPER_MOST : (uint32_t)ORDER_PLACES_MOST));
    index->segments[top] = segment;
    index->partnerships[top] = partnerships;
    if (top > BASE) {
        index->first_organisation[top] =
            index->first_organisation[top - 1] + index->segments[top - 1]->organisation_count;
        index->first_partnership[top] =
            index->first_partnership[top - 1] + index->partnerships[top - 1]->count;
    }
    index->live[top] = segment->host_role;
    index->dead_organisations[top] = none_dead(index, segment->organisation_count);
    index->dead_waiting[top] = none_dead(index, segment->waiting_count);
    index->dead_partnerships[top] = none_dead(index, partnerships->count);
    index->organisation_count += segment->organisation_count;
    index->offer_count += segment->offer_count;
    index->all_offers_count += segment->offer_count + segment->waiting_count;
    index->partnership_count += partnerships->count;
}

static void find_deaths(struct match_index *index, const struct index_layer *layer)
{
    struct making making = {.index = index, .top = index->segment_count - 1};
    move_organisations(&making, layer);
    for (uint32_t i = 0; i < layer->replaced_count; i++)
        kill_partnership(index, layer->replaced[i]);
    count_dead_concepts(&making);
    index->offer_count -= (uint32_t)making.dead.count;
    index->all_offers_count -= (uint32_t)making.dead.count;
    free(making.dead.items);
}

struct match_index *index_new(const struct index_layer *layer)
{
    struct match_index *index = heap_zalloc(sizeof *index);
    atomic_init(&index->references, 1);
    index->arena = arena_new(0);
    index->vocabulary = layer->vocabulary ? vocabulary_acquire(layer->vocabulary) : NULL;
    concept_names_init(&index->names, layer->concepts);
    index->needs_view = layer->needs;
    if (layer->below)
        stand_on(index, layer->below);
    add_segment(index, layer->segment, layer->partnerships);
    if (layer->below)
        find_deaths(index, layer);
    return index;
}
