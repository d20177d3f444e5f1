#include "match/partnership_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/owners.h"

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

static uint32_t sort_distinct(uint32_t *items, uint32_t count)
{
    uint32_t distinct = 0;
    qsort(items, count, sizeof *items, compare_numbers);
    for (uint32_t i = 0; i < count; i++)
        if (!distinct || items[distinct - 1] != items[i])
            items[distinct++] = items[i];
    return distinct;
}

static struct partnership_set *set_new(struct arena *arena, const struct partnership_entry **entries,
                                       uint32_t count)
{
    struct partnership_set *set = heap_zalloc(sizeof *set);
    atomic_init(&set->references, 1);
    set->arena = arena;
    set->entries = entries;
    set->count = count;
    set->table = id_table_make(arena, (const struct entry *const *)entries, count, NULL, 0);
    text_map_init(&set->outside);
    return set;
}

static void read_parties(struct partnership_set *set, partnership_node_fn node_of, void *context)
{
    size_t total = 0;
    for (uint32_t i = 0; i < set->count; i++)
        total += set->entries[i]->organisation_ids.count;
    set->items = arena_array(set->arena, set->count, sizeof *set->items);
    set->parties = arena_array(set->arena, total, sizeof *set->parties);
    uint32_t at = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        const struct partnership_entry *entry = set->entries[i];
        uint32_t count = 0;
        for (uint32_t j = 0; j < entry->organisation_ids.count; j++) {
            uint32_t node = node_of(context, entry->organisation_ids.items[j]);
            if (node != PLACE_NONE)
                set->parties[at + count++] = node;
        }
        count = sort_distinct(set->parties + at, count);
        set->items[i] = (struct partnership){entry->since, entry->until, entry->mobilities, at, count};
        at += count;
    }
}

static uint32_t row_of(const struct partnership_set *set, uint32_t node)
{
    if (!set->nodes)
        return node < set->row_count ? node : PLACE_NONE;
    const uint32_t *found =
        set->row_count ? bsearch(&node, set->nodes, set->row_count, sizeof node, compare_numbers) : NULL;
    return found ? (uint32_t)(found - set->nodes) : PLACE_NONE;
}

/* Rows are numbered: each gets its list. */
static void list_by_row(struct partnership_set *set, size_t total)
{
    uint32_t *first = set->first = arena_array(set->arena, (size_t)set->row_count + 2, sizeof *first);
    set->of_node = arena_array(set->arena, total, sizeof *set->of_node);
    for (size_t i = 0; i < total; i++)
        first[row_of(set, set->parties[i]) + 2]++;
    for (uint32_t row = 0; row < set->row_count; row++)
        first[row + 2] += first[row + 1];
    for (uint32_t i = 0; i < set->count; i++)
        for (uint32_t j = 0; j < set->items[i].count; j++)
            set->of_node[first[row_of(set, set->parties[set->items[i].first + j]) + 1]++] = i;
}

static size_t party_total(const struct partnership_set *set)
{
    return set->count ? (size_t)set->items[set->count - 1].first + set->items[set->count - 1].count : 0;
}

struct lookup {
    struct partnership_set *set;
    const struct segment *segment, *delta;
    const struct partnership_set *base;
};

static uint32_t node_in_base(void *context, const char *id)
{
    struct lookup *lookup = context;
    uint32_t place = segment_find_organisation(lookup->segment, id);
    if (place == PLACE_NONE)
        place = text_map_get(&lookup->set->outside, id);
    if (place == TEXT_MAP_NONE) {
        place = lookup->set->node_count++;
        text_map_set(&lookup->set->outside, id, place); /* the id is the entry's, which lives as long */
    }
    return place;
}

struct partnership_set *partnership_set_of_base(struct arena *arena, const struct partnership_entry **entries,
                                                uint32_t count, const struct segment *segment)
{
    struct partnership_set *set = set_new(arena, entries, count);
    set->node_count = segment->organisation_count;
    struct lookup lookup = {.set = set, .segment = segment};
    read_parties(set, node_in_base, &lookup);
    set->row_count = set->node_count;
    list_by_row(set, party_total(set));
    set->bytes = arena_used(arena);
    return set;
}

static uint32_t node_in_delta(void *context, const char *id)
{
    const struct lookup *lookup = context;
    uint32_t node = partnership_set_node(lookup->base, lookup->segment, id);
    if (node != PLACE_NONE)
        return node;
    uint32_t place = segment_find_organisation(lookup->delta, id);
    return place == PLACE_NONE ? PLACE_NONE : lookup->base->node_count + place;
}

struct partnership_set *partnership_set_of_delta(struct arena *arena,
                                                 const struct partnership_entry **entries, uint32_t count,
                                                 const struct segment *base_segment,
                                                 const struct partnership_set *base,
                                                 const struct segment *delta_segment)
{
    struct partnership_set *set = set_new(arena, entries, count);
    struct lookup lookup = {.segment = base_segment, .delta = delta_segment, .base = base};
    read_parties(set, node_in_delta, &lookup);
    size_t total = party_total(set);
    set->nodes = arena_array(arena, total + 1, sizeof *set->nodes);
    if (total)
        memcpy(set->nodes, set->parties, total * sizeof *set->nodes);
    set->row_count = sort_distinct(set->nodes, (uint32_t)total);
    list_by_row(set, total);
    set->bytes = arena_used(arena);
    return set;
}

const struct partnership_set *partnership_set_acquire(const struct partnership_set *set)
{
    owners_add(&set->references);
    return set;
}

void partnership_set_release(const struct partnership_set *set)
{
    struct partnership_set *own = (struct partnership_set *)(uintptr_t)set;
    if (!own || !owners_drop(&own->references))
        return;
    entries_release((const struct entry *const *)own->entries, own->count);
    text_map_fini(&own->outside);
    arena_free(own->arena);
    free(own);
}

uint32_t partnership_set_node(const struct partnership_set *base, const struct segment *segment,
                              const char *id)
{
    uint32_t place = segment_find_organisation(segment, id);
    return place != PLACE_NONE ? place : text_map_get(&base->outside, id);
}

uint32_t partnership_set_find(const struct partnership_set *set, const char *id)
{
    return id_table_find(&set->table, (const struct entry *const *)set->entries, set->count, NULL, id);
}

uint32_t partnership_set_of(const struct partnership_set *set, uint32_t node, const uint32_t **ret_numbers)
{
    uint32_t row = row_of(set, node);
    if (row == PLACE_NONE)
        return 0;
    *ret_numbers = set->of_node + set->first[row];
    return set->first[row + 1] - set->first[row];
}
