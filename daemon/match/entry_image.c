#include "match/entry_image.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/owners.h"
#include "model/stored_record.h"

/* The pointers within each kind of entry to what follows it in its block. */
#define ITEMS(type, member) offsetof(struct type, member.items)

static const size_t organisation_lists[] = {
    ITEMS(organisation_entry, sectors),          ITEMS(organisation_entry, target_sectors),
    ITEMS(organisation_entry, target_countries), ITEMS(organisation_entry, languages),
    ITEMS(organisation_entry, identifiers),
};
static const size_t offer_lists[] = {
    ITEMS(offer_entry, sectors),  ITEMS(offer_entry, languages), ITEMS(offer_entry, windows),
    ITEMS(offer_entry, concepts), ITEMS(offer_entry, outcomes),
};
static const size_t need_lists[] = {
    ITEMS(need_entry, facts.regions),   ITEMS(need_entry, facts.wanted),    ITEMS(need_entry, facts.sectors),
    ITEMS(need_entry, facts.countries), ITEMS(need_entry, facts.languages),
};
static const size_t partnership_lists[] = {ITEMS(partnership_entry, organisation_ids)};

static_assert(sizeof(struct entry) == 40, "a pointer more? it is to be moved");
static_assert(sizeof(struct organisation_entry) == 144, "a list more? it belongs above");
static_assert(sizeof(struct offer_entry) == 160, "a list more? it belongs above");
static_assert(sizeof(struct need_entry) == 176, "a list more? it belongs above");
static_assert(sizeof(struct partnership_entry) == 72, "a list more? it belongs above");

#define LISTS(of)                  \
    {                              \
        of, sizeof of / sizeof *of \
    }
static const struct {
    const size_t *offsets;
    size_t count;
} lists_of[RECORD_KIND_COUNT] = {
    [RECORD_ORGANISATION] = LISTS(organisation_lists),
    [RECORD_OFFER] = LISTS(offer_lists),
    [RECORD_NEED] = LISTS(need_lists),
    [RECORD_PARTNERSHIP] = LISTS(partnership_lists),
};

const char *entry_text_place(const struct entry *entry, const char *text, const struct image_writer *image)
{
    return (const char *)image_at(image, entry->stored) + (text - (const char *)entry->stored);
}

/* Moves a pointer that is at `at` by as much as what it points to moves. */
static void move(void *at, intptr_t by)
{
    intptr_t pointer;
    memcpy(&pointer, at, sizeof pointer);
    pointer += by;
    memcpy(at, &pointer, sizeof pointer);
}

struct need_facts need_facts_moved(const struct need_facts *facts, intptr_t by)
{
    struct need_facts copy = *facts;
    for (size_t i = 0; i < lists_of[RECORD_NEED].count; i++)
        move((char *)&copy + need_lists[i] - offsetof(struct need_entry, facts), by);
    return copy;
}

/* The pointers in a list of texts, which the copy has at the same distance as the entry. */
static void move_texts(char *copy, const struct entry *entry, const struct text_items *texts, intptr_t by)
{
    char *items = copy + ((const char *)texts->items - (const char *)entry);
    for (uint32_t i = 0; i < texts->count; i++)
        move(items + i * sizeof(char *), by);
}

static void move_pointers(char *copy, const struct entry *entry, intptr_t by, intptr_t stored_by)
{
    move(copy + offsetof(struct entry, id), stored_by);
    move(copy + offsetof(struct entry, stored), stored_by);
    for (size_t i = 0; i < lists_of[entry->kind].count; i++)
        move(copy + lists_of[entry->kind].offsets[i], by);
    if (entry->kind == RECORD_ORGANISATION)
        move_texts(copy, entry, &((const struct organisation_entry *)entry)->identifiers, by);
    else if (entry->kind == RECORD_OFFER)
        move(copy + offsetof(struct offer_entry, organisation_id), stored_by);
    else if (entry->kind == RECORD_NEED)
        move(copy + offsetof(struct need_entry, organisation_id), stored_by);
    else
        move_texts(copy, entry, &((const struct partnership_entry *)entry)->organisation_ids, stored_by);
}

const struct entry *entry_write(const struct entry *entry, struct image_writer *image)
{
    const struct stored_record *stored = image_at(image, entry->stored);
    if (!stored)
        stored = stored_record_put(entry->stored, image);
    intptr_t place = (intptr_t)image_next(image);
    char *copy = heap_alloc(entry->bytes);
    owners_copy(copy, entry, entry->bytes);
    move_pointers(copy, entry, place - (intptr_t)entry, (intptr_t)stored - (intptr_t)entry->stored);
    const struct entry *at = image_put(image, copy, entry->bytes);
    assert((intptr_t)at == place);
    free(copy);
    return at;
}
