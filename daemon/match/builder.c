#include "match/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/index_data.h"
#include "match/need_set.h"
#include "vocab/vocabulary.h"

/* One kind's entries: those of the last index in order, and what came since. */
struct roster {
    struct entry **items;
    size_t count;
    struct entry **added;
    size_t added_count, added_capacity;
    bool changed;
};

struct match_builder {
    struct vocabulary *vocabulary;
    struct concepts *concepts;
    struct roster rosters[RECORD_KIND_COUNT];
    struct text_map by_id; /* id to row; the key is the current entry's own */
    struct entry **rows;
    uint32_t row_count, row_capacity;
    uint32_t *unused;
    uint32_t unused_count, unused_capacity;
    struct identifier_book *book;
    struct need_book *needs;
};

struct match_builder *match_builder_new(void)
{
    struct match_builder *builder = heap_zalloc(sizeof *builder);
    builder->concepts = concepts_new(NULL);
    builder->book = identifier_book_new();
    builder->needs = need_book_new();
    return builder;
}

void match_builder_free(struct match_builder *builder)
{
    if (!builder)
        return;
    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        struct roster *roster = &builder->rosters[kind];
        for (size_t i = 0; i < roster->count; i++)
            entry_release(roster->items[i]);
        for (size_t i = 0; i < roster->added_count; i++)
            entry_release(roster->added[i]);
        free(roster->items);
        free(roster->added);
    }
    identifier_book_free(builder->book);
    need_book_free(builder->needs);
    text_map_fini(&builder->by_id);
    free(builder->rows);
    free(builder->unused);
    concepts_free(builder->concepts);
    if (builder->vocabulary)
        vocabulary_release(builder->vocabulary);
    free(builder);
}

/* ---- records ---- */

static void roster_add(struct roster *roster, struct entry *entry)
{
    if (roster->added_count == roster->added_capacity) {
        roster->added_capacity = roster->added_capacity ? roster->added_capacity * 2 : 64;
        roster->added = heap_realloc(roster->added, roster->added_capacity * sizeof *roster->added);
    }
    roster->added[roster->added_count++] = entry;
    roster->changed = true;
}

/* The roster's reference goes when the next index is made. */
static void drop(struct match_builder *builder, struct entry *entry)
{
    entry->dropped = true;
    builder->rosters[entry->kind].changed = true;
    if (entry->kind == RECORD_ORGANISATION)
        identifier_book_remove(builder->book, (struct organisation_entry *)entry);
    if (entry->kind == RECORD_NEED)
        need_book_remove(builder->needs, (struct need_entry *)entry);
}

static void enter(struct match_builder *builder, struct entry *entry)
{
    roster_add(&builder->rosters[entry->kind], entry);
    if (entry->kind == RECORD_ORGANISATION)
        identifier_book_add(builder->book, (struct organisation_entry *)entry);
    if (entry->kind == RECORD_NEED)
        need_book_add(builder->needs, (struct need_entry *)entry);
}

static uint32_t row_new(struct match_builder *builder)
{
    if (builder->unused_count)
        return builder->unused[--builder->unused_count];
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
    struct entry *entry = entry_new(record, builder->concepts);
    uint32_t row = text_map_get(&builder->by_id, entry->id);
    if (row != TEXT_MAP_NONE) {
        drop(builder, builder->rows[row]);
        text_map_remove(&builder->by_id, entry->id);
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
    if (builder->unused_count == builder->unused_capacity) {
        builder->unused_capacity = builder->unused_capacity ? builder->unused_capacity * 2 : 64;
        builder->unused = heap_realloc(builder->unused, builder->unused_capacity * sizeof *builder->unused);
    }
    builder->unused[builder->unused_count++] = row;
}

void match_builder_set_vocabulary(struct match_builder *builder, const struct vocabulary *vocabulary)
{
    struct vocabulary *old = builder->vocabulary;
    builder->vocabulary = vocabulary ? vocabulary_acquire(vocabulary) : NULL;
    if (old)
        vocabulary_release(old);
    concepts_free(builder->concepts);
    builder->concepts = concepts_new(vocabulary);
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

/* ---- publishing ---- */

static int compare_entries(const void *left, const void *right)
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

/* Puts what is current of an array in front; returns how many; gives up the others. */
static size_t keep_current(struct entry **items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (items[i]->dropped)
            entry_release(items[i]);
        else
            items[kept++] = items[i];
    return kept;
}

/* How many of the sorted entries, from `from` on, come before one. */
static size_t find_end(struct entry *const *items, size_t from, size_t count, struct entry *const *entry)
{
    while (from < count) {
        size_t middle = from + (count - from) / 2;
        if (compare_entries(&items[middle], entry) < 0)
            from = middle + 1;
        else
            count = middle;
    }
    return from;
}

/* Merges what came into what was there; with few new ones most are copied unseen. */
static void roster_settle(struct roster *roster)
{
    if (!roster->changed)
        return;
    size_t old = keep_current(roster->items, roster->count);
    size_t new = keep_current(roster->added, roster->added_count);
    if (new)
        qsort(roster->added, new, sizeof *roster->added, compare_entries);
    struct entry **items = heap_alloc((old + new) * sizeof *items);
    size_t from = 0, count = 0;
    for (size_t i = 0; i <= new; i++) {
        size_t end = i < new ? find_end(roster->items, from, old, &roster->added[i]) : old;
        for (; from < end; from++)
            items[count++] = roster->items[from];
        if (i < new)
            items[count++] = roster->added[i];
    }
    free(roster->items);
    free(roster->added);
    *roster = (struct roster){.items = items, .count = count};
}

/* The roster's entries for an index, each with a reference of its own; adds up their bytes. */
static const void *roster_copy(const struct roster *roster, struct match_index *index, uint32_t *ret_count)
{
    *ret_count = (uint32_t)roster->count;
    for (size_t i = 0; i < roster->count; i++) {
        entry_acquire(roster->items[i]);
        index->bytes += roster->items[i]->bytes;
    }
    if (!roster->count)
        return arena_alloc(index->arena, 1);
    return arena_copy(index->arena, roster->items, roster->count * sizeof *roster->items);
}

struct match_index *match_builder_publish(struct match_builder *builder)
{
    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
        roster_settle(&builder->rosters[kind]);
    struct match_index *index = heap_zalloc(sizeof *index);
    atomic_init(&index->references, 1);
    index->arena = arena_new(0);
    index->vocabulary = builder->vocabulary ? vocabulary_acquire(builder->vocabulary) : NULL;
    concept_names_init(&index->names, builder->concepts);
    const struct roster *rosters = builder->rosters;
    index->organisations = (const struct organisation_entry **)(uintptr_t)roster_copy(
        &rosters[RECORD_ORGANISATION], index, &index->organisation_count);
    index->offers = (const struct offer_entry **)(uintptr_t)roster_copy(&rosters[RECORD_OFFER], index,
                                                                        &index->all_offers_count);
    index->needs =
        (const struct need_entry **)(uintptr_t)roster_copy(&rosters[RECORD_NEED], index, &index->need_count);
    index->partnership_entries = (const struct partnership_entry **)(uintptr_t)roster_copy(
        &rosters[RECORD_PARTNERSHIP], index, &index->partnership_count);
    for (uint32_t place = 0; place < index->organisation_count; place++)
        rosters[RECORD_ORGANISATION].items[place]->place = place;
    index->needs_view = need_book_publish(builder->needs);
    index_layout(index, builder->book);
    index->bytes += arena_used(index->arena);
    return index;
}
