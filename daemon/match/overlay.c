#include "match/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/identifiers.h"

void overlay_init(struct overlay *overlay, const struct base_set *base)
{
    *overlay = (struct overlay){.base = base, .book = identifier_book_new()};
    text_map_init(&overlay->rows_by_id);
    text_map_init(&overlay->owners_by_id);
}

void overlay_fini(struct overlay *overlay)
{
    for (uint32_t i = 0; i < overlay->row_count; i++) {
        if (overlay->rows[i].entry)
            entry_release(overlay->rows[i].entry);
        free(overlay->rows[i].id);
    }
    for (uint32_t i = 0; i < overlay->owner_count; i++)
        free(overlay->owners[i].id);
    free(overlay->rows);
    free(overlay->owners);
    free(overlay->fresh_rows.items);
    free(overlay->fresh_owners.items);
    text_map_fini(&overlay->rows_by_id);
    text_map_fini(&overlay->owners_by_id);
    identifier_book_free(overlay->book);
}

/* ---- what is fresh ---- */

static void list_add(struct overlay_list *list, uint32_t number)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = heap_realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = number;
}

static void touch_row(struct overlay *overlay, uint32_t row, uint64_t sequence)
{
    overlay->rows[row].touched_at = sequence;
    if (!overlay->rows[row].is_fresh)
        list_add(&overlay->fresh_rows, row);
    overlay->rows[row].is_fresh = true;
}

static void touch_owner(struct overlay *overlay, uint32_t number, uint64_t sequence)
{
    overlay->owners[number].touched_at = sequence;
    if (!overlay->owners[number].is_fresh)
        list_add(&overlay->fresh_owners, number);
    overlay->owners[number].is_fresh = true;
}

void overlay_settle(struct overlay *overlay)
{
    for (uint32_t i = 0; i < overlay->fresh_rows.count; i++)
        overlay->rows[overlay->fresh_rows.items[i]].is_fresh = false;
    for (uint32_t i = 0; i < overlay->fresh_owners.count; i++)
        overlay->owners[overlay->fresh_owners.items[i]].is_fresh = false;
    overlay->fresh_rows.count = overlay->fresh_owners.count = 0;
}

/* ---- rows ---- */

bool overlay_keeps(const struct overlay *overlay, const char *id)
{
    return text_map_get(&overlay->rows_by_id, id) == TEXT_MAP_NONE;
}

static void count_other(struct overlay *overlay, uint32_t row, enum record_kind kind)
{
    if (overlay->rows[row].is_other || (kind != RECORD_NEED && kind != RECORD_PARTNERSHIP))
        return;
    overlay->rows[row].is_other = true;
    overlay->other_count++;
}

/* A row of an id that has none; takes the id over, which is on the heap. */
static uint32_t row_new(struct overlay *overlay, char *id, struct base_place base)
{
    if (overlay->row_count == overlay->row_capacity) {
        overlay->row_capacity = overlay->row_capacity ? overlay->row_capacity * 2 : 64;
        overlay->rows = heap_realloc(overlay->rows, overlay->row_capacity * sizeof *overlay->rows);
    }
    uint32_t row = overlay->row_count++;
    overlay->rows[row] = (struct overlay_row){.id = id, .base = base, .next = OVERLAY_NONE};
    text_map_set(&overlay->rows_by_id, id, row);
    count_other(overlay, row, base.kind);
    return row;
}

/* ---- owners ---- */

/* The organisation under an id that is at that place in the base. */
static const struct organisation_entry *organisation_of(const struct overlay *overlay, const char *id,
                                                        uint32_t place)
{
    uint32_t row = text_map_get(&overlay->rows_by_id, id);
    if (row == TEXT_MAP_NONE)
        return place == PLACE_NONE ? NULL : overlay->base->segment->organisations[place];
    const struct entry *entry = overlay->rows[row].entry;
    return entry && entry->kind == RECORD_ORGANISATION ? (const struct organisation_entry *)entry : NULL;
}

static uint32_t owner_of(struct overlay *overlay, const char *id)
{
    uint32_t number = text_map_get(&overlay->owners_by_id, id);
    if (number != TEXT_MAP_NONE)
        return number;
    if (overlay->owner_count == overlay->owner_capacity) {
        overlay->owner_capacity = overlay->owner_capacity ? overlay->owner_capacity * 2 : 64;
        overlay->owners = heap_realloc(overlay->owners, overlay->owner_capacity * sizeof *overlay->owners);
    }
    number = overlay->owner_count++;
    uint32_t place = segment_find_organisation(overlay->base->segment, id);
    overlay->owners[number] = (struct overlay_owner){
        .id = heap_strdup(id),
        .organisation = organisation_of(overlay, id, place),
        .place = place,
        .first_offer = OVERLAY_NONE,
    };
    text_map_set(&overlay->owners_by_id, overlay->owners[number].id, number);
    return number;
}

/* Owners whose bodies are still to be walked. */
struct walk {
    struct overlay *overlay;
    uint64_t sequence;
    uint32_t *left;
    size_t count, capacity;
    struct text_map keys; /* identifiers whose holders were walked to */
};

static void walk_to(struct walk *walk, uint32_t number)
{
    if (walk->overlay->owners[number].touched_at == walk->sequence)
        return;
    touch_owner(walk->overlay, number, walk->sequence);
    if (walk->count == walk->capacity) {
        walk->capacity = walk->capacity ? walk->capacity * 2 : 16;
        walk->left = heap_realloc(walk->left, walk->capacity * sizeof *walk->left);
    }
    walk->left[walk->count++] = number;
}

/* Touches all who hold an identifier that this organisation holds, where that joins them; once, for many may hold it. */
static void walk_holders(struct walk *walk, const struct organisation_entry *organisation, const char *key)
{
    if (text_map_get(&walk->keys, key) != TEXT_MAP_NONE)
        return;
    text_map_set(&walk->keys, key, 0);
    const struct segment *segment = walk->overlay->base->segment;
    const struct organisation_entry *const *changed = NULL;
    uint32_t first, end, count = identifier_book_find(walk->overlay->book, key, &changed), held = 0;
    identifier_table_find(&segment->identifiers, key, &first, &end);
    const struct organisation_entry **holders =
        heap_alloc(((size_t)count + (end - first) + 1) * sizeof *holders);
    bool joins = false;
    for (; held < count; held++)
        holders[held] = changed[held];
    for (uint32_t row = first; row < end; row++) {
        const struct organisation_entry *other =
            segment->organisations[identifier_table_place(&segment->identifiers, row)];
        if (identifier_held(other, key) && overlay_keeps(walk->overlay, other->entry.id))
            holders[held++] = other;
    }
    for (uint32_t i = 0; i < held && !joins; i++)
        joins = identifier_joins(organisation, holders[i]);
    for (uint32_t i = 0; i < held && joins; i++)
        walk_to(walk, owner_of(walk->overlay, holders[i]->entry.id));
    free(holders);
}

/* Touches an owner and with it its whole body, as it is at this moment. Those touched for the next index already have their
 * bodies touched, too. */
static void touch_body(struct overlay *overlay, uint32_t number, uint64_t sequence)
{
    struct walk walk = {.overlay = overlay, .sequence = sequence};
    walk_to(&walk, number);
    while (walk.count) {
        const struct organisation_entry *organisation = overlay->owners[walk.left[--walk.count]].organisation;
        for (uint32_t i = 0; organisation && i < organisation->identifiers.count; i++)
            walk_holders(&walk, organisation, organisation->identifiers.items[i]);
    }
    text_map_fini(&walk.keys);
    free(walk.left);
}

/* ---- coming and going ---- */

static void link_offer(struct overlay *overlay, uint32_t row, uint32_t number)
{
    overlay->rows[row].next = overlay->owners[number].first_offer;
    overlay->owners[number].first_offer = row;
}

static void unlink_offer(struct overlay *overlay, uint32_t row, uint32_t number)
{
    uint32_t *at = &overlay->owners[number].first_offer;
    while (*at != row)
        at = &overlay->rows[*at].next;
    *at = overlay->rows[row].next;
}

/* What is under an id ceases to be so; row OVERLAY_NONE: the base has it. */
static void leave(struct overlay *overlay, const struct entry *entry, uint32_t row, uint64_t sequence)
{
    if (entry->kind == RECORD_ORGANISATION) {
        uint32_t number = owner_of(overlay, entry->id);
        touch_body(overlay, number, sequence);
        if (row != OVERLAY_NONE)
            identifier_book_remove(overlay->book, (const struct organisation_entry *)entry);
        overlay->owners[number].organisation = NULL;
    } else if (entry->kind == RECORD_OFFER) {
        uint32_t number = owner_of(overlay, ((const struct offer_entry *)entry)->organisation_id);
        touch_body(overlay, number, sequence);
        if (row != OVERLAY_NONE)
            unlink_offer(overlay, row, number);
        else
            overlay->owners[number].lost_offers = true;
    }
}

/* An organisation's body was touched as it had been before, and is as it is now: it may have grown. */
static void enter(struct overlay *overlay, uint32_t row, uint64_t sequence)
{
    const struct entry *entry = overlay->rows[row].entry;
    if (entry->kind == RECORD_ORGANISATION) {
        const struct organisation_entry *organisation = (const struct organisation_entry *)entry;
        uint32_t number = owner_of(overlay, entry->id);
        overlay->owners[number].organisation = organisation;
        overlay->owners[number].touched_at = 0;
        identifier_book_add(overlay->book, organisation);
        touch_body(overlay, number, sequence);
    } else if (entry->kind == RECORD_OFFER) {
        uint32_t number = owner_of(overlay, ((const struct offer_entry *)entry)->organisation_id);
        link_offer(overlay, row, number);
        touch_body(overlay, number, sequence);
    }
}

/* The row of an id, with nothing under it any more. Where there never was anything: OVERLAY_NONE, unless a row is wanted
 * `always`. */
static uint32_t empty_row(struct overlay *overlay, const char *id, enum record_kind kind, bool always,
                          uint64_t sequence)
{
    uint32_t row = text_map_get(&overlay->rows_by_id, id);
    if (row == TEXT_MAP_NONE) {
        struct base_place base = base_set_find(overlay->base, id, kind);
        if (base.kind != RECORD_NONE)
            leave(overlay, base_set_entry(overlay->base, base), OVERLAY_NONE, sequence);
        else if (!always)
            return OVERLAY_NONE;
        row = row_new(overlay, heap_strdup(id), base);
    } else if (overlay->rows[row].entry) {
        leave(overlay, overlay->rows[row].entry, row, sequence);
        entry_release(overlay->rows[row].entry);
    }
    overlay->rows[row].entry = NULL;
    touch_row(overlay, row, sequence);
    return row;
}

void overlay_put(struct overlay *overlay, const struct entry *entry, uint64_t sequence)
{
    uint32_t row = empty_row(overlay, entry->id, entry->kind, true, sequence);
    overlay->rows[row].entry = entry;
    count_other(overlay, row, entry->kind);
    enter(overlay, row, sequence);
}

void overlay_remove(struct overlay *overlay, const char *id, uint64_t sequence)
{
    empty_row(overlay, id, RECORD_OFFER, false, sequence);
}

/* ---- another base ---- */

static void keep_rows(struct overlay *overlay, const struct overlay *old, uint64_t sequence)
{
    for (uint32_t i = 0; i < old->row_count; i++) {
        struct overlay_row *from = &old->rows[i];
        if (from->touched_at <= sequence)
            continue;
        struct base_place base =
            base_set_find(overlay->base, from->id, from->entry ? from->entry->kind : from->base.kind);
        uint32_t row = row_new(overlay, from->id, base);
        struct overlay_row *to = &overlay->rows[row];
        to->entry = from->entry;
        touch_row(overlay, row, from->touched_at);
        from->entry = NULL;
        from->id = NULL;
        if (to->entry)
            count_other(overlay, row, to->entry->kind);
    }
}

static void relate_row(struct overlay *overlay, uint32_t number)
{
    const struct overlay_row *row = &overlay->rows[number];
    if (row->base.kind == RECORD_OFFER) {
        const struct offer_entry *lost = segment_any_offer(overlay->base->segment, row->base.number);
        uint32_t owner = owner_of(overlay, lost->organisation_id);
        overlay->owners[owner].lost_offers = true;
    }
    if (row->entry && row->entry->kind == RECORD_ORGANISATION)
        identifier_book_add(overlay->book, (const struct organisation_entry *)row->entry);
    else if (row->entry && row->entry->kind == RECORD_OFFER)
        link_offer(overlay, number,
                   owner_of(overlay, ((const struct offer_entry *)row->entry)->organisation_id));
}

void overlay_rebase(struct overlay *overlay, const struct base_set *base, uint64_t sequence)
{
    struct overlay old = *overlay;
    overlay_init(overlay, base);
    keep_rows(overlay, &old, sequence);
    for (uint32_t i = 0; i < old.owner_count; i++) {
        if (old.owners[i].touched_at <= sequence)
            continue;
        touch_owner(overlay, owner_of(overlay, old.owners[i].id), old.owners[i].touched_at);
    }
    for (uint32_t row = 0; row < overlay->row_count; row++)
        relate_row(overlay, row);
    overlay_fini(&old);
}
