#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/bodies.h"
#include "match/builder.h"

/* ---- gathering what changed, or all ---- */

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

static int compare_owners(const void *left, const void *right)
{
    const struct owner *const *a = left, *const *b = right;
    return strcmp((*a)->id, (*b)->id);
}

/* Owners in the order of their ids. */
struct owner_list {
    const struct owner **items;
    size_t count;
};

static void sort_unless_sorted(const void *items, size_t count, size_t bytes,
                               int (*compare)(const void *, const void *))
{
    const char *at = items;
    for (size_t i = 1; i < count; i++)
        if (compare(at + (i - 1) * bytes, at + i * bytes) > 0) {
            qsort((void *)(uintptr_t)items, count, bytes, compare);
            return;
        }
}

static struct owner_list list_owners(const struct match_builder *builder, bool all)
{
    size_t most = all ? builder->owner_count : builder->changed_owners.count;
    struct owner_list list = {.items = heap_alloc((most + 1) * sizeof *list.items)};
    for (uint32_t i = 0; i < most; i++) {
        const struct owner *owner = &builder->owners[all ? i : builder->changed_owners.items[i]];
        if (owner->id)
            list.items[list.count++] = owner;
    }
    sort_unless_sorted(list.items, list.count, sizeof *list.items, compare_owners);
    return list;
}

static size_t count_offers(const struct owner_list *owners)
{
    size_t count = 0;
    for (size_t i = 0; i < owners->count; i++)
        for (const struct entry *offer = (const struct entry *)owners->items[i]->first_offer; offer;
             offer = offer->next)
            count++;
    return count;
}

static void gather_entries(const struct owner_list *owners, struct segment_parts *parts)
{
    parts->organisations = arena_array(parts->arena, owners->count, sizeof *parts->organisations);
    parts->offers = heap_alloc((count_offers(owners) + 1) * sizeof *parts->offers);
    for (size_t i = 0; i < owners->count; i++) {
        const struct owner *owner = owners->items[i];
        if (owner->organisation) {
            entry_acquire(&owner->organisation->entry);
            parts->organisations[parts->organisation_count++] = owner->organisation;
        }
        uint32_t first = parts->all_offers_count;
        for (const struct entry *offer = (const struct entry *)owner->first_offer; offer;
             offer = offer->next) {
            entry_acquire(offer);
            parts->offers[parts->all_offers_count++] = (const struct offer_entry *)offer;
        }
        sort_unless_sorted(parts->offers + first, parts->all_offers_count - first, sizeof *parts->offers,
                           entry_compare);
    }
}

static uint32_t place_of(const struct segment_parts *parts, const struct organisation_entry *organisation)
{
    const struct organisation_entry **found =
        bsearch(&organisation, parts->organisations, parts->organisation_count,
                sizeof(struct organisation_entry *), entry_compare);
    return found ? (uint32_t)(found - parts->organisations) : PLACE_NONE;
}

/* Each organisation with the first holder of an identifier that joins it to others. */
static struct join *gather_joins(const struct match_builder *builder, const struct segment_parts *parts,
                                 size_t *ret_count)
{
    struct join *joins = NULL;
    size_t count = 0, capacity = 0;
    for (uint32_t place = 0; place < parts->organisation_count; place++) {
        const struct text_items *identifiers = &parts->organisations[place]->identifiers;
        for (uint32_t i = 0; i < identifiers->count; i++) {
            const struct organisation_entry *const *holders;
            if (!identifier_book_joined(builder->book, identifiers->items[i], &holders) ||
                holders[0] == parts->organisations[place])
                continue;
            if (count == capacity) {
                capacity = capacity ? capacity * 2 : 64;
                joins = heap_realloc(joins, capacity * sizeof *joins);
            }
            joins[count++] = (struct join){place_of(parts, holders[0]), place};
        }
    }
    *ret_count = count;
    return joins;
}

static struct segment *make_segment(const struct match_builder *builder, const struct owner_list *owners)
{
    struct segment_parts parts = {.arena = arena_new(0), .concept_limit = concepts_limit(builder->concepts)};
    gather_entries(owners, &parts);
    struct join *joins = gather_joins(builder, &parts, &parts.join_count);
    parts.joins = joins;
    struct segment *segment = segment_new(&parts);
    free(joins);
    free(parts.offers);
    return segment;
}

/* ---- partnerships ---- */

static void add_partnership(const struct entry **items, uint32_t *count, struct entry *entry)
{
    if (!entry || entry->kind != RECORD_PARTNERSHIP)
        return;
    entry_acquire(entry);
    items[(*count)++] = entry;
}

static const struct partnership_entry **gather_all(const struct match_builder *builder, struct arena *arena,
                                                   uint32_t *ret_count)
{
    size_t most = 0;
    for (uint32_t i = 0; i < builder->row_count; i++)
        most += builder->rows[i] && builder->rows[i]->kind == RECORD_PARTNERSHIP;
    const struct entry **items = arena_array(arena, most, sizeof *items);
    *ret_count = 0;
    for (uint32_t i = 0; i < builder->row_count; i++)
        add_partnership(items, ret_count, builder->rows[i]);
    sort_unless_sorted(items, *ret_count, sizeof *items, entry_compare);
    return (const struct partnership_entry **)items;
}

static const struct partnership_entry **gather_changed(const struct match_builder *builder,
                                                       struct arena *arena, uint32_t *ret_count)
{
    const struct entry **items = arena_array(arena, builder->changed_partnership_count, sizeof *items);
    *ret_count = 0;
    for (size_t i = 0; i < builder->changed_partnership_count; i++) {
        uint32_t row = text_map_get(&builder->by_id, builder->changed_partnerships[i].id);
        if (row != TEXT_MAP_NONE)
            add_partnership(items, ret_count, builder->rows[row]);
    }
    sort_unless_sorted(items, *ret_count, sizeof *items, entry_compare);
    return (const struct partnership_entry **)items;
}

/* ---- what changed since the base ---- */

/* Forgets what an index of that number or an older one had already. */
static void unlist(struct match_builder *builder, uint64_t sequence)
{
    size_t kept = 0;
    for (size_t i = 0; i < builder->changed_owners.count; i++) {
        uint32_t number = builder->changed_owners.items[i];
        struct owner *owner = &builder->owners[number];
        if (owner->touched_at > sequence) {
            builder->changed_owners.items[kept++] = number;
            continue;
        }
        owner->listed = false;
        if (owner->organisation || owner->first_offer)
            continue;
        text_map_remove(&builder->owners_by_id, owner->id);
        free(owner->id);
        *owner = (struct owner){0};
        builder_add_number(&builder->unused_owners, number);
    }
    builder->changed_owners.count = kept;
    kept = 0;
    text_map_fini(&builder->changed_by_id);
    for (size_t i = 0; i < builder->changed_partnership_count; i++) {
        struct changed_partnership *changed = &builder->changed_partnerships[i];
        if (changed->touched_at <= sequence) {
            free(changed->id);
            continue;
        }
        text_map_set(&builder->changed_by_id, changed->id, (uint32_t)kept);
        builder->changed_partnerships[kept++] = *changed;
    }
    builder->changed_partnership_count = kept;
}

void builder_set_base(struct match_builder *builder, const struct segment *segment,
                      const struct partnership_set *partnerships, uint64_t sequence)
{
    segment_release(builder->retired);
    builder->retired = builder->base;
    partnership_set_release(builder->base_partnerships);
    builder->base = segment;
    builder->base_partnerships = partnerships;
    builder->base_number++;
    builder->base_is_stale = false;
    unlist(builder, sequence);
}

static void make_base(struct match_builder *builder)
{
    struct owner_list owners = list_owners(builder, true);
    const struct segment *segment = make_segment(builder, &owners);
    free(owners.items);
    struct arena *arena = arena_new(0);
    uint32_t count;
    const struct partnership_entry **entries = gather_all(builder, arena, &count);
    builder_set_base(builder, segment, partnership_set_of_base(arena, entries, count, segment),
                     builder->sequence);
}

/* ---- publishing ---- */

static const char *const *moved_ids(const struct owner_list *owners)
{
    const char **ids = heap_alloc((owners->count + 1) * sizeof *ids);
    for (size_t i = 0; i < owners->count; i++)
        ids[i] = owners->items[i]->id;
    return ids;
}

static const char *const *moved_partnership_ids(const struct match_builder *builder)
{
    const char **ids = heap_alloc((builder->changed_partnership_count + 1) * sizeof *ids);
    for (size_t i = 0; i < builder->changed_partnership_count; i++)
        ids[i] = builder->changed_partnerships[i].id;
    return ids;
}

static struct match_index *make_index(struct match_builder *builder)
{
    struct owner_list owners = list_owners(builder, false);
    struct segment *delta = make_segment(builder, &owners);
    struct arena *arena = arena_new(0);
    uint32_t count;
    const struct partnership_entry **entries = gather_changed(builder, arena, &count);
    struct partnership_set *partnerships =
        partnership_set_of_delta(arena, entries, count, builder->base, builder->base_partnerships, delta);
    struct index_parts parts = {
        .vocabulary = builder->vocabulary,
        .concepts = builder->concepts,
        .segments = {builder->base, delta},
        .partnerships = {builder->base_partnerships, partnerships},
        .needs = need_book_publish(builder->needs, builder->base, builder->base_number),
        .moved_organisations = moved_ids(&owners),
        .moved_organisation_count = owners.count,
        .moved_partnerships = moved_partnership_ids(builder),
        .moved_partnership_count = builder->changed_partnership_count,
    };
    struct match_index *index = index_new(&parts);
    segment_release(delta);
    partnership_set_release(partnerships);
    free((void *)(uintptr_t)parts.moved_organisations);
    free((void *)(uintptr_t)parts.moved_partnerships);
    free(owners.items);
    return index;
}

struct match_index *match_builder_publish(struct match_builder *builder)
{
    if (!builder->base || builder->base_is_stale ||
        builder->changed_owners.count > builder->base->organisation_count)
        make_base(builder);
    struct match_index *index = make_index(builder);
    match_index_release(builder->last);
    builder->last = match_index_acquire(index);
    builder->sequence++;
    return index;
}
