#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/builder.h"

/* What is fresh makes a segment with each index; now and then it is settled: what is over the base is made anew, of all that
 * changed since. An index costs what is fresh, settling all changes, each time that so many are fresh. With about eight changes
 * to an index, a row and an owner each, that is least in sum where fresh^2 = FRESH_SQUARE * all. */
enum { FRESH_SQUARE = 16, FRESH_MOST = 2048 };

static_assert((int)FRESH_MOST < (int)ORDER_UPPER_MOST, "their places have room in index_order");

/* ---- what changed ---- */

/* Since the base was made, or since the overlay was settled. */
struct changes {
    const struct overlay *overlay;
    const struct overlay_owner **owners; /* in the order of their ids */
    const char **moved;                  /* their ids */
    uint32_t owner_count;
    const struct overlay_row **others; /* rows that are or were needs or partnerships */
    const char **replaced;             /* their ids */
    uint32_t other_count;
};

static int compare_owners(const void *left, const void *right)
{
    const struct overlay_owner *const *a = left, *const *b = right;
    return strcmp((*a)->id, (*b)->id);
}

static void add_row(struct changes *changes, const struct overlay_row *row)
{
    if (!row->is_other)
        return;
    changes->others[changes->other_count] = row;
    changes->replaced[changes->other_count++] = row->id;
}

static struct changes changes_new(const struct overlay *overlay, uint32_t owners, uint32_t rows)
{
    return (struct changes){
        .overlay = overlay,
        .owners = heap_alloc((owners + 1) * sizeof(void *)),
        .moved = heap_alloc((owners + 1) * sizeof(void *)),
        .owner_count = owners,
        .others = heap_alloc((rows + 1) * sizeof(void *)),
        .replaced = heap_alloc((rows + 1) * sizeof(void *)),
    };
}

static void order_owners(struct changes *changes)
{
    sort_unless_sorted(changes->owners, changes->owner_count, sizeof(void *), compare_owners);
    for (uint32_t i = 0; i < changes->owner_count; i++)
        changes->moved[i] = changes->owners[i]->id;
}

static struct changes all_changes(const struct overlay *overlay)
{
    struct changes changes = changes_new(overlay, overlay->owner_count, overlay->row_count);
    for (uint32_t i = 0; i < overlay->owner_count; i++)
        changes.owners[i] = &overlay->owners[i];
    for (uint32_t i = 0; i < overlay->row_count; i++)
        add_row(&changes, &overlay->rows[i]);
    order_owners(&changes);
    return changes;
}

static struct changes fresh_changes(const struct overlay *overlay)
{
    const struct overlay_list *owners = &overlay->fresh_owners, *rows = &overlay->fresh_rows;
    struct changes changes = changes_new(overlay, owners->count, rows->count);
    for (uint32_t i = 0; i < owners->count; i++)
        changes.owners[i] = &overlay->owners[owners->items[i]];
    for (uint32_t i = 0; i < rows->count; i++)
        add_row(&changes, &overlay->rows[rows->items[i]]);
    order_owners(&changes);
    return changes;
}

static void changes_free(struct changes *changes)
{
    free(changes->owners);
    free(changes->moved);
    free(changes->others);
    free(changes->replaced);
}

/* ---- organisations and offers ---- */

/* Offers under way to a segment. */
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

static struct segment *make_segment(const struct match_builder *builder, const struct changes *changes)
{
    struct segment_parts parts = {.arena = arena_new(0), .concept_limit = concepts_limit(builder->concepts)};
    struct offer_list offers = {0};
    parts.organisations = arena_array(parts.arena, changes->owner_count, sizeof *parts.organisations);
    for (uint32_t i = 0; i < changes->owner_count; i++) {
        const struct organisation_entry *organisation = changes->owners[i]->organisation;
        if (organisation) {
            entry_acquire(&organisation->entry);
            parts.organisations[parts.organisation_count++] = organisation;
        }
        gather_offers(&offers, changes->overlay, changes->owners[i]);
    }
    segment_part_offers(&parts, offers.items, offers.count);
    free(offers.items);
    return segment_new(&parts);
}

/* ---- partnerships and needs ---- */

/* The entries of a kind in order, acquired, in the arena. */
static const struct entry **list_others(const struct changes *changes, struct arena *arena,
                                        enum record_kind kind, uint32_t *ret_count)
{
    const struct entry **list = arena_array(arena, changes->other_count, sizeof *list);
    *ret_count = 0;
    for (uint32_t i = 0; i < changes->other_count; i++) {
        const struct entry *entry = changes->others[i]->entry;
        if (!entry || entry->kind != kind)
            continue;
        entry_acquire(entry);
        list[(*ret_count)++] = entry;
    }
    sort_unless_sorted(list, *ret_count, sizeof *list, entry_compare);
    return list;
}

static bool touch_needs(const struct changes *changes, const struct need_view *view)
{
    for (uint32_t i = 0; i < changes->other_count; i++) {
        const struct entry *entry = changes->others[i]->entry;
        if ((entry && entry->kind == RECORD_NEED) || need_view_find(view, changes->replaced[i]))
            return true;
    }
    return false;
}

static struct need_view *view_needs(const struct changes *changes, const struct match_index *below)
{
    if (!touch_needs(changes, below->needs_view))
        return need_view_acquire(below->needs_view);
    struct arena *arena = arena_new(0);
    uint32_t count;
    const struct entry **needs = list_others(changes, arena, RECORD_NEED, &count);
    return need_view_new(below->needs_view, changes->replaced, changes->other_count,
                         need_set_new(arena, (const struct need_entry **)needs, count, NULL, NULL));
}

static const struct partnership_set *make_partnerships(const struct changes *changes,
                                                       const struct segment *segment,
                                                       const struct match_index *below)
{
    struct arena *arena = arena_new(0);
    uint32_t count;
    const struct entry **entries = list_others(changes, arena, RECORD_PARTNERSHIP, &count);
    return partnership_set_new(arena, (const struct partnership_entry **)entries, count, segment, below);
}

/* ---- publishing ---- */

static struct match_index *make_index(const struct match_builder *builder, const struct match_index *below,
                                      const struct changes *changes)
{
    const struct segment *segment = make_segment(builder, changes);
    const struct index_layer layer = {
        .below = below,
        .vocabulary = builder->vocabulary,
        .concepts = builder->concepts,
        .segment = segment,
        .partnerships = make_partnerships(changes, segment, below),
        .needs = view_needs(changes, below),
        .moved = changes->moved,
        .moved_count = changes->owner_count,
        .replaced = changes->replaced,
        .replaced_count = changes->other_count,
    };
    return index_new(&layer);
}

static struct match_index *make_base_index(const struct match_builder *builder)
{
    const struct base_set base = base_set_acquire(&builder->base);
    const struct index_layer layer = {
        .vocabulary = builder->vocabulary,
        .concepts = builder->concepts,
        .segment = base.segment,
        .partnerships = base.partnerships,
        .needs = need_view_new(NULL, NULL, 0, base.needs),
    };
    return index_new(&layer);
}

/* All that changed since the base, in one segment over it. */
static void settle(struct match_builder *builder)
{
    struct changes changes = all_changes(&builder->overlay);
    builder_retire(builder, builder->settled);
    builder->settled = make_index(builder, builder->base_index, &changes);
    changes_free(&changes);
    overlay_settle(&builder->overlay);
}

static bool wants_settling(const struct overlay *overlay)
{
    uint64_t all = (uint64_t)overlay->owner_count + overlay->row_count,
             fresh = (uint64_t)overlay->fresh_owners.count + overlay->fresh_rows.count;
    return fresh > FRESH_MOST || fresh * fresh > FRESH_SQUARE * all;
}

static struct match_index *make_newest(struct match_builder *builder)
{
    if (!builder->base_index)
        builder->base_index = make_base_index(builder);
    if (wants_settling(&builder->overlay))
        settle(builder);
    const struct match_index *below = builder->settled ? builder->settled : builder->base_index;
    if (!builder->overlay.fresh_owners.count && !builder->overlay.fresh_rows.count)
        return match_index_acquire(below);
    struct changes changes = fresh_changes(&builder->overlay);
    struct match_index *index = make_index(builder, below, &changes);
    changes_free(&changes);
    return index;
}

struct match_index *match_builder_publish(struct match_builder *builder)
{
    if (builder->base.segment && builder->overlay.owner_count > builder->base.segment->organisation_count)
        builder_drop_base(builder);
    if (!builder->base.segment)
        builder_make_base(builder);
    struct match_index *index = make_newest(builder);
    builder_retire(builder, builder->last);
    builder->last = match_index_acquire(index);
    builder_let_go(builder);
    builder->sequence++;
    return index;
}
