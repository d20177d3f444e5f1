#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/builder.h"

/* A new base from an index: what lives of the old base, merged with the delta. */

enum { LEAST_CHANGES = 1000, CHANGES_ONE_IN = 1000 };

struct match_rebuild {
    struct match_index *index;
    uint64_t sequence, base_number;
    uint32_t concept_limit;
    const struct segment *retired;
    struct segment *segment;
    struct partnership_set *partnerships;
};

bool match_builder_wants_rebuild(const struct match_builder *builder)
{
    if (!builder->base || builder->base_is_stale)
        return false;
    size_t changes = builder->changed_owners.count + builder->changed_partnership_count;
    return changes > LEAST_CHANGES + builder->base->organisation_count / CHANGES_ONE_IN;
}

struct match_rebuild *match_rebuild_begin(struct match_builder *builder)
{
    if (!builder->last || builder->base_is_stale)
        return NULL;
    struct match_rebuild *rebuild = heap_zalloc(sizeof *rebuild);
    rebuild->index = match_index_acquire(builder->last);
    rebuild->sequence = builder->sequence - 1;
    rebuild->base_number = builder->base_number;
    rebuild->concept_limit = rebuild->index->names.limit;
    rebuild->retired = builder->retired;
    builder->retired = NULL;
    return rebuild;
}

/* Entries in order, with a reference each. */
struct merged {
    const struct entry **items;
    uint32_t count;
};

/* How many of the sorted entries, from `from` on, come before one. */
static size_t find_end(const struct entry *const *items, size_t from, size_t count,
                       const struct entry *const *entry)
{
    while (from < count) {
        size_t middle = from + (count - from) / 2;
        if (entry_compare(&items[middle], entry) < 0)
            from = middle + 1;
        else
            count = middle;
    }
    return from;
}

/* Two lists in order; with few new ones most are copied unseen. `places` tells where each went, may be NULL. */
static void merge(struct merged *to, const struct merged *old, const struct merged *new, uint32_t *old_places,
                  uint32_t *new_places)
{
    size_t from = 0;
    for (uint32_t i = 0; i <= new->count; i++) {
        size_t end = i < new->count ? find_end(old->items, from, old->count, &new->items[i]) : old->count;
        for (; from < end; from++) {
            if (old_places)
                old_places[from] = to->count;
            to->items[to->count++] = old->items[from];
        }
        if (i == new->count)
            break;
        if (new_places)
            new_places[i] = to->count;
        to->items[to->count++] = new->items[i];
    }
}

static struct merged merged_new(size_t most)
{
    return (struct merged){.items = heap_alloc((most + 1) * sizeof(struct entry *))};
}

static struct merged live_of(const void *entries, uint32_t count, const uint64_t *dead)
{
    const struct entry *const *from = entries;
    struct merged to = merged_new(count);
    for (uint32_t i = 0; i < count; i++)
        if (!dead || !bits_has(dead, i))
            to.items[to.count++] = from[i];
    return to;
}

/* Offers of organisations that live, in order. */
static struct merged live_offers(const struct match_index *index)
{
    const struct segment *base = index->segments[BASE];
    struct merged to = merged_new(base->offer_count);
    uint32_t offer = 0;
    for (uint32_t place = 0; place < base->organisation_count; place++)
        for (uint32_t i = base->first_slot[place]; i < base->first_slot[place + 1]; i++) {
            if (base->slot_offer[base->slots_of[i]] == PLACE_NONE)
                continue;
            if (!bits_has(index->dead_organisations, place))
                to.items[to.count++] = &base->offers[offer]->entry;
            offer++;
        }
    return to;
}

static void acquire_all(const struct merged *list)
{
    enum { AHEAD = 8 };
    for (uint32_t i = 0; i < list->count; i++) {
        if (i + AHEAD < list->count)
            __builtin_prefetch(list->items[i + AHEAD], 1);
        entry_acquire(list->items[i]);
    }
}

/* Old offers with the delta's, then those that wait among them. */
static struct merged merge_offers(const struct match_index *index)
{
    const struct segment *base = index->segments[BASE], *delta = index->segments[DELTA];
    struct merged lists[] = {
        live_offers(index),
        live_of(delta->offers, delta->offer_count, NULL),
        live_of(base->waiting, base->waiting_count, index->dead_waiting),
        live_of(delta->waiting, delta->waiting_count, NULL),
    };
    struct merged all = lists[0];
    for (int i = 1; i < 4; i++) {
        struct merged next = merged_new((size_t)all.count + lists[i].count);
        merge(&next, &all, &lists[i], NULL, NULL);
        free(all.items);
        free(lists[i].items);
        all = next;
    }
    return all;
}

/* The bodies stay as they were: both segments hold whole ones. */
static void add_joins(const struct segment *segment, const uint64_t *dead, const uint32_t *places,
                      struct join *joins, size_t *count)
{
    const struct bodies *bodies = &segment->bodies;
    for (uint32_t i = 0; i < bodies->several_count; i++) {
        const struct several *own = &bodies->several[i];
        uint32_t first = bodies->members[own->first];
        if (own->place != first && !(dead && bits_has(dead, own->place)))
            joins[(*count)++] = (struct join){places[first], places[own->place]};
    }
}

static void merge_records(struct match_rebuild *rebuild)
{
    const struct match_index *index = rebuild->index;
    const struct segment *base = index->segments[BASE], *delta = index->segments[DELTA];
    struct segment_parts parts = {.arena = arena_new(0), .concept_limit = rebuild->concept_limit};
    struct merged old = live_of(base->organisations, base->organisation_count, index->dead_organisations);
    struct merged new = live_of(delta->organisations, delta->organisation_count, NULL);
    struct merged all = {.items = arena_array(parts.arena, (size_t)old.count + new.count, sizeof *all.items)};
    uint32_t *live_places = heap_alloc(((size_t)old.count + 1) * sizeof *live_places);
    uint32_t *new_places = heap_alloc(((size_t) new.count + 1) * sizeof *new_places);
    merge(&all, &old, &new, live_places, new_places);
    uint32_t *places = heap_alloc(((size_t)base->organisation_count + 1) * sizeof *places);
    for (uint32_t place = 0, live = 0; place < base->organisation_count; place++)
        places[place] = bits_has(index->dead_organisations, place) ? PLACE_NONE : live_places[live++];
    struct join *joins =
        heap_alloc(((size_t)base->bodies.several_count + delta->bodies.several_count + 1) * sizeof *joins);
    add_joins(base, index->dead_organisations, places, joins, &parts.join_count);
    add_joins(delta, NULL, new_places, joins, &parts.join_count);
    struct merged offers = merge_offers(index);
    acquire_all(&all);
    acquire_all(&offers);
    parts.organisations = (const struct organisation_entry **)all.items;
    parts.organisation_count = all.count;
    parts.offers = (const struct offer_entry **)offers.items;
    parts.all_offers_count = offers.count;
    parts.joins = joins;
    rebuild->segment = segment_new(&parts);
    free(old.items);
    free(new.items);
    free(offers.items);
    free(live_places);
    free(new_places);
    free(places);
    free(joins);
}

static void merge_partnerships(struct match_rebuild *rebuild)
{
    const struct match_index *index = rebuild->index;
    const struct partnership_set *base = index->partnerships[BASE], *delta = index->partnerships[DELTA];
    struct arena *arena = arena_new(0);
    struct merged old = live_of(base->entries, base->count, index->dead_partnerships);
    struct merged new = live_of(delta->entries, delta->count, NULL);
    struct merged all = {.items = arena_array(arena, (size_t)old.count + new.count, sizeof *all.items)};
    merge(&all, &old, &new, NULL, NULL);
    acquire_all(&all);
    rebuild->partnerships = partnership_set_of_base(arena, (const struct partnership_entry **)all.items,
                                                    all.count, rebuild->segment);
    free(old.items);
    free(new.items);
}

void match_rebuild_run(struct match_rebuild *rebuild)
{
    segment_release(rebuild->retired);
    rebuild->retired = NULL;
    merge_records(rebuild);
    merge_partnerships(rebuild);
}

void match_rebuild_finish(struct match_builder *builder, struct match_rebuild *rebuild)
{
    match_index_release(rebuild->index);
    segment_release(rebuild->retired);
    if (rebuild->segment && rebuild->base_number == builder->base_number) {
        builder_set_base(builder, rebuild->segment, rebuild->partnerships, rebuild->sequence);
    } else {
        segment_release(rebuild->segment);
        partnership_set_release(rebuild->partnerships);
    }
    free(rebuild);
}
