#include "match/partnership_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/owners.h"
#include "match/base_set.h"
#include "match/index_data.h"
#include "match/weave.h"

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

static struct partnership_set *set_of(struct arena *arena, const struct partnership_entry **entries,
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

/* The node of a party; the id is the entry's, which lives as long as the set. */
static uint32_t node_of(struct partnership_set *set, const struct segment *segment,
                        const struct match_index *below, const char *id)
{
    uint32_t node = below ? index_find_node(below, id) : PLACE_NONE;
    if (node == PLACE_NONE)
        node = partnership_set_node(set, segment, id);
    if (node == PLACE_NONE) {
        node = set->node_count++;
        text_map_set(&set->outside, id, node);
    }
    return node;
}

static size_t party_total(const struct partnership_set *set)
{
    return set->count ? (size_t)set->items[set->count - 1].first + set->items[set->count - 1].count : 0;
}

static size_t count_parties(const struct partnership_entry *const *entries, uint32_t count)
{
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += entries[i]->organisation_ids.count;
    return total;
}

/* The next partnership, whose parties are found by their ids. An entry may name one more than once, for which `parties` need not
 * have room. */
static void read_item(struct partnership_set *set, uint32_t i, uint32_t first, const struct segment *segment,
                      const struct match_index *below)
{
    const struct partnership_entry *entry = set->entries[i];
    uint32_t count = entry->organisation_ids.count;
    uint32_t *nodes = heap_alloc(((size_t)count + 1) * sizeof *nodes);
    for (uint32_t j = 0; j < count; j++)
        nodes[j] = node_of(set, segment, below, entry->organisation_ids.items[j]);
    count = sort_distinct(nodes, count);
    memcpy(set->parties + first, nodes, count * sizeof *nodes);
    free(nodes);
    set->items[i] = (struct partnership){entry->since, entry->until, entry->mobilities, first, count};
}

static void read_items(struct partnership_set *set, const struct segment *segment,
                       const struct match_index *below)
{
    set->items = arena_array(set->arena, set->count, sizeof *set->items);
    set->parties = arena_array(set->arena, count_parties(set->entries, set->count), sizeof *set->parties);
    for (uint32_t i = 0, first = 0; i < set->count; first += set->items[i++].count)
        read_item(set, i, first, segment, below);
}

static uint32_t row_of(const struct partnership_set *set, uint32_t node)
{
    if (!set->nodes)
        return node < set->row_count ? node : PLACE_NONE;
    uint32_t first = 0;
    for (uint32_t count = set->row_count; count > 1; count -= count / 2)
        first += set->nodes[first + count / 2] <= node ? count / 2 : 0;
    return set->row_count && set->nodes[first] == node ? first : PLACE_NONE;
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

/* Only nodes with partnerships get rows. */
static void list_nodes(struct partnership_set *set, size_t total)
{
    set->nodes = arena_array(set->arena, total + 1, sizeof *set->nodes);
    if (total)
        memcpy(set->nodes, set->parties, total * sizeof *set->nodes);
    set->row_count = sort_distinct(set->nodes, (uint32_t)total);
}

struct partnership_set *partnership_set_new(struct arena *arena, const struct partnership_entry **entries,
                                            uint32_t count, const struct segment *segment,
                                            const struct match_index *below)
{
    struct partnership_set *set = set_of(arena, entries, count);
    set->first_node = below ? below->partnerships[below->segment_count - 1]->node_count : 0;
    set->node_count = set->first_node + segment->organisation_count;
    read_items(set, segment, below);
    if (below)
        list_nodes(set, party_total(set));
    else
        set->row_count = set->node_count;
    list_by_row(set, party_total(set));
    set->bytes = arena_used(arena);
    return set;
}

/* ---- merging ---- */

/* How many of the old ones come before each of the new ones. */
static struct weave weave_entries(const struct partnership_set *old, const uint64_t *dead,
                                  const struct partnership_entry *const *new, uint32_t new_count)
{
    uint32_t *before = heap_alloc(((size_t)new_count + 1) * sizeof *before);
    const struct entry *const *entries = (const struct entry *const *)old->entries;
    for (uint32_t i = 0, at = 0; i < new_count; i++)
        before[i] = at = entries_find(entries, at, old->count, &new[i]->entry);
    struct weave weave = weave_new(old->count, dead, before, new_count);
    free(before);
    return weave;
}

/* The next partnership as the old set has it. False: not all its parties are organisations that are left. */
static bool copy_item(struct partnership_set *set, uint32_t i, uint32_t first,
                      const struct partnership_set *old, uint32_t old_i, const struct weave *organisations)
{
    const uint32_t old_places = old->node_count - (uint32_t)old->outside.count;
    const struct partnership *from = &old->items[old_i];
    for (uint32_t j = 0; j < from->count; j++) {
        uint32_t node = old->parties[from->first + j];
        uint32_t place = node < old_places ? organisations->to[WEAVE_OLD][node] : PLACE_NONE;
        if (place == PLACE_NONE)
            return false;
        set->parties[first + j] = place;
    }
    set->items[i] = *from;
    set->items[i].first = first;
    return true;
}

struct partnership_set *partnership_set_merge(const struct partnership_set *old, const uint64_t *dead,
                                              const struct partnership_entry *const *new, uint32_t new_count,
                                              const struct segment *segment,
                                              const struct weave *organisations)
{
    struct weave weave = weave_entries(old, dead, new, new_count);
    struct arena *arena = arena_new(0);
    const struct partnership_entry **entries = arena_array(arena, weave.count, sizeof *entries);
    weave_copy(&weave, entries, old->entries, new, sizeof *entries);
    entries_acquire((const struct entry *const *)entries, weave.count);
    struct partnership_set *set = set_of(arena, entries, weave.count);
    set->node_count = segment->organisation_count;
    set->items = arena_array(arena, set->count, sizeof *set->items);
    set->parties = arena_array(arena, party_total(old) + count_parties(new, new_count), sizeof *set->parties);
    uint32_t first = 0;
    for (const struct weave_run *run = weave.runs; run < weave.runs + weave.run_count; run++)
        for (uint32_t i = 0; i < run->count; first += set->items[run->to + i++].count)
            if (run->side == WEAVE_NEW ||
                !copy_item(set, run->to + i, first, old, run->from + i, organisations))
                read_item(set, run->to + i, first, segment, NULL);
    weave_free(&weave);
    set->row_count = set->node_count;
    list_by_row(set, first);
    set->bytes = arena_used(arena);
    return set;
}

/* ---- life ---- */

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

uint32_t partnership_set_node(const struct partnership_set *set, const struct segment *segment,
                              const char *id)
{
    uint32_t place = segment_find_organisation(segment, id);
    return place != PLACE_NONE ? set->first_node + place : text_map_get(&set->outside, id);
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
