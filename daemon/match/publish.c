#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/builder.h"

/* ---- what changed since the base ---- */

static int compare_owners(const void *left, const void *right)
{
    const struct overlay_owner *const *a = left, *const *b = right;
    return strcmp((*a)->id, (*b)->id);
}

/* Owners in the order of their ids. */
static const struct overlay_owner **list_owners(const struct overlay *overlay)
{
    const struct overlay_owner **owners = heap_alloc((overlay->owner_count + 1) * sizeof *owners);
    for (uint32_t i = 0; i < overlay->owner_count; i++)
        owners[i] = &overlay->owners[i];
    sort_unless_sorted(owners, overlay->owner_count, sizeof *owners, compare_owners);
    return owners;
}

/* Offers under way to a delta. */
struct offer_list {
    const struct offer_entry **items;
    uint32_t count, capacity;
};

static void add_offer(struct offer_list *list, const struct offer_entry *offer)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 256;
        list->items = heap_realloc(list->items, list->capacity * sizeof *list->items);
    }
    entry_acquire(&offer->entry);
    list->items[list->count++] = offer;
}

static void add_kept(struct offer_list *list, const struct overlay *overlay,
                     const struct overlay_owner *owner, const struct offer_entry *offer)
{
    if (!owner->lost_offers || overlay_keeps(overlay, offer->entry.id))
        add_offer(list, offer);
}

static void gather_offers(struct offer_list *list, const struct overlay *overlay,
                          const struct overlay_owner *owner)
{
    const struct segment *base = overlay->base->segment;
    uint32_t first = list->count;
    for (uint32_t row = owner->first_offer; row != OVERLAY_NONE; row = overlay->rows[row].next)
        add_offer(list, (const struct offer_entry *)overlay->rows[row].entry);
    if (owner->place != PLACE_NONE) {
        for (uint32_t i = base->first_slot[owner->place]; i < base->first_slot[owner->place + 1]; i++) {
            const struct offer_entry *offer = segment_offer(base, base->slots_of[i]);
            if (offer)
                add_kept(list, overlay, owner, offer);
        }
    } else {
        for (uint32_t i = segment_first_waiting(base, owner->id);
             i < base->waiting_count && strcmp(base->waiting[i]->organisation_id, owner->id) == 0; i++)
            add_kept(list, overlay, owner, base->waiting[i]);
    }
    sort_unless_sorted(list->items + first, list->count - first, sizeof *list->items, entry_compare);
}

static struct segment *make_delta(const struct match_builder *builder,
                                  const struct overlay_owner *const *owners)
{
    const struct overlay *overlay = &builder->overlay;
    struct segment_parts parts = {.arena = arena_new(0), .concept_limit = concepts_limit(builder->concepts)};
    struct offer_list offers = {0};
    parts.organisations = arena_array(parts.arena, overlay->owner_count, sizeof *parts.organisations);
    for (uint32_t i = 0; i < overlay->owner_count; i++) {
        if (owners[i]->organisation) {
            entry_acquire(&owners[i]->organisation->entry);
            parts.organisations[parts.organisation_count++] = owners[i]->organisation;
        }
        gather_offers(&offers, overlay, owners[i]);
    }
    segment_part_offers(&parts, offers.items, offers.count);
    free(offers.items);
    return segment_new(&parts);
}

/* ---- partnerships and needs ---- */

/* The rows' entries of a kind in order, acquired, in the arena. */
static const struct entry **list_changed(const struct overlay *overlay, struct arena *arena,
                                         enum record_kind kind, uint32_t *ret_count)
{
    const struct entry **list = arena_array(arena, overlay->other_count, sizeof *list);
    *ret_count = 0;
    for (uint32_t row = 0; row < overlay->row_count; row++) {
        const struct entry *entry = overlay->rows[row].entry;
        if (!entry || entry->kind != kind)
            continue;
        entry_acquire(entry);
        list[(*ret_count)++] = entry;
    }
    sort_unless_sorted(list, *ret_count, sizeof *list, entry_compare);
    return list;
}

/* The base's records of a kind that are no longer as they were; heap memory. */
static uint32_t *list_dead(const struct overlay *overlay, enum record_kind kind, size_t *ret_count)
{
    uint32_t *list = heap_alloc((overlay->other_count + 1) * sizeof *list);
    *ret_count = 0;
    for (uint32_t row = 0; row < overlay->row_count; row++)
        if (overlay->rows[row].base.kind == kind)
            list[(*ret_count)++] = overlay->rows[row].base.number;
    return list;
}

static struct need_view *view_needs(struct match_builder *builder)
{
    if (builder->needs && !builder->overlay.needs_changed)
        return need_view_acquire(builder->needs);
    builder->overlay.needs_changed = false;
    need_view_release(builder->needs);
    struct arena *arena = arena_new(0);
    uint32_t count;
    const struct entry **needs = list_changed(&builder->overlay, arena, RECORD_NEED, &count);
    size_t dead_count;
    uint32_t *dead = list_dead(&builder->overlay, RECORD_NEED, &dead_count);
    builder->needs = need_view_new(builder->base.needs, dead, dead_count,
                                   need_set_new(arena, (const struct need_entry **)needs, count, NULL, NULL));
    free(dead);
    return need_view_acquire(builder->needs);
}

static const struct partnership_set *make_partnerships(const struct match_builder *builder,
                                                       const struct segment *delta)
{
    struct arena *arena = arena_new(0);
    uint32_t count;
    const struct entry **entries = list_changed(&builder->overlay, arena, RECORD_PARTNERSHIP, &count);
    return partnership_set_of_delta(arena, (const struct partnership_entry **)entries, count,
                                    builder->base.segment, builder->base.partnerships, delta);
}

/* ---- publishing ---- */

static struct match_index *make_index(struct match_builder *builder)
{
    const struct overlay *overlay = &builder->overlay;
    const struct overlay_owner **owners = list_owners(overlay);
    const char **moved = heap_alloc((overlay->owner_count + 1) * sizeof *moved);
    for (uint32_t i = 0; i < overlay->owner_count; i++)
        moved[i] = owners[i]->id;
    struct segment *delta = make_delta(builder, owners);
    const struct partnership_set *partnerships = make_partnerships(builder, delta);
    struct index_parts parts = {
        .vocabulary = builder->vocabulary,
        .concepts = builder->concepts,
        .segments = {builder->base.segment, delta},
        .partnerships = {builder->base.partnerships, partnerships},
        .needs = view_needs(builder),
        .moved_organisations = moved,
        .moved_organisation_count = overlay->owner_count,
    };
    uint32_t *dead = list_dead(overlay, RECORD_PARTNERSHIP, &parts.dead_partnership_count);
    parts.dead_partnerships = dead;
    struct match_index *index = index_new(&parts);
    segment_release(delta);
    partnership_set_release(partnerships);
    free(dead);
    free(moved);
    free(owners);
    return index;
}

struct match_index *match_builder_publish(struct match_builder *builder)
{
    if (builder->base.segment && builder->overlay.owner_count > builder->base.segment->organisation_count)
        builder_drop_base(builder);
    if (!builder->base.segment)
        builder_make_base(builder);
    struct match_index *index = make_index(builder);
    match_index_release(builder->last);
    builder->last = match_index_acquire(index);
    builder->sequence++;
    return index;
}
