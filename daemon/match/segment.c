#include "match/segment.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/give_way.h"
#include "base/hash.h"
#include "base/owners.h"
#include "match/layout.h"

/* ---- ids ---- */

static void id_table_add(const struct id_table *table, uint32_t *rows, const struct entry *const *entries,
                         uint32_t count, uint32_t first)
{
    for (uint32_t place = 0; place < count; place++) {
        give_way_at(place);
        if (place + 2 * SEGMENT_FETCH_AHEAD < count)
            __builtin_prefetch(entries[place + 2 * SEGMENT_FETCH_AHEAD]);
        if (place + SEGMENT_FETCH_AHEAD < count)
            __builtin_prefetch(&rows[(uint32_t)entries[place + SEGMENT_FETCH_AHEAD]->hash & table->mask], 1);
        uint32_t row = (uint32_t)entries[place]->hash & table->mask;
        while (rows[row] != PLACE_NONE)
            row = (row + 1) & table->mask;
        rows[row] = first + place;
    }
}

struct id_table id_table_make(struct arena *arena, const struct entry *const *entries, uint32_t count,
                              const struct entry *const *more, uint32_t more_count)
{
    size_t size = 16;
    while (size < ((size_t)count + more_count) * 3 / 2)
        size *= 2;
    uint32_t *rows = arena_alloc(arena, size * sizeof *rows);
    memset(rows, 0xff, size * sizeof *rows);
    struct id_table table = {(uint32_t)(size - 1), rows};
    id_table_add(&table, rows, entries, count, 0);
    id_table_add(&table, rows, more, more_count, count);
    return table;
}

uint32_t id_table_find(const struct id_table *table, const struct entry *const *entries, uint32_t count,
                       const struct entry *const *more, const char *id)
{
    uint64_t hash = hash_text(id);
    for (uint32_t row = (uint32_t)hash & table->mask; table->rows[row] != PLACE_NONE;
         row = (row + 1) & table->mask) {
        uint32_t place = table->rows[row];
        const struct entry *entry = place < count ? entries[place] : more[place - count];
        if (entry->hash == hash && strcmp(entry->id, id) == 0)
            return place;
    }
    return PLACE_NONE;
}

uint32_t segment_find_organisation(const struct segment *segment, const char *id)
{
    return id_table_find(&segment->organisation_table, (const struct entry *const *)segment->organisations,
                         segment->organisation_count, NULL, id);
}

uint32_t segment_first_organisation(const struct segment *segment, uint32_t low, uint32_t high,
                                    const char *id)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(segment->organisations[middle]->entry.id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t segment_find_offer(const struct segment *segment, const char *id)
{
    return id_table_find(&segment->offer_table, (const struct entry *const *)segment->offers,
                         segment->offer_count, (const struct entry *const *)segment->waiting, id);
}

uint32_t segment_first_waiting(const struct segment *segment, const char *organisation_id)
{
    uint32_t low = 0, high = segment->waiting_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(segment->waiting[middle]->organisation_id, organisation_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- life ---- */

/* Walks both at once, for both are in the order of organisations. */
void segment_part_offers(struct segment_parts *parts, const struct offer_entry *const *offers, uint32_t count)
{
    uint32_t place = 0, organisation_count = parts->organisation_count;
    parts->offers_of = heap_zalloc(((size_t)organisation_count + 1) * sizeof *parts->offers_of);
    parts->offers = arena_array(parts->arena, count, sizeof *parts->offers);
    const struct offer_entry **waiting = heap_alloc(count * sizeof *waiting + 1);
    for (uint32_t i = 0; i < count; i++) {
        const struct offer_entry *offer = offers[i];
        if (i + SEGMENT_FETCH_AHEAD < count)
            segment_fetch(offers[i + SEGMENT_FETCH_AHEAD], sizeof *offer + SEGMENT_FETCH_LISTS);
        int order = -1;
        while (place < organisation_count &&
               (order = strcmp(parts->organisations[place]->entry.id, offer->organisation_id)) < 0) {
            place++;
            if (place + SEGMENT_FETCH_AHEAD < organisation_count)
                segment_fetch(parts->organisations[place + SEGMENT_FETCH_AHEAD],
                              sizeof(struct organisation_entry) + SEGMENT_FETCH_LISTS);
        }
        if (place < organisation_count && order == 0) {
            parts->offers[parts->offer_count++] = offer;
            parts->offers_of[place]++;
        } else {
            waiting[parts->waiting_count++] = offer;
        }
    }
    parts->waiting = arena_copy(parts->arena, waiting, parts->waiting_count * sizeof *waiting);
    free(waiting);
}

static size_t bytes_of(const struct entry *const *entries, uint32_t count)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i + SEGMENT_FETCH_AHEAD < count)
            __builtin_prefetch(entries[i + SEGMENT_FETCH_AHEAD]);
        bytes += entry_bytes(entries[i]);
    }
    return bytes;
}

static void find_bodies(struct segment *segment)
{
    size_t count;
    const struct organisation_entry *const *organisations = segment->organisations;
    segment->identifiers = identifier_table_make(segment->arena, organisations, segment->organisation_count);
    struct join *joins = identifier_table_joins(&segment->identifiers, organisations, &count);
    bodies_make(&segment->bodies, segment->arena, segment->organisation_count, joins, count);
    free(joins);
}

struct segment *segment_new(const struct segment_parts *parts)
{
    struct segment *segment = heap_zalloc(sizeof *segment);
    atomic_init(&segment->references, 1);
    segment->arena = parts->arena;
    segment->organisations = parts->organisations;
    segment->offers = parts->offers;
    segment->waiting = parts->waiting;
    segment->organisation_count = parts->organisation_count;
    segment->offer_count = parts->offer_count;
    segment->waiting_count = parts->waiting_count;
    find_bodies(segment);
    const struct entry *const *organisations = (const struct entry *const *)segment->organisations;
    const struct entry *const *offers = (const struct entry *const *)segment->offers;
    const struct entry *const *waiting = (const struct entry *const *)segment->waiting;
    segment->organisation_table =
        parts->organisation_table.rows
            ? parts->organisation_table
            : id_table_make(segment->arena, organisations, segment->organisation_count, NULL, 0);
    segment->offer_table =
        id_table_make(segment->arena, offers, segment->offer_count, waiting, segment->waiting_count);
    segment->record_bytes = bytes_of(organisations, segment->organisation_count) +
                            bytes_of(offers, segment->offer_count) +
                            bytes_of(waiting, segment->waiting_count);
    layout_make(segment, parts->offers_of, parts->concept_limit);
    free(parts->offers_of);
    segment->bytes = arena_used(segment->arena);
    return segment;
}

const struct segment *segment_acquire(const struct segment *segment)
{
    owners_add(&segment->references);
    return segment;
}

void segment_release(const struct segment *segment)
{
    struct segment *own = (struct segment *)(uintptr_t)segment;
    if (!own || !owners_drop(&own->references))
        return;
    entries_release((const struct entry *const *)own->organisations, own->organisation_count);
    entries_release((const struct entry *const *)own->offers, own->offer_count);
    entries_release((const struct entry *const *)own->waiting, own->waiting_count);
    arena_free(own->arena);
    free(own);
}

size_t segment_column_bytes(const struct segment *segment)
{
    size_t pointers =
        ((size_t)segment->organisation_count + segment->offer_count + 2 * (size_t)segment->waiting_count) *
        sizeof(void *);
    size_t tables =
        ((size_t)segment->organisation_table.mask + segment->offer_table.mask + 2) * sizeof(uint32_t) +
        segment->identifiers.count * sizeof(uint64_t);
    return segment->bytes - pointers - tables;
}

uint32_t segment_slot_of_offer(const struct segment *segment, uint32_t offer)
{
    uint32_t place = segment_find_organisation(segment, segment->offers[offer]->organisation_id);
    for (uint32_t i = segment->first_slot[place]; i < segment->first_slot[place + 1]; i++)
        if (segment->slot_offer[segment->slots_of[i]] == offer)
            return segment->slots_of[i];
    return SLOT_NONE;
}

const struct spoken_list *segment_languages(const struct segment *segment, uint32_t slot)
{
    const struct offer_entry *offer = segment_offer(segment, slot);
    return offer && offer->languages.count ? &offer->languages : &segment_host(segment, slot)->languages;
}

const struct numbers *segment_offered_sectors(const struct segment *segment, uint32_t slot)
{
    const struct offer_entry *offer = segment_offer(segment, slot);
    return offer && offer->sectors.count ? &offer->sectors : &segment_host(segment, slot)->sectors;
}
