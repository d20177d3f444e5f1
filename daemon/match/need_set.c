#include "match/need_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/owners.h"
#include "match/bits.h"
#include "match/number.h"
#include "match/pair.h"

/* ---- sets ---- */

struct gathering {
    struct posting_pairs under, exact, country, language, eqf, mode;
};

/* A pair once: a need's values are few. */
static void add_once(struct posting_pairs *pairs, uint32_t value, uint32_t row)
{
    for (size_t i = pairs->count; i > 0 && pairs->items[i - 1].slot == row; i--)
        if (pairs->items[i - 1].value == value)
            return;
    posting_pairs_add(pairs, value, row);
}

static void gather_sectors(struct gathering *all, struct numbers list, uint32_t row)
{
    if (!list.count)
        posting_pairs_add(&all->exact, 0, row);
    for (uint32_t i = 0; i < list.count; i++) {
        posting_pairs_add(&all->exact, list.items[i], row);
        for (unsigned digits = 2; digits <= number_sector_digits(list.items[i]); digits++)
            add_once(&all->under, number_sector_prefix(list.items[i], digits), row);
    }
}

static void gather_row(struct gathering *all, const struct need_facts *facts, uint32_t row)
{
    gather_sectors(all, facts->sectors, row);
    if (!facts->countries.count)
        posting_pairs_add(&all->country, 0, row);
    for (uint32_t i = 0; i < facts->countries.count; i++)
        posting_pairs_add(&all->country, facts->countries.items[i], row);
    if (!facts->languages.count)
        posting_pairs_add(&all->language, 0, row);
    for (uint32_t i = 0; i < facts->languages.count; i++)
        add_once(&all->language,
                 facts->languages.items[i].language * LEVEL_VALUES + facts->languages.items[i].level, row);
    posting_pairs_add(&all->eqf, facts->eqf_level, row);
    if (!facts->modes)
        posting_pairs_add(&all->mode, 0, row);
    for (uint32_t modes = facts->modes; modes; modes &= modes - 1)
        posting_pairs_add(&all->mode, (uint32_t)__builtin_ctz(modes), row);
}

static void make_tables(struct need_set *set)
{
    struct gathering all = {0};
    if (!set->count)
        return; /* empty tables answer for every value */
    for (uint32_t row = 0; row < set->count; row++)
        gather_row(&all, &set->facts[row], row);
    const struct {
        struct posting_table *table;
        struct posting_pairs *pairs;
        uint32_t values;
    } rows[] = {
        {&set->country, &all.country, COUNTRY_VALUES},
        {&set->sector_under, &all.under, SECTOR_VALUES},
        {&set->sector_exact, &all.exact, SECTOR_VALUES},
        {&set->language, &all.language, LANGUAGE_VALUES * LEVEL_VALUES},
        {&set->eqf, &all.eqf, 32},
        {&set->mode, &all.mode, 32},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i].table = posting_table_make(set->arena, rows[i].pairs, rows[i].values, set->count);
        posting_pairs_fini(rows[i].pairs);
    }
}

static struct need_brief brief_of(const struct need_facts *facts, uint32_t owner)
{
    bool group = facts->learners > 0 || facts->max_absent > 0;
    struct need_brief brief = {
        .owner = owner,
        .min_days = facts->min_days,
        .max_days = facts->max_days,
        .start = facts->start,
        .end = facts->end,
        .valid_until = facts->valid_until,
        .places = group ? pair_places(facts->learners, facts->max_absent) : 0,
        .themes = (uint16_t)facts->themes,
        .asks = facts->regions.count ? NEED_ASKS_REGIONS : 0,
    };
    for (uint32_t i = 0; i < facts->wanted.count; i++)
        brief.asks |= facts->wanted.items[i].essential ? NEED_ASKS_ESSENTIALS : 0;
    return brief;
}

static void number_owners(struct need_set *set)
{
    struct text_map map;
    text_map_init(&map);
    for (uint32_t row = 0; row < set->count; row++) {
        const char *id = set->needs[row]->organisation_id;
        uint32_t owner = text_map_get(&map, id);
        if (owner == TEXT_MAP_NONE) {
            owner = set->owner_count++;
            set->owner_ids[owner] = id;
            text_map_set(&map, id, owner);
        }
        set->briefs[row] = brief_of(&set->facts[row], owner);
    }
    text_map_fini(&map);
}

static void gather_lists(struct need_set *set)
{
    set->wanted_first = arena_array(set->arena, (size_t)set->count + 1, sizeof *set->wanted_first);
    set->sector_first = arena_array(set->arena, (size_t)set->count + 1, sizeof *set->sector_first);
    for (uint32_t row = 0; row < set->count; row++) {
        set->wanted_first[row + 1] = set->wanted_first[row] + set->facts[row].wanted.count;
        set->sector_first[row + 1] = set->sector_first[row] + set->facts[row].sectors.count;
    }
    set->wanted = arena_array(set->arena, set->wanted_first[set->count], sizeof *set->wanted);
    set->sectors = arena_array(set->arena, set->sector_first[set->count], sizeof *set->sectors);
    for (uint32_t row = 0; row < set->count; row++) {
        const struct need_facts *facts = &set->facts[row];
        for (uint32_t i = 0; i < facts->wanted.count; i++)
        set->wanted[set->wanted_first[row] + i] = facts->wanted.items[i].concept;
        for (uint32_t i = 0; i < facts->sectors.count; i++)
            set->sectors[set->sector_first[row] + i] = facts->sectors.items[i];
    }
}

static void find_owners(struct need_set *set, const struct segment *base,
                        const struct partnership_set *partnerships)
{
    set->owners = arena_array(set->arena, set->owner_count, sizeof *set->owners);
    set->bodies = arena_array(set->arena, set->owner_count, sizeof *set->bodies);
    need_owners_find(set->owners, set->owner_ids, set->owner_count, base, partnerships, set->bodies,
                     &set->body_count);
}

struct need_set *need_set_new(struct arena *arena, const struct need_entry **needs, uint32_t count,
                              const struct segment *base, const struct partnership_set *partnerships)
{
    struct need_set *set = heap_zalloc(sizeof *set);
    atomic_init(&set->references, 1);
    set->arena = arena;
    set->count = count;
    set->needs = needs;
    set->table = id_table_make(arena, (const struct entry *const *)needs, count, NULL, 0);
    set->facts = arena_array(arena, count, sizeof *set->facts);
    set->briefs = arena_array(arena, count, sizeof *set->briefs);
    set->owner_ids = arena_array(arena, count, sizeof *set->owner_ids);
    for (uint32_t row = 0; row < count; row++) {
        if (row + SEGMENT_FETCH_AHEAD < count)
            segment_fetch(needs[row + SEGMENT_FETCH_AHEAD], sizeof(struct need_entry) + SEGMENT_FETCH_LISTS);
        set->facts[row] = needs[row]->facts;
    }
    gather_lists(set);
    number_owners(set);
    if (base)
        find_owners(set, base, partnerships);
    make_tables(set);
    set->bytes = arena_used(arena);
    return set;
}

const struct need_set *need_set_acquire(const struct need_set *set)
{
    owners_add(&set->references);
    return set;
}

void need_set_release(const struct need_set *set)
{
    struct need_set *own = (struct need_set *)(uintptr_t)set;
    if (!own || !owners_drop(&own->references))
        return;
    entries_release((const struct entry *const *)own->needs, own->count);
    arena_free(own->arena);
    free(own);
}

uint32_t need_set_find(const struct need_set *set, const char *id)
{
    return set->count
               ? id_table_find(&set->table, (const struct entry *const *)set->needs, set->count, NULL, id)
               : PLACE_NONE;
}

/* ---- views ---- */

static struct need_part part_of(const struct need_set *set)
{
    size_t words = bits_words(set->count);
    struct need_part part = {.set = set, .live = heap_alloc((words + 1) * sizeof(uint64_t))};
    memset(part.live, 0xff, words * sizeof(uint64_t));
    if (set->count % 64)
        part.live[words - 1] = ((uint64_t)1 << set->count % 64) - 1;
    return part;
}

static struct need_part copy_of(const struct need_part *part)
{
    size_t bytes = (bits_words(part->set->count) + 1) * sizeof *part->live;
    return (struct need_part){need_set_acquire(part->set), memcpy(heap_alloc(bytes), part->live, bytes)};
}

struct need_view *need_view_new(const struct need_view *below, const char *const *replaced,
                                uint32_t replaced_count, const struct need_set *set)
{
    struct need_view *view = heap_zalloc(sizeof *view);
    atomic_init(&view->references, 1);
    for (; below && view->count < below->count; view->count++) {
        struct need_part *part = &view->parts[view->count];
        *part = copy_of(&below->parts[view->count]);
        for (uint32_t i = 0; i < replaced_count; i++) {
            uint32_t row = need_set_find(part->set, replaced[i]);
            if (row != PLACE_NONE)
                bits_clear(part->live, row);
        }
    }
    view->parts[view->count++] = part_of(set);
    return view;
}

const struct need_entry *need_view_find(const struct need_view *view, const char *id)
{
    for (int i = 0; i < view->count; i++) {
        uint32_t row = need_set_find(view->parts[i].set, id);
        if (row != PLACE_NONE && bits_has(view->parts[i].live, row))
            return view->parts[i].set->needs[row];
    }
    return NULL;
}

struct need_view *need_view_acquire(struct need_view *view)
{
    owners_add(&view->references);
    return view;
}

void need_view_release(struct need_view *view)
{
    if (!view || !owners_drop(&view->references))
        return;
    for (int i = 0; i < view->count; i++) {
        need_set_release(view->parts[i].set);
        free(view->parts[i].live);
    }
    free(view);
}
