#include "match/index_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/number.h"
#include "match/pair.h"
#include "partner/v1/types.pb-c.h"

static void *array(const struct match_index *index, size_t count, size_t bytes)
{
    return arena_array(index->arena, count, bytes);
}

/* ---- ids ---- */

static struct id_table id_table_make(const struct match_index *index, const struct entry *const *entries,
                                     uint32_t count)
{
    uint32_t size = 16;
    while (size < count * 2)
        size *= 2;
    uint32_t *rows = arena_alloc(index->arena, size * sizeof *rows);
    memset(rows, 0xff, size * sizeof *rows);
    for (uint32_t place = 0; place < count; place++) {
        uint32_t row = (uint32_t)entries[place]->hash & (size - 1);
        while (rows[row] != PLACE_NONE)
            row = (row + 1) & (size - 1);
        rows[row] = place;
    }
    return (struct id_table){size - 1, rows};
}

/* ---- slots ---- */

/* Offers are in the order of organisations: walks both at once and says where each offer's organisation is. */
static void count_offers(struct match_index *index)
{
    index->offers_of = array(index, index->organisation_count, sizeof *index->offers_of);
    index->offer_slot = array(index, index->all_offers_count, sizeof *index->offer_slot);
    uint32_t place = 0;
    for (uint32_t i = 0; i < index->all_offers_count; i++) {
        int order = -1;
        while (place < index->organisation_count &&
               (order = strcmp(index->organisations[place]->entry.id, index->offers[i]->organisation_id)) < 0)
            place++;
        index->offer_slot[i] = place < index->organisation_count && order == 0 ? place : SLOT_NONE;
        if (index->offer_slot[i] == SLOT_NONE)
            continue;
        index->offers_of[place]++;
        index->offer_count++;
    }
}

static bool body_has_offers(const struct match_index *index, uint32_t body)
{
    for (uint32_t i = index->bodies.first[body]; i < index->bodies.first[body + 1]; i++)
        if (index->offers_of[index->bodies.members[i]])
            return true;
    return false;
}

/* Slots in order: offer_slot holds the organisation until its slot takes the place. */
static void place_slots(struct match_index *index)
{
    size_t most = (size_t)index->all_offers_count + index->organisation_count;
    index->first_slot = array(index, (size_t)index->organisation_count + 1, sizeof *index->first_slot);
    index->slot_offer = array(index, most, sizeof *index->slot_offer);
    index->slot_organisation = array(index, most, sizeof *index->slot_organisation);
    uint32_t offer = 0, slot = 0;
    for (uint32_t place = 0; place < index->organisation_count; place++) {
        index->first_slot[place] = slot;
        uint32_t end = slot + index->offers_of[place];
        while (slot < end) {
            if (index->offer_slot[offer] == place) {
                index->offer_slot[offer] = slot;
                index->slot_offer[slot] = index->offers[offer];
                index->slot_organisation[slot++] = place;
            }
            offer++;
        }
        if (!index->offers_of[place] && !body_has_offers(index, index->bodies.of_organisation[place]))
            index->slot_organisation[slot++] = place;
    }
    index->first_slot[index->organisation_count] = index->slot_count = slot;
}

/* Each member's place in its body's order of preference; members are few. */
static void prefer(struct match_index *index)
{
    const struct bodies *bodies = &index->bodies;
    index->preference = array(index, index->organisation_count, sizeof *index->preference);
    for (uint32_t body = 0; body < bodies->count; body++)
        for (uint32_t i = bodies->first[body]; i < bodies->first[body + 1]; i++)
            for (uint32_t j = bodies->first[body]; j < bodies->first[body + 1]; j++) {
                uint32_t own = bodies->members[i], other = bodies->members[j];
                index->preference[own] += index->offers_of[other] > index->offers_of[own] ||
                                          (index->offers_of[other] == index->offers_of[own] && other < own);
            }
}

static void list_same_as(struct match_index *index)
{
    const struct bodies *bodies = &index->bodies;
    index->same_as = array(index, index->organisation_count, sizeof *index->same_as);
    for (uint32_t body = 0; body < bodies->count; body++) {
        uint32_t count = bodies->first[body + 1] - bodies->first[body];
        const uint32_t *members = bodies->members + bodies->first[body];
        for (uint32_t i = 0; count > 1 && i < count; i++) {
            const char **ids = array(index, count - 1, sizeof *ids);
            for (uint32_t j = 0, k = 0; j < count; j++)
                if (j != i)
                    ids[k++] = index->organisations[members[j]]->entry.id;
            index->same_as[members[i]] = ids;
        }
    }
}

/* ---- columns and postings ---- */

const struct spoken_list *index_slot_languages(const struct match_index *index, uint32_t slot)
{
    const struct offer_entry *offer = index->slot_offer[slot];
    return offer && offer->languages.count ? &offer->languages : &index_slot_host(index, slot)->languages;
}

/* The attributes' pairs while they are gathered. */
struct gathering {
    struct posting_pairs country, under, exact, language, eqf, mode;
};

/* A pair once: a slot's values are few. */
static void add_once(struct posting_pairs *pairs, uint32_t value, uint32_t slot)
{
    for (size_t i = pairs->count; i > 0 && pairs->items[i - 1].slot == slot; i--)
        if (pairs->items[i - 1].value == value)
            return;
    posting_pairs_add(pairs, value, slot);
}

static void gather_sectors(struct gathering *all, struct numbers list, uint32_t slot)
{
    for (uint32_t i = 0; i < list.count; i++) {
        posting_pairs_add(&all->exact, list.items[i], slot);
        for (unsigned digits = 2; digits <= number_sector_digits(list.items[i]); digits++)
            add_once(&all->under, number_sector_prefix(list.items[i], digits), slot);
    }
}

static void gather_bits(struct posting_pairs *pairs, uint32_t bits, uint32_t slot)
{
    for (; bits; bits &= bits - 1)
        posting_pairs_add(pairs, (uint32_t)__builtin_ctz(bits), slot);
}

static void fill_columns(struct match_index *index, uint32_t slot)
{
    const struct offer_entry *offer = index->slot_offer[slot];
    index->themes[slot] = (uint8_t)index_slot_host(index, slot)->themes;
    index->valid_until[slot] = INT32_MAX;
    if (!offer)
        return;
    index->themes[slot] |= (uint8_t)offer->themes;
    index->valid_until[slot] = offer->valid_until;
    index->min_days[slot] = (uint16_t)offer->min_days;
    index->max_days[slot] = (uint16_t)offer->max_days;
    index->recognition[slot] = offer->recognition;
}

static void gather_slot(struct match_index *index, struct gathering *all, uint32_t slot)
{
    const struct organisation_entry *host = index_slot_host(index, slot);
    const struct offer_entry *offer = index->slot_offer[slot];
    const struct spoken_list *languages = index_slot_languages(index, slot);
    uint32_t body = index->bodies.of_organisation[index->slot_organisation[slot]];

    if (pair_role_hosts(host->roles))
        bits_set(index->host_role, slot);
    if (index->bodies.first[body + 1] - index->bodies.first[body] > 1)
        bits_set(index->several_records, slot);
    if (host->country)
        posting_pairs_add(&all->country, host->country, slot);
    gather_sectors(all, index_slot_sectors(index, slot), slot);
    if (!languages->count)
        bits_set(index->no_language, slot);
    for (uint32_t i = 0; i < languages->count; i++)
        add_once(&all->language, languages->items[i].language * LEVEL_VALUES + languages->items[i].level,
                 slot);
    gather_bits(&all->eqf, offer && offer->eqf_levels ? offer->eqf_levels : 1, slot);
    gather_bits(&all->mode,
                offer && offer->modes ? offer->modes : number_bit(PARTNER__V1__MODE__MODE_PHYSICAL), slot);
}

/* Entries lie anywhere in memory, so those to come are fetched ahead. */
enum { FETCH_AHEAD = 6, CACHE_LINE_BYTES = 64, LIST_BYTES = 256 };

static void fetch(const void *entry, size_t bytes)
{
    for (size_t byte = 0; byte < bytes; byte += CACHE_LINE_BYTES)
        __builtin_prefetch((const char *)entry + byte);
}

static void fetch_ahead(const struct match_index *index, uint32_t slot)
{
    uint32_t ahead = slot + FETCH_AHEAD;
    if (ahead >= index->slot_count)
        return;
    fetch(index_slot_host(index, ahead), sizeof(struct organisation_entry));
    if (index->slot_offer[ahead])
        fetch(index->slot_offer[ahead], sizeof(struct offer_entry) + LIST_BYTES);
}

static const struct numbers *offered_sectors(const struct match_index *index, uint32_t slot)
{
    const struct offer_entry *offer = index->slot_offer[slot];
    return offer && offer->sectors.count ? &offer->sectors : &index_slot_host(index, slot)->sectors;
}

static void count_lists(struct match_index *index)
{
    size_t first_count = (size_t)index->slot_count + 1;
    index->concept_first = array(index, first_count, sizeof *index->concept_first);
    index->sector_first = array(index, first_count, sizeof *index->sector_first);
    index->window_first = array(index, first_count, sizeof *index->window_first);
    for (uint32_t slot = 0; slot < index->slot_count; slot++) {
        fetch_ahead(index, slot);
        const struct offer_entry *offer = index->slot_offer[slot];
        index->concept_first[slot + 1] = index->concept_first[slot] + (offer ? offer->concepts.count : 0);
        index->sector_first[slot + 1] = index->sector_first[slot] + offered_sectors(index, slot)->count;
        index->window_first[slot + 1] = index->window_first[slot] + (offer ? offer->windows.count : 0);
    }
}

static void copy_list(void *to, const void *from, size_t count, size_t bytes)
{
    if (count)
        memcpy(to, from, count * bytes);
}

static void make_lists(struct match_index *index)
{
    count_lists(index);
    uint32_t slots = index->slot_count;
    index->concepts = arena_alloc(index->arena, index->concept_first[slots] * sizeof *index->concepts);
    index->sectors = arena_alloc(index->arena, index->sector_first[slots] * sizeof *index->sectors);
    index->windows = arena_alloc(index->arena, index->window_first[slots] * sizeof *index->windows);
}

static void fill_lists(struct match_index *index, uint32_t slot)
{
    const struct offer_entry *offer = index->slot_offer[slot];
    const struct numbers *sectors = offered_sectors(index, slot);
    copy_list(index->sectors + index->sector_first[slot], sectors->items, sectors->count,
              sizeof *index->sectors);
    if (!offer)
        return;
    copy_list(index->concepts + index->concept_first[slot], offer->concepts.items, offer->concepts.count,
              sizeof *index->concepts);
    copy_list(index->windows + index->window_first[slot], offer->windows.items, offer->windows.count,
              sizeof *index->windows);
}

static void make_tables(struct match_index *index, struct gathering *all)
{
    const struct {
        struct posting_table *table;
        struct posting_pairs *pairs;
        uint32_t values;
    } rows[] = {
        {&index->country, &all->country, COUNTRY_VALUES},
        {&index->sector_under, &all->under, SECTOR_VALUES},
        {&index->sector_exact, &all->exact, SECTOR_VALUES},
        {&index->language, &all->language, LANGUAGE_VALUES * LEVEL_VALUES},
        {&index->eqf, &all->eqf, 32},
        {&index->mode, &all->mode, 32},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i].table = posting_table_make(index->arena, rows[i].pairs, rows[i].values, index->slot_count);
        posting_pairs_fini(rows[i].pairs);
    }
    index->concept = posting_table_of_lists(index->arena, index->concept_first, index->concepts,
                                            index->names.limit, index->slot_count);
}

static void make_columns(struct match_index *index)
{
    size_t words = bits_words(index->slot_count);
    index->min_days = array(index, index->slot_count, sizeof *index->min_days);
    index->max_days = array(index, index->slot_count, sizeof *index->max_days);
    index->valid_until = array(index, index->slot_count, sizeof *index->valid_until);
    index->themes = array(index, index->slot_count, sizeof *index->themes);
    index->recognition = array(index, index->slot_count, sizeof *index->recognition);
    index->host_role = array(index, words, sizeof *index->host_role);
    index->several_records = array(index, words, sizeof *index->several_records);
    index->no_language = array(index, words, sizeof *index->no_language);
    struct gathering all = {0};
    make_lists(index);
    for (uint32_t slot = 0; slot < index->slot_count; slot++) {
        fetch_ahead(index, slot);
        fill_lists(index, slot);
        fill_columns(index, slot);
        gather_slot(index, &all, slot);
    }
    make_tables(index, &all);
}

/* ---- partnerships ---- */

static int compare_places(const void *left, const void *right)
{
    uint32_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* Writes the parties that are there, ascending and distinct; returns how many. */
static uint32_t find_parties(const struct match_index *index, const struct partnership_entry *entry,
                             uint32_t *parties)
{
    uint32_t count = 0, distinct = 0;
    for (uint32_t i = 0; i < entry->organisation_ids.count; i++) {
        uint32_t place = index_find_organisation(index, entry->organisation_ids.items[i]);
        if (place != PLACE_NONE)
            parties[count++] = place;
    }
    qsort(parties, count, sizeof *parties, compare_places);
    for (uint32_t i = 0; i < count; i++)
        if (!distinct || parties[distinct - 1] != parties[i])
            parties[distinct++] = parties[i];
    return distinct;
}

/* Calls for each distinct body of a partnership: counts it, or puts the partnership into its list. */
static void add_to_bodies(struct match_index *index, uint32_t number, uint32_t *last_seen, uint32_t *next,
                          bool count_only)
{
    const struct partnership *partnership = &index->partnerships[number];
    for (uint32_t i = 0; i < partnership->count; i++) {
        uint32_t body = index->bodies.of_organisation[index->partnership_parties[partnership->first + i]];
        if (last_seen[body] == number + 1)
            continue;
        last_seen[body] = number + 1;
        if (count_only)
            next[body + 2]++;
        else
            index->body_partnerships[next[body + 1]++] = number;
    }
}

static void make_partnerships(struct match_index *index)
{
    size_t total = 0;
    for (uint32_t i = 0; i < index->partnership_count; i++)
        total += index->partnership_entries[i]->organisation_ids.count;
    index->partnerships = array(index, index->partnership_count, sizeof *index->partnerships);
    index->partnership_parties = arena_alloc(index->arena, total * sizeof *index->partnership_parties);
    uint32_t at = 0;
    for (uint32_t i = 0; i < index->partnership_count; i++) {
        const struct partnership_entry *entry = index->partnership_entries[i];
        uint32_t count = find_parties(index, entry, index->partnership_parties + at);
        index->partnerships[i] =
            (struct partnership){entry->since, entry->until, entry->mobilities, at, count};
        at += count;
    }
    uint32_t bodies = index->bodies.count;
    uint32_t *next = array(index, (size_t)bodies + 2, sizeof *next); /* as in bodies_make */
    uint32_t *last_seen = heap_zalloc(bodies * sizeof *last_seen);
    index->body_partnership_first = next;
    for (uint32_t i = 0; i < index->partnership_count; i++)
        add_to_bodies(index, i, last_seen, next, true);
    for (uint32_t body = 0; body < bodies; body++)
        next[body + 2] += next[body + 1];
    index->body_partnerships = arena_alloc(index->arena, (at ? at : 1) * sizeof *index->body_partnerships);
    memset(last_seen, 0, bodies * sizeof *last_seen);
    for (uint32_t i = 0; i < index->partnership_count; i++)
        add_to_bodies(index, i, last_seen, next, false);
    free(last_seen);
}

void index_layout(struct match_index *index, const struct identifier_book *book)
{
    index->organisation_table =
        id_table_make(index, (const struct entry *const *)index->organisations, index->organisation_count);
    index->offer_table =
        id_table_make(index, (const struct entry *const *)index->offers, index->all_offers_count);
    index->need_table = id_table_make(index, (const struct entry *const *)index->needs, index->need_count);
    bodies_make(&index->bodies, index->arena, book, index->organisation_count);
    count_offers(index);
    place_slots(index);
    prefer(index);
    list_same_as(index);
    make_columns(index);
    make_partnerships(index);
}
