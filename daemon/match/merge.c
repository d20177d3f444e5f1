#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/base_set.h"
#include "match/index_data.h"

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

/* Two lists in order; with few new ones most are copied unseen. */
static void merge(struct merged *to, const struct merged *old, const struct merged *new)
{
    size_t from = 0;
    for (uint32_t i = 0; i <= new->count; i++) {
        size_t end = i < new->count ? find_end(old->items, from, old->count, &new->items[i]) : old->count;
        for (; from < end; from++)
            to->items[to->count++] = old->items[from];
        if (i < new->count)
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
        merge(&next, &all, &lists[i]);
        free(all.items);
        free(lists[i].items);
        all = next;
    }
    return all;
}

/* The base's entries that live with the delta's, acquired, in the arena. */
static struct merged merge_live(struct arena *arena, struct merged old, struct merged new)
{
    struct merged all = {.items = arena_array(arena, (size_t)old.count + new.count, sizeof *all.items)};
    merge(&all, &old, &new);
    entries_acquire(all.items, all.count);
    free(old.items);
    free(new.items);
    return all;
}

static const struct segment *merge_segments(const struct match_index *index)
{
    const struct segment *base = index->segments[BASE], *delta = index->segments[DELTA];
    struct segment_parts parts = {.arena = arena_new(0), .concept_limit = index->names.limit};
    struct merged all = merge_live(
        parts.arena, live_of(base->organisations, base->organisation_count, index->dead_organisations),
        live_of(delta->organisations, delta->organisation_count, NULL));
    parts.organisations = (const struct organisation_entry **)all.items;
    parts.organisation_count = all.count;
    struct merged offers = merge_offers(index);
    entries_acquire(offers.items, offers.count);
    segment_part_offers(&parts, (const struct offer_entry **)offers.items, offers.count);
    free(offers.items);
    return segment_new(&parts);
}

static const struct partnership_set *merge_partnerships(const struct match_index *index,
                                                        const struct segment *segment)
{
    const struct partnership_set *base = index->partnerships[BASE], *delta = index->partnerships[DELTA];
    struct arena *arena = arena_new(0);
    struct merged all = merge_live(arena, live_of(base->entries, base->count, index->dead_partnerships),
                                   live_of(delta->entries, delta->count, NULL));
    return partnership_set_of_base(arena, (const struct partnership_entry **)all.items, all.count, segment);
}

static const struct need_set *merge_needs(const struct match_index *index, const struct segment *segment,
                                          const struct partnership_set *partnerships)
{
    const struct need_part *base = &index->needs_view->parts[BASE], *delta = &index->needs_view->parts[DELTA];
    struct arena *arena = arena_new(0);
    struct merged old = merged_new(base->set->count);
    for (uint32_t row = 0; row < base->set->count; row++)
        if (bits_has(base->live, row))
            old.items[old.count++] = &base->set->needs[row]->entry;
    struct merged all = merge_live(arena, old, live_of(delta->set->needs, delta->set->count, NULL));
    return need_set_new(arena, (const struct need_entry **)all.items, all.count, segment, partnerships);
}

struct base_set base_set_of_index(const struct match_index *index)
{
    struct base_set base = {.segment = merge_segments(index)};
    base.partnerships = merge_partnerships(index, base.segment);
    base.needs = merge_needs(index, base.segment, base.partnerships);
    return base;
}
