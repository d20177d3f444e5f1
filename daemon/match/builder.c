#include "match/builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/bodies.h"
#include "vocab/vocabulary.h"

struct match_builder *match_builder_new(void)
{
    struct match_builder *builder = heap_zalloc(sizeof *builder);
    builder->scratch = arena_new(0);
    builder->concepts = concepts_new(NULL);
    builder->book = identifier_book_new();
    builder->needs = need_book_new();
    builder->sequence = 1;
    text_map_init(&builder->by_id);
    text_map_init(&builder->owners_by_id);
    text_map_init(&builder->changed_by_id);
    return builder;
}

void match_builder_free(struct match_builder *builder)
{
    if (!builder)
        return;
    for (uint32_t i = 0; i < builder->row_count; i++)
        if (builder->rows[i])
            entry_release(builder->rows[i]);
    for (uint32_t i = 0; i < builder->owner_count; i++)
        free(builder->owners[i].id);
    for (size_t i = 0; i < builder->changed_partnership_count; i++)
        free(builder->changed_partnerships[i].id);
    match_index_release(builder->last);
    segment_release(builder->base);
    segment_release(builder->retired);
    partnership_set_release(builder->base_partnerships);
    arena_free(builder->scratch);
    identifier_book_free(builder->book);
    need_book_free(builder->needs);
    text_map_fini(&builder->by_id);
    text_map_fini(&builder->owners_by_id);
    text_map_fini(&builder->changed_by_id);
    free(builder->changed_partnerships);
    free(builder->rows);
    free(builder->owners);
    free(builder->unused_rows.items);
    free(builder->unused_owners.items);
    free(builder->changed_owners.items);
    concepts_free(builder->concepts);
    if (builder->vocabulary)
        vocabulary_release(builder->vocabulary);
    free(builder);
}

void builder_add_number(struct numbers_list *list, uint32_t number)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = heap_realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = number;
}

/* ---- owners ---- */

static uint32_t owner_of(struct match_builder *builder, const char *id)
{
    uint32_t number = text_map_get(&builder->owners_by_id, id);
    if (number != TEXT_MAP_NONE)
        return number;
    if (builder->unused_owners.count) {
        number = builder->unused_owners.items[--builder->unused_owners.count];
    } else {
        if (builder->owner_count == builder->owner_capacity) {
            builder->owner_capacity = builder->owner_capacity ? builder->owner_capacity * 2 : 1024;
            builder->owners =
                heap_realloc(builder->owners, builder->owner_capacity * sizeof *builder->owners);
        }
        number = builder->owner_count++;
    }
    builder->owners[number] = (struct owner){.id = heap_strdup(id)};
    text_map_set(&builder->owners_by_id, builder->owners[number].id, number);
    return number;
}

static void touch(struct match_builder *builder, uint32_t number)
{
    struct owner *owner = &builder->owners[number];
    owner->touched_at = builder->sequence;
    if (!owner->listed)
        builder_add_number(&builder->changed_owners, number);
    owner->listed = true;
}

/* Touches an owner and with it its whole body. Those touched for the next index already have their bodies touched, too. */
static void touch_body(struct match_builder *builder, uint32_t number)
{
    struct numbers_list left = {0};
    if (builder->owners[number].touched_at == builder->sequence)
        return;
    touch(builder, number);
    if (builder->base && builder->owners[number].organisation)
        builder_add_number(&left, number);
    while (left.count) {
        const struct organisation_entry *organisation =
            builder->owners[left.items[--left.count]].organisation;
        for (uint32_t i = 0; i < organisation->identifiers.count; i++) {
            const struct organisation_entry *const *holders;
            uint32_t count =
                identifier_book_joined(builder->book, organisation->identifiers.items[i], &holders);
            for (uint32_t j = 0; j < count; j++) {
                uint32_t other = holders[j]->entry.owner;
                if (builder->owners[other].touched_at == builder->sequence)
                    continue;
                touch(builder, other);
                builder_add_number(&left, other);
            }
        }
    }
    free(left.items);
}

static void touch_partnership(struct match_builder *builder, const char *id)
{
    uint32_t row = text_map_get(&builder->changed_by_id, id);
    if (row == TEXT_MAP_NONE) {
        if (builder->changed_partnership_count == builder->changed_partnership_capacity) {
            size_t capacity = builder->changed_partnership_capacity;
            builder->changed_partnership_capacity = capacity ? capacity * 2 : 64;
            builder->changed_partnerships =
                heap_realloc(builder->changed_partnerships,
                             builder->changed_partnership_capacity * sizeof *builder->changed_partnerships);
        }
        row = (uint32_t)builder->changed_partnership_count++;
        builder->changed_partnerships[row].id = heap_strdup(id);
        text_map_set(&builder->changed_by_id, builder->changed_partnerships[row].id, row);
    }
    builder->changed_partnerships[row].touched_at = builder->sequence;
}

/* ---- records ---- */

static void add_offer(struct match_builder *builder, struct offer_entry *offer)
{
    struct owner *owner = &builder->owners[offer->entry.owner];
    offer->entry.next = (struct entry *)owner->first_offer;
    owner->first_offer = offer;
    touch_body(builder, offer->entry.owner);
}

static void take_offer(struct match_builder *builder, struct offer_entry *offer)
{
    struct owner *owner = &builder->owners[offer->entry.owner];
    touch_body(builder, offer->entry.owner);
    if (owner->first_offer == offer) {
        owner->first_offer = (struct offer_entry *)offer->entry.next;
        return;
    }
    struct entry *before = &owner->first_offer->entry;
    while (before->next != &offer->entry)
        before = before->next;
    before->next = offer->entry.next;
}

/* An organisation's body is touched as it was, and as it is. A body may have grown by what came in between. */
static void enter(struct match_builder *builder, struct entry *entry)
{
    if (entry->kind == RECORD_ORGANISATION) {
        entry->owner = owner_of(builder, entry->id);
        builder->owners[entry->owner].organisation = (struct organisation_entry *)entry;
        identifier_book_add(builder->book, (struct organisation_entry *)entry);
        builder->owners[entry->owner].touched_at = 0;
        touch_body(builder, entry->owner);
    } else if (entry->kind == RECORD_OFFER) {
        entry->owner = owner_of(builder, ((struct offer_entry *)entry)->organisation_id);
        add_offer(builder, (struct offer_entry *)entry);
    } else if (entry->kind == RECORD_NEED) {
        need_book_add(builder->needs, (struct need_entry *)entry);
    } else {
        touch_partnership(builder, entry->id);
    }
}

static void drop(struct match_builder *builder, struct entry *entry)
{
    if (entry->kind == RECORD_ORGANISATION) {
        touch_body(builder, entry->owner);
        identifier_book_remove(builder->book, (struct organisation_entry *)entry);
        builder->owners[entry->owner].organisation = NULL;
    } else if (entry->kind == RECORD_OFFER) {
        take_offer(builder, (struct offer_entry *)entry);
    } else if (entry->kind == RECORD_NEED) {
        entry->dropped = true;
        need_book_remove(builder->needs, (struct need_entry *)entry);
    } else {
        touch_partnership(builder, entry->id);
    }
    entry_release(entry);
}

static uint32_t row_new(struct match_builder *builder)
{
    if (builder->unused_rows.count)
        return builder->unused_rows.items[--builder->unused_rows.count];
    if (builder->row_count == builder->row_capacity) {
        builder->row_capacity = builder->row_capacity ? builder->row_capacity * 2 : 1024;
        builder->rows = heap_realloc(builder->rows, builder->row_capacity * sizeof *builder->rows);
    }
    return builder->row_count++;
}

void match_builder_put(struct match_builder *builder, const struct record *record)
{
    if (record->kind == RECORD_NONE)
        return;
    struct arena *arena = arena_new(0);
    size_t bytes;
    const void *packed = record_pack(arena, record, &bytes);
    match_builder_put_packed(builder, record, packed, bytes);
    arena_free(arena);
}

void match_builder_put_packed(struct match_builder *builder, const struct record *record, const void *packed,
                              size_t packed_bytes)
{
    arena_reset(builder->scratch);
    struct entry *entry = entry_new(builder->scratch, record, packed, packed_bytes, builder->concepts);
    uint32_t row = text_map_get(&builder->by_id, entry->id);
    if (row != TEXT_MAP_NONE) {
        text_map_remove(&builder->by_id, entry->id);
        drop(builder, builder->rows[row]);
    } else {
        row = row_new(builder);
    }
    text_map_set(&builder->by_id, entry->id, row);
    builder->rows[row] = entry;
    enter(builder, entry);
}

void match_builder_remove(struct match_builder *builder, const char *id)
{
    uint32_t row = text_map_get(&builder->by_id, id);
    if (row == TEXT_MAP_NONE)
        return;
    text_map_remove(&builder->by_id, id);
    drop(builder, builder->rows[row]);
    builder->rows[row] = NULL;
    builder_add_number(&builder->unused_rows, row);
}

void match_builder_set_vocabulary(struct match_builder *builder, const struct vocabulary *vocabulary)
{
    struct vocabulary *old = builder->vocabulary;
    builder->vocabulary = vocabulary ? vocabulary_acquire(vocabulary) : NULL;
    if (old)
        vocabulary_release(old);
    concepts_free(builder->concepts);
    builder->concepts = concepts_new(vocabulary);
    builder->base_number++; /* a rebuild under way has the old numbers */
    builder->base_is_stale = builder->base != NULL;
    struct arena *arena = arena_new(0);
    for (uint32_t row = 0; row < builder->row_count; row++) {
        if (!builder->rows[row] ||
            (builder->rows[row]->kind != RECORD_OFFER && builder->rows[row]->kind != RECORD_NEED))
            continue;
        struct record record = entry_record(builder->rows[row], arena);
        match_builder_put(builder, &record);
        arena_reset(arena);
    }
    arena_free(arena);
}
