#include "match/base_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct base_set base_set_acquire(const struct base_set *base)
{
    return (struct base_set){segment_acquire(base->segment), partnership_set_acquire(base->partnerships),
                             need_set_acquire(base->needs)};
}

void base_set_release(const struct base_set *base)
{
    segment_release(base->segment);
    partnership_set_release(base->partnerships);
    need_set_release(base->needs);
}

/* ---- finding ---- */

static uint32_t find_kind(const struct base_set *base, const char *id, enum record_kind kind)
{
    switch (kind) {
    case RECORD_ORGANISATION:
        return segment_find_organisation(base->segment, id);
    case RECORD_OFFER:
        return segment_find_offer(base->segment, id);
    case RECORD_NEED:
        return need_set_find(base->needs, id);
    case RECORD_PARTNERSHIP:
        return partnership_set_find(base->partnerships, id);
    default:
        return PLACE_NONE;
    }
}

struct base_place base_set_find(const struct base_set *base, const char *id, enum record_kind kind)
{
    uint32_t number = find_kind(base, id, kind);
    for (enum record_kind other = RECORD_ORGANISATION; number == PLACE_NONE && other < RECORD_KIND_COUNT;
         other++)
        if (other != kind && (number = find_kind(base, id, other)) != PLACE_NONE)
            return (struct base_place){other, number};
    return (struct base_place){number != PLACE_NONE ? kind : RECORD_NONE, number};
}

const struct entry *base_set_entry(const struct base_set *base, struct base_place place)
{
    switch (place.kind) {
    case RECORD_ORGANISATION:
        return &base->segment->organisations[place.number]->entry;
    case RECORD_OFFER:
        return &segment_any_offer(base->segment, place.number)->entry;
    case RECORD_PARTNERSHIP:
        return &base->partnerships->entries[place.number]->entry;
    case RECORD_NEED:
        return &base->needs->needs[place.number]->entry;
    default:
        return NULL;
    }
}

/* ---- order ---- */

int entry_compare(const void *left, const void *right)
{
    const struct entry *const *a = left, *const *b = right;
    if ((*a)->kind == RECORD_OFFER) {
        int order = strcmp(((const struct offer_entry *)*a)->organisation_id,
                           ((const struct offer_entry *)*b)->organisation_id);
        if (order)
            return order;
    }
    return strcmp((*a)->id, (*b)->id);
}

uint32_t entries_find(const struct entry *const *entries, uint32_t low, uint32_t high,
                      const struct entry *entry)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry_compare(&entries[middle], &entry) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void sort_unless_sorted(const void *items, size_t count, size_t bytes,
                        int (*compare)(const void *, const void *))
{
    const char *at = items;
    for (size_t i = 1; i < count; i++)
        if (compare(at + (i - 1) * bytes, at + i * bytes) > 0) {
            qsort((void *)(uintptr_t)items, count, bytes, compare);
            return;
        }
}

/* ---- of entries ---- */

enum { FETCH_AHEAD = 8 };

/* Keeps the last of each id. */
static size_t drop_replaced(const struct entry **entries, size_t count)
{
    size_t slots = 16, kept = 0;
    while (slots < count * 3 / 2)
        slots *= 2;
    uint64_t *table = heap_zalloc(slots * sizeof *table); /* half of a hash, then a number from 1 */
    for (size_t i = 0; i < count; i++) {
        if (i + 2 * FETCH_AHEAD < count)
            __builtin_prefetch(entries[i + 2 * FETCH_AHEAD]);
        if (i + FETCH_AHEAD < count)
            __builtin_prefetch(&table[entries[i + FETCH_AHEAD]->hash & (slots - 1)], 1);
        size_t slot = entries[i]->hash & (slots - 1);
        for (; table[slot]; slot = (slot + 1) & (slots - 1)) {
            uint32_t other = (uint32_t)table[slot] - 1;
            if (table[slot] >> 32 != entries[i]->hash >> 32 ||
                strcmp(entries[other]->id, entries[i]->id) != 0)
                continue;
            entry_release(entries[other]);
            entries[other] = NULL;
            break;
        }
        table[slot] = entries[i]->hash >> 32 << 32 | (i + 1);
    }
    free(table);
    for (size_t i = 0; i < count; i++)
        if (entries[i])
            entries[kept++] = entries[i];
    return kept;
}

/* Entries by kind, in one pass; offers are still in no order. */
struct kinds {
    const struct entry **items[RECORD_KIND_COUNT];
    uint32_t count[RECORD_KIND_COUNT];
};

static void part_kinds(const struct entry *const *entries, size_t count, struct kinds *kinds,
                       struct arena *const arenas[RECORD_KIND_COUNT])
{
    for (size_t i = 0; i < count; i++)
        kinds->count[entries[i]->kind]++;
    for (int kind = RECORD_NONE; kind < RECORD_KIND_COUNT; kind++) {
        kinds->items[kind] =
            arena_alloc(arenas[kind], ((size_t)kinds->count[kind] + 1) * sizeof *kinds->items[kind]);
        kinds->count[kind] = 0;
    }
    for (size_t i = 0; i < count; i++)
        kinds->items[entries[i]->kind][kinds->count[entries[i]->kind]++] = entries[i];
    for (int kind = RECORD_NONE; kind < RECORD_KIND_COUNT; kind++)
        if (kind != RECORD_OFFER)
            sort_unless_sorted(kinds->items[kind], kinds->count[kind], sizeof *kinds->items[kind],
                               entry_compare);
}

/* Puts the offers behind each other by their organisation's place, then by id; those without one wait. */
static void place_offers(struct segment_parts *parts, const struct offer_entry *const *offers, uint32_t count)
{
    uint32_t *places = heap_alloc(count * sizeof *places + 1), organisations = parts->organisation_count;
    uint32_t *next = heap_zalloc(((size_t)organisations + 2) * sizeof *next);
    parts->offers_of = heap_zalloc(((size_t)organisations + 1) * sizeof *parts->offers_of);
    for (uint32_t i = 0; i < count; i++) {
        if (i + FETCH_AHEAD < count)
            __builtin_prefetch(offers[i + FETCH_AHEAD]->organisation_id);
        places[i] =
            id_table_find(&parts->organisation_table, (const struct entry *const *)parts->organisations,
                          organisations, NULL, offers[i]->organisation_id);
        if (places[i] != PLACE_NONE)
            parts->offers_of[places[i]]++, parts->offer_count++;
    }
    for (uint32_t place = 0; place < organisations; place++)
        next[place + 1] = next[place] + parts->offers_of[place];
    parts->waiting_count = count - parts->offer_count;
    parts->offers = arena_array(parts->arena, count, sizeof *parts->offers);
    parts->waiting = arena_array(parts->arena, parts->waiting_count, sizeof *parts->waiting);
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < count; i++)
        if (places[i] == PLACE_NONE)
            parts->waiting[waiting++] = offers[i];
        else
            parts->offers[next[places[i]]++] = offers[i];
    for (uint32_t place = 0; place < organisations; place++)
        sort_unless_sorted(parts->offers + next[place] - parts->offers_of[place], parts->offers_of[place],
                           sizeof *parts->offers, entry_compare);
    sort_unless_sorted(parts->waiting, waiting, sizeof *parts->waiting, entry_compare);
    free(places);
    free(next);
}

struct base_set base_set_of_entries(const struct entry **entries, size_t count, uint32_t concept_limit)
{
    struct arena *scratch = arena_new(0);
    struct arena *const arenas[RECORD_KIND_COUNT] = {
        [RECORD_NONE] = scratch,
        [RECORD_OFFER] = scratch,
        [RECORD_ORGANISATION] = arena_new(0),
        [RECORD_NEED] = arena_new(0),
        [RECORD_PARTNERSHIP] = arena_new(0),
    };
    struct kinds kinds = {0};
    part_kinds(entries, drop_replaced(entries, count), &kinds, arenas);
    free(entries);
    struct segment_parts parts = {
        .arena = arenas[RECORD_ORGANISATION],
        .organisations = (const struct organisation_entry **)kinds.items[RECORD_ORGANISATION],
        .organisation_count = kinds.count[RECORD_ORGANISATION],
        .organisation_table = id_table_make(arenas[RECORD_ORGANISATION], kinds.items[RECORD_ORGANISATION],
                                            kinds.count[RECORD_ORGANISATION], NULL, 0),
        .concept_limit = concept_limit,
    };
    place_offers(&parts, (const struct offer_entry **)kinds.items[RECORD_OFFER], kinds.count[RECORD_OFFER]);
    struct base_set base = {.segment = segment_new(&parts)};
    base.partnerships = partnership_set_new(
        arenas[RECORD_PARTNERSHIP], (const struct partnership_entry **)kinds.items[RECORD_PARTNERSHIP],
        kinds.count[RECORD_PARTNERSHIP], base.segment, NULL);
    base.needs = need_set_new(arenas[RECORD_NEED], (const struct need_entry **)kinds.items[RECORD_NEED],
                              kinds.count[RECORD_NEED], base.segment, base.partnerships);
    arena_free(scratch);
    return base;
}
