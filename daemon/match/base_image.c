#include "match/base_image.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/owners.h"
#include "match/entry_image.h"

/* ---- arrays ---- */

/* An array that a struct points to: where the pointer is, and the bytes that it points to. */
struct array {
    size_t offset, bytes;
};

/* Writes the arrays, and has the copy point to them. */
static void put_arrays(struct image_writer *image, void *copy, const struct array *arrays, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *at = (char *)copy + arrays[i].offset;
        const void *array;
        memcpy(&array, at, sizeof array);
        array = array ? image_put(image, array, arrays[i].bytes) : NULL;
        memcpy(at, &array, sizeof array);
    }
}

#define ARRAY(from, member, count)                                                                       \
    {                                                                                                    \
        (size_t)((const char *)&(from)->member - (const char *)(from)), (count) * sizeof *(from)->member \
    }

#define TABLE(from, member)                                                                     \
    ARRAY(from, member.rows, (from)->member.rows ? (size_t)(from)->member.value_count + 1 : 0), \
        ARRAY(from, member.chunks, chunk_count(&(from)->member)),                               \
        ARRAY(from, member.data, unit_count(&(from)->member))

static size_t chunk_count(const struct posting_table *table)
{
    return table->rows ? table->rows[table->value_count].first_chunk : 0;
}

static size_t unit_count(const struct posting_table *table)
{
    size_t count = chunk_count(table);
    if (!count)
        return 0;
    const struct posting_chunk *last = &table->chunks[count - 1];
    bool is_bits = posting_chunk_bits(table->data, last);
    return last->at +
           (is_bits ? CHUNK_WORDS * (sizeof(uint64_t) / sizeof(uint16_t)) : (size_t)last->last + 1);
}

/* Entries one after the other; where each will be, on the heap. */
static const void **put_entries(struct image_writer *image, const void *entries, uint32_t count)
{
    const struct entry *const *from = entries;
    const void **places = heap_alloc((size_t)count * sizeof *places + 1);
    for (uint32_t i = 0; i < count; i++)
        places[i] = entry_write(from[i], image);
    return places;
}

/* The same, and then the array of pointers to them. */
static void *put_entry_array(struct image_writer *image, const void *entries, uint32_t count)
{
    const void **places = put_entries(image, entries, count);
    const void *at = image_put(image, places, count * sizeof *places);
    free(places);
    return (void *)(uintptr_t)at;
}

/* ---- segments ---- */

static_assert(sizeof(struct segment) == 664, "an array more? it belongs into put_segment_arrays");

static void put_segment_arrays(const struct segment *from, struct segment *copy, struct image_writer *image)
{
    size_t slots = from->slot_count, words = bits_words(slots), padded = words * 64 + 1;
    size_t organisations = from->organisation_count;
    size_t several_windows = bits_count(from->several_windows.bits, words);
    size_t several_records = bits_count(from->several_records.bits, words);
    size_t windows = several_windows ? from->window_first[several_windows] : 0;
    const struct array arrays[] = {
        ARRAY(from, organisation_table.rows, (size_t)from->organisation_table.mask + 1),
        ARRAY(from, offer_table.rows, (size_t)from->offer_table.mask + 1),
        ARRAY(from, first_slot, organisations + 1),
        ARRAY(from, slots_of, slots),
        ARRAY(from, identifiers.rows, from->identifiers.count),
        ARRAY(from, bodies.members, from->bodies.several_count),
        ARRAY(from, bodies.joined.bits, bits_words(organisations)),
        ARRAY(from, bodies.joined.before, bits_words(organisations)),
        ARRAY(from, slot_offer, slots),
        ARRAY(from, slot_organisation, slots),
        ARRAY(from, min_days, padded),
        ARRAY(from, max_days, padded),
        ARRAY(from, window_start, padded),
        ARRAY(from, window_end, padded),
        ARRAY(from, window_places, padded),
        ARRAY(from, valid_until, padded),
        ARRAY(from, region, slots),
        ARRAY(from, themes, slots),
        ARRAY(from, recognition, slots),
        ARRAY(from, concept_first, slots + 1),
        ARRAY(from, concepts_short, from->concept_first[slots]),
        ARRAY(from, concepts_long, from->concept_first[slots]),
        ARRAY(from, sector_first, slots + 1),
        ARRAY(from, sectors, from->sector_first[slots]),
        ARRAY(from, region_codes, (size_t)from->region_count + 1),
        ARRAY(from, several_windows.bits, words),
        ARRAY(from, several_windows.before, words),
        ARRAY(from, window_first, several_windows + 1),
        ARRAY(from, windows, windows),
        ARRAY(from, several_records.bits, words),
        ARRAY(from, several_records.before, words),
        ARRAY(from, several_bodies, several_records),
        ARRAY(from, host_role, words),
        ARRAY(from, shared, words),
        ARRAY(from, second, words),
        ARRAY(from, apart, words),
        ARRAY(from, odd, words),
        ARRAY(from, recognises[0], words),
        ARRAY(from, recognises[1], words),
        ARRAY(from, recognises[2], words),
        TABLE(from, country),
        TABLE(from, sector_under),
        TABLE(from, sector_exact),
        TABLE(from, language),
        TABLE(from, eqf),
        TABLE(from, mode),
        TABLE(from, concept),
    };
    put_arrays(image, copy, arrays, sizeof arrays / sizeof *arrays);
}

/* Each member's list of the others' ids, which the stored records have. */
static struct several *put_several(const struct segment *from, struct image_writer *image)
{
    const struct bodies *bodies = &from->bodies;
    struct several *copy = heap_alloc(bodies->several_count * sizeof *copy + 1);
    for (uint32_t i = 0; i < bodies->several_count; i++) {
        copy[i] = bodies->several[i];
        const uint32_t *members = bodies->members + copy[i].first;
        const char **ids = heap_alloc(copy[i].count * sizeof *ids);
        for (uint32_t j = 0, k = 0; j < copy[i].count; j++) {
            const struct entry *other = &from->organisations[members[j]]->entry;
            if (members[j] != copy[i].place)
                ids[k++] = entry_text_place(other, other->id, image);
        }
        copy[i].same_as = (const char **)(uintptr_t)image_put(image, ids, (copy[i].count - 1) * sizeof *ids);
        free(ids);
    }
    const void *at = image_put(image, copy, bodies->several_count * sizeof *copy);
    free(copy);
    return (struct several *)(uintptr_t)at;
}

static const struct segment *segment_write(const struct segment *from, struct image_writer *image)
{
    struct segment copy;
    owners_copy(&copy, from, sizeof copy);
    copy.arena = NULL;
    copy.organisations = put_entry_array(image, from->organisations, from->organisation_count);
    copy.offers = put_entry_array(image, from->offers, from->offer_count);
    copy.waiting = put_entry_array(image, from->waiting, from->waiting_count);
    copy.bodies.several = put_several(from, image);
    put_segment_arrays(from, &copy, image);
    return image_put(image, &copy, sizeof copy);
}

/* ---- partnerships ---- */

static_assert(sizeof(struct partnership_set) == 136, "an array more? it belongs below");

static struct text_map_slot *put_outside(const struct text_map *map, struct image_writer *image)
{
    struct text_map_slot *slots = heap_zalloc(map->slot_count * sizeof *slots + 1);
    for (size_t i = 0; i < map->slot_count; i++) {
        if (!map->slots[i].key)
            continue;
        slots[i] = map->slots[i];
        slots[i].key = image_put_text(image, map->slots[i].key);
    }
    const void *at = map->slot_count ? image_put(image, slots, map->slot_count * sizeof *slots) : NULL;
    free(slots);
    return (struct text_map_slot *)(uintptr_t)at;
}

static const struct partnership_set *partnership_set_write(const struct partnership_set *from,
                                                           struct image_writer *image)
{
    struct partnership_set copy;
    owners_copy(&copy, from, sizeof copy);
    copy.arena = NULL;
    copy.entries = put_entry_array(image, from->entries, from->count);
    copy.outside.slots = put_outside(&from->outside, image);
    const struct partnership *last = from->count ? &from->items[from->count - 1] : NULL;
    size_t parties = last ? (size_t)last->first + last->count : 0;
    const struct array arrays[] = {
        ARRAY(from, table.rows, (size_t)from->table.mask + 1),
        ARRAY(from, items, from->count),
        ARRAY(from, parties, parties),
        ARRAY(from, nodes, from->row_count),
        ARRAY(from, first, (size_t)from->row_count + 2),
        ARRAY(from, of_node, parties),
    };
    put_arrays(image, &copy, arrays, sizeof arrays / sizeof *arrays);
    return image_put(image, &copy, sizeof copy);
}

/* ---- needs ---- */

static_assert(sizeof(struct need_set) == 328, "an array more? it belongs below");
static_assert(sizeof(struct need_facts) == 128, "a list more? entry_image.c has them");

/* The facts are copies, whose lists are the entries'. */
static void put_facts(const struct need_set *from, struct need_set *copy, const void *const *places,
                      struct image_writer *image)
{
    struct need_facts *facts = heap_alloc(from->count * sizeof *facts + 1);
    const char **ids = heap_alloc(from->owner_count * sizeof *ids + 1);
    for (uint32_t row = 0; row < from->count; row++) {
        const struct need_entry *need = from->needs[row];
        facts[row] = need_facts_moved(&need->facts, (intptr_t)places[row] - (intptr_t)need);
        ids[from->briefs[row].owner] = entry_text_place(&need->entry, need->organisation_id, image);
    }
    copy->facts = (void *)(uintptr_t)image_put(image, facts, from->count * sizeof *facts);
    copy->owner_ids = (void *)(uintptr_t)image_put(image, ids, from->owner_count * sizeof *ids);
    free(facts);
    free(ids);
}

static const struct need_set *need_set_write(const struct need_set *from, struct image_writer *image)
{
    struct need_set copy;
    owners_copy(&copy, from, sizeof copy);
    copy.arena = NULL;
    const void **places = put_entries(image, from->needs, from->count);
    copy.needs = (void *)(uintptr_t)image_put(image, places, from->count * sizeof *places);
    put_facts(from, &copy, places, image);
    free(places);
    const struct array arrays[] = {
        ARRAY(from, table.rows, (size_t)from->table.mask + 1),
        ARRAY(from, briefs, from->count),
        ARRAY(from, wanted_first, (size_t)from->count + 1),
        ARRAY(from, wanted, from->wanted_first[from->count]),
        ARRAY(from, sector_first, (size_t)from->count + 1),
        ARRAY(from, sectors, from->sector_first[from->count]),
        ARRAY(from, owners, from->owner_count),
        ARRAY(from, bodies, from->body_count),
        TABLE(from, sector_under),
        TABLE(from, sector_exact),
        TABLE(from, country),
        TABLE(from, language),
        TABLE(from, eqf),
        TABLE(from, mode),
    };
    put_arrays(image, &copy, arrays, sizeof arrays / sizeof *arrays);
    return image_put(image, &copy, sizeof copy);
}

/* ---- all ---- */

struct base_set base_set_write(const struct base_set *base, struct image_writer *image)
{
    return (struct base_set){
        segment_write(base->segment, image),
        partnership_set_write(base->partnerships, image),
        need_set_write(base->needs, image),
    };
}
