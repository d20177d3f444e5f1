#include <stdlib.h>

#include "base/arena.h"
#include "match/base_set.h"
#include "match/index_data.h"
#include "match/segment_merge.h"

/* Entries in order, with a reference each. */
struct merged {
    const struct entry **items;
    uint32_t count;
};

/* Two lists in order; with few new ones most are copied unseen. */
static void merge(struct merged *to, const struct merged *old, const struct merged *new)
{
    uint32_t from = 0;
    for (uint32_t i = 0; i <= new->count; i++) {
        uint32_t end =
            i < new->count ? entries_find(old->items, from, old->count, new->items[i]) : old->count;
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
        if (!bits_has(dead, i))
            to.items[to.count++] = from[i];
    return to;
}

/* A segment's offers of organisations that live, in order. */
static struct merged live_offers(const struct segment *segment, const uint64_t *dead)
{
    struct merged to = merged_new(segment->offer_count);
    uint32_t offer = 0;
    for (uint32_t place = 0; place < segment->organisation_count; place++)
        for (uint32_t i = segment->first_slot[place]; i < segment->first_slot[place + 1]; i++) {
            if (segment->slot_offer[segment->slots_of[i]] == PLACE_NONE)
                continue;
            if (!bits_has(dead, place))
                to.items[to.count++] = &segment->offers[offer]->entry;
            offer++;
        }
    return to;
}

/* Both lists in one; lets go of them. */
static struct merged join(struct merged old, struct merged new)
{
    if (!old.count) {
        free(old.items);
        return new;
    }
    struct merged all = merged_new((size_t)old.count + new.count);
    merge(&all, &old, &new);
    free(old.items);
    free(new.items);
    return all;
}

/* In the arena, acquired. */
static const struct entry **keep(struct arena *arena, struct merged all)
{
    entries_acquire(all.items, all.count);
    const struct entry **kept = arena_copy(arena, all.items, (all.count + 1) * sizeof *kept);
    free(all.items);
    return kept;
}

/* Of what is over the base, as of all that follows. */
static struct merged merge_organisations(const struct match_index *index)
{
    struct merged all = merged_new(0);
    for (int i = BASE + 1; i < index->segment_count; i++)
        all = join(all, live_of(index->segments[i]->organisations, index->segments[i]->organisation_count,
                                index->dead_organisations[i]));
    return all;
}

/* Those that wait are among the others. */
static struct merged merge_offers(const struct match_index *index)
{
    struct merged all = merged_new(0);
    for (int i = BASE + 1; i < index->segment_count; i++) {
        const struct segment *segment = index->segments[i];
        all = join(all, live_offers(segment, index->dead_organisations[i]));
        all = join(all, live_of(segment->waiting, segment->waiting_count, index->dead_waiting[i]));
    }
    return all;
}

/* What is over the base, in one segment. */
static const struct segment *merge_layers(const struct match_index *index)
{
    struct segment_parts parts = {.arena = arena_new(0), .concept_limit = index->names.limit};
    struct merged organisations = merge_organisations(index), offers = merge_offers(index);
    parts.organisation_count = organisations.count;
    parts.organisations = (const struct organisation_entry **)keep(parts.arena, organisations);
    entries_acquire(offers.items, offers.count);
    segment_part_offers(&parts, (const struct offer_entry **)offers.items, offers.count);
    free(offers.items);
    return segment_new(&parts);
}

static const struct segment *merge_segments(const struct match_index *index, struct weave *ret_organisations)
{
    const struct segment *over = merge_layers(index);
    const struct segment *all =
        segment_merge(index->segments[BASE], index->dead_organisations[BASE], index->dead_waiting[BASE], over,
                      index->names.limit, ret_organisations);
    segment_release(over);
    return all;
}

static const struct partnership_set *merge_partnerships(const struct match_index *index,
                                                        const struct segment *segment,
                                                        const struct weave *organisations)
{
    struct merged all = merged_new(0);
    for (int i = BASE + 1; i < index->segment_count; i++)
        all = join(all, live_of(index->partnerships[i]->entries, index->partnerships[i]->count,
                                index->dead_partnerships[i]));
    const struct partnership_set *set = partnership_set_merge(
        index->partnerships[BASE], index->dead_partnerships[BASE],
        (const struct partnership_entry *const *)all.items, all.count, segment, organisations);
    free(all.items);
    return set;
}

static struct merged live_needs(const struct need_part *part)
{
    struct merged to = merged_new(part->set->count);
    for (uint32_t row = 0; row < part->set->count; row++)
        if (bits_has(part->live, row))
            to.items[to.count++] = &part->set->needs[row]->entry;
    return to;
}

static const struct need_set *merge_needs(const struct match_index *index, const struct segment *segment,
                                          const struct partnership_set *partnerships)
{
    struct arena *arena = arena_new(0);
    struct merged all = merged_new(0);
    for (int i = 0; i < index->needs_view->count; i++)
        all = join(all, live_needs(&index->needs_view->parts[i]));
    uint32_t count = all.count;
    return need_set_new(arena, (const struct need_entry **)keep(arena, all), count, segment, partnerships);
}

struct base_set base_set_of_index(const struct match_index *index)
{
    struct weave organisations;
    struct base_set base = {.segment = merge_segments(index, &organisations)};
    base.partnerships = merge_partnerships(index, base.segment, &organisations);
    base.needs = merge_needs(index, base.segment, base.partnerships);
    weave_free(&organisations);
    return base;
}
