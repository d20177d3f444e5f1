#include "match/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/segment.h"
#include "match/sharing.h"
#include "partner/v1/types.pb-c.h"

static void *array(const struct segment *segment, size_t count, size_t bytes)
{
    return arena_array(segment->arena, count, bytes);
}

static void fetch_ahead(const struct segment *segment, uint32_t slot)
{
    uint32_t ahead = slot + SEGMENT_FETCH_AHEAD;
    if (ahead >= segment->slot_count)
        return;
    segment_fetch(segment_host(segment, ahead), sizeof(struct organisation_entry) + 64);
    const struct offer_entry *offer = segment_offer(segment, ahead);
    if (offer)
        segment_fetch(offer, sizeof *offer + SEGMENT_FETCH_LISTS);
}

/* ---- slots ---- */

/* What stands for slots until they have their order: places of organisations and offers. */
struct draft {
    uint32_t count;
    uint32_t *organisation, *offer;
    uint32_t *key; /* what they are ordered by */
};

static bool body_has_offers(const struct segment *segment, uint32_t place, const uint32_t *offers_of)
{
    const struct several *several = bodies_find(&segment->bodies, place);
    bool any = offers_of[place] > 0;
    for (uint32_t i = 0; several && i < several->count && !any; i++)
        any = offers_of[segment->bodies.members[several->first + i]] > 0;
    return any;
}

/* By organisation and offer id. */
static struct draft draft_slots(struct segment *segment, const uint32_t *offers_of)
{
    size_t most = (size_t)segment->offer_count + segment->organisation_count;
    struct draft draft = {.organisation = heap_alloc(most * sizeof *draft.organisation),
                          .offer = heap_alloc(most * sizeof *draft.offer)};
    segment->first_slot = array(segment, (size_t)segment->organisation_count + 1, sizeof(uint32_t));
    uint32_t offer = 0;
    for (uint32_t place = 0; place < segment->organisation_count; place++) {
        segment->first_slot[place] = draft.count;
        for (uint32_t i = 0; i < offers_of[place]; i++) {
            draft.organisation[draft.count] = place;
            draft.offer[draft.count++] = offer++;
        }
        if (!offers_of[place] && !body_has_offers(segment, place, offers_of)) {
            draft.organisation[draft.count] = place;
            draft.offer[draft.count++] = PLACE_NONE;
        }
    }
    segment->first_slot[segment->organisation_count] = segment->slot_count = draft.count;
    return draft;
}

uint32_t layout_key(const struct organisation_entry *host, const struct offer_entry *offer)
{
    const struct numbers *sectors = offer && offer->sectors.count ? &offer->sectors : &host->sectors;
    uint32_t run = 10000;
    if (sectors->count) {
        char code[5];
        number_sector_code(sectors->items[0], code);
        size_t digits = strlen(code);
        run = 0;
        for (size_t i = 0; i < 4; i++)
            run = run * 10 + (i < digits ? (uint32_t)(code[i] - '0') : 0);
    }
    return run << 10 | host->country;
}

static void set_keys(const struct segment *segment, struct draft *draft)
{
    draft->key = heap_alloc(draft->count * sizeof *draft->key);
    for (uint32_t i = 0; i < draft->count; i++) {
        uint32_t ahead = i + SEGMENT_FETCH_AHEAD < draft->count ? i + SEGMENT_FETCH_AHEAD : i;
        segment_fetch(segment->organisations[draft->organisation[ahead]], sizeof(struct organisation_entry));
        if (draft->offer[ahead] != PLACE_NONE)
            segment_fetch(segment->offers[draft->offer[ahead]], sizeof(struct offer_entry));
        const struct offer_entry *offer =
            draft->offer[i] == PLACE_NONE ? NULL : segment->offers[draft->offer[i]];
        draft->key[i] = layout_key(segment->organisations[draft->organisation[i]], offer);
    }
}

/* One pass of a stable sort by some of the keys' bits. */
static void sort_by_bits(const uint32_t *key, uint32_t count, const uint32_t *from, uint32_t *to,
                         unsigned shift)
{
    enum { BITS = 12 };
    uint32_t *next = heap_zalloc(((1u << BITS) + 1) * sizeof *next);
    for (uint32_t i = 0; i < count; i++)
        next[(key[i] >> shift & ((1u << BITS) - 1)) + 1]++;
    for (uint32_t i = 0; i < 1u << BITS; i++)
        next[i + 1] += next[i];
    for (uint32_t i = 0; i < count; i++)
        to[next[key[from[i]] >> shift & ((1u << BITS) - 1)]++] = from[i];
    free(next);
}

static void place_slots(struct segment *segment, struct draft *draft)
{
    uint32_t count = draft->count;
    uint32_t *one = heap_alloc(count * sizeof *one), *other = heap_alloc(count * sizeof *other);
    set_keys(segment, draft);
    for (uint32_t i = 0; i < count; i++)
        one[i] = i;
    sort_by_bits(draft->key, count, one, other, 0);
    sort_by_bits(draft->key, count, other, one, 12);
    segment->slots_of = array(segment, count, sizeof *segment->slots_of);
    segment->slot_offer = array(segment, count, sizeof *segment->slot_offer);
    segment->slot_organisation = array(segment, count, sizeof *segment->slot_organisation);
    for (uint32_t slot = 0; slot < count; slot++) {
        segment->slots_of[one[slot]] = slot;
        segment->slot_offer[slot] = draft->offer[one[slot]];
        segment->slot_organisation[slot] = draft->organisation[one[slot]];
    }
    free(one);
    free(other);
    free(draft->key);
    free(draft->organisation);
    free(draft->offer);
}

/* ---- columns ---- */

static bool column_of_day(int32_t day, int16_t *ret_column)
{
    if (day == INT32_MIN || day == INT32_MAX) {
        *ret_column = day == INT32_MIN ? COLUMN_LEAST : COLUMN_MOST;
        return true;
    }
    if (day < DAY_MIDDLE - DAY_REACH || day >= DAY_MIDDLE + DAY_REACH)
        return false;
    *ret_column = (int16_t)(day - DAY_MIDDLE);
    return true;
}

/* False: it doesn't fit. */
static bool window_column_of(const struct window *window, struct window_column *ret_column)
{
    ret_column->places = (int16_t)(window->places < COLUMN_MOST ? window->places : COLUMN_MOST);
    return window->places < COLUMN_MOST && window->start != INT32_MAX && window->end != INT32_MIN &&
           column_of_day(window->start, &ret_column->start) && column_of_day(window->end, &ret_column->end);
}

/* The windows of slots with several, while they are gathered. */
struct several_windows {
    uint32_t *first;
    struct window_column *windows;
    size_t slot_count, window_count, slot_capacity, window_capacity;
};

static void add_several(struct several_windows *to, struct window_list windows)
{
    if (to->slot_count + 1 >= to->slot_capacity) {
        to->slot_capacity = to->slot_capacity ? to->slot_capacity * 2 : 256;
        to->first = heap_realloc(to->first, to->slot_capacity * sizeof *to->first);
    }
    if (to->window_count + windows.count > to->window_capacity) {
        to->window_capacity = to->window_capacity * 2 + windows.count;
        to->windows = heap_realloc(to->windows, to->window_capacity * sizeof *to->windows);
    }
    to->first[to->slot_count++] = (uint32_t)to->window_count;
    for (uint32_t i = 0; i < windows.count; i++)
        window_column_of(&windows.items[i], &to->windows[to->window_count++]);
}

static void list_several(struct segment *segment, struct several_windows *from)
{
    numbered_set_count(&segment->several_windows, segment->arena, bits_words(segment->slot_count));
    if (from->slot_count) {
        from->first[from->slot_count] = (uint32_t)from->window_count;
        segment->window_first =
            arena_copy(segment->arena, from->first, (from->slot_count + 1) * sizeof *from->first);
        segment->windows =
            arena_copy(segment->arena, from->windows, from->window_count * sizeof *from->windows);
    }
    free(from->first);
    free(from->windows);
}

/* False: one doesn't fit. */
static bool fill_windows(struct segment *segment, uint32_t slot, struct window_list windows,
                         struct several_windows *several)
{
    struct window_column all = {COLUMN_MOST, COLUMN_LEAST, 0}, one;
    for (uint32_t i = 0; i < windows.count; i++) {
        if (!window_column_of(&windows.items[i], &one))
            return false;
        all.start = one.start < all.start ? one.start : all.start;
        all.end = one.end > all.end ? one.end : all.end;
        all.places = one.places > all.places ? one.places : all.places;
    }
    if (!windows.count)
        return true;
    segment->window_start[slot] = all.start;
    segment->window_end[slot] = all.end;
    segment->window_places[slot] = all.places;
    if (windows.count > 1) {
        bits_set(segment->several_windows.bits, slot);
        add_several(several, windows);
    }
    return true;
}

static void fill_offer(struct segment *segment, uint32_t slot, const struct offer_entry *offer,
                       struct several_windows *several)
{
    bool fits =
        offer->valid_until != INT32_MIN && column_of_day(offer->valid_until, &segment->valid_until[slot]);
    if (!fits)
        segment->valid_until[slot] = COLUMN_MOST;
    if (offer->max_days) {
        segment->min_days[slot] = (int16_t)offer->min_days;
        segment->max_days[slot] = (int16_t)offer->max_days;
    }
    if (!fill_windows(segment, slot, offer->windows, several) || !fits)
        bits_set(segment->odd, slot);
    segment->themes[slot] |= (uint8_t)offer->themes;
    segment->recognition[slot] = offer->recognition;
    for (unsigned bit = 0; bit < RECOGNITION_BITS; bit++)
        if (offer->recognition >> bit & 1)
            bits_set(segment->recognises[bit], slot);
}

static int compare_codes(const void *left, const void *right)
{
    uint64_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* The distinct regions in order, the first few of them numbered from 1. */
static void number_regions(struct segment *segment)
{
    uint64_t *codes = heap_alloc(((size_t)segment->organisation_count + 1) * sizeof *codes);
    size_t count = 0, distinct = 0;
    for (uint32_t i = 0; i < segment->organisation_count; i++)
        if (segment->organisations[i]->region)
            codes[count++] = segment->organisations[i]->region;
    qsort(codes, count, sizeof *codes, compare_codes);
    for (size_t i = 0; i < count; i++)
        if (!distinct || codes[distinct - 1] != codes[i])
            codes[distinct++] = codes[i];
    segment->region_count = (uint32_t)(distinct < UINT16_MAX - 1 ? distinct : UINT16_MAX - 1);
    segment->region_codes = array(segment, (size_t)segment->region_count + 1, sizeof *codes);
    memcpy(segment->region_codes + 1, codes, segment->region_count * sizeof *codes);
    free(codes);
}

static uint16_t region_number(const struct segment *segment, uint64_t code)
{
    if (!code)
        return 0;
    const uint64_t *found = segment->region_count ? bsearch(&code, segment->region_codes + 1,
                                                            segment->region_count, sizeof code, compare_codes)
                                                  : NULL;
    return found ? (uint16_t)(found - segment->region_codes) : UINT16_MAX;
}

/* ---- lists ---- */

static void make_lists(struct segment *segment, uint32_t concept_limit)
{
    size_t first_count = (size_t)segment->slot_count + 1;
    segment->concept_first = array(segment, first_count, sizeof *segment->concept_first);
    segment->sector_first = array(segment, first_count, sizeof *segment->sector_first);
    for (uint32_t slot = 0; slot < segment->slot_count; slot++) {
        fetch_ahead(segment, slot);
        const struct offer_entry *offer = segment_offer(segment, slot);
        segment->concept_first[slot + 1] = segment->concept_first[slot] + (offer ? offer->concepts.count : 0);
        segment->sector_first[slot + 1] =
            segment->sector_first[slot] + segment_offered_sectors(segment, slot)->count;
    }
    size_t concepts = segment->concept_first[segment->slot_count];
    if (concept_limit <= UINT16_MAX)
        segment->concepts_short = array(segment, concepts + 1, sizeof *segment->concepts_short);
    else
        segment->concepts_long = array(segment, concepts + 1, sizeof *segment->concepts_long);
    segment->sectors =
        array(segment, (size_t)segment->sector_first[segment->slot_count] + 1, sizeof *segment->sectors);
}

static void fill_lists(struct segment *segment, uint32_t slot)
{
    const struct offer_entry *offer = segment_offer(segment, slot);
    const struct numbers *sectors = segment_offered_sectors(segment, slot);
    uint32_t first = segment->concept_first[slot];
    for (uint32_t i = 0; i < sectors->count; i++)
        segment->sectors[segment->sector_first[slot] + i] = sectors->items[i];
    for (uint32_t i = 0; offer && i < offer->concepts.count; i++)
        if (segment->concepts_short)
            segment->concepts_short[first + i] = (uint16_t)offer->concepts.items[i];
        else
            segment->concepts_long[first + i] = offer->concepts.items[i];
}

/* ---- postings ---- */

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
        for (unsigned digits = 2; digits <= number_sector_digits(list.items[i]) && digits < 4; digits++)
            add_once(&all->under, number_sector_prefix(list.items[i], digits), slot);
    }
}

static void gather_bits(struct posting_pairs *pairs, uint32_t bits, uint32_t slot)
{
    for (; bits; bits &= bits - 1)
        posting_pairs_add(pairs, (uint32_t)__builtin_ctz(bits), slot);
}

static void gather_slot(struct segment *segment, struct gathering *all, uint32_t slot)
{
    const struct organisation_entry *host = segment_host(segment, slot);
    const struct offer_entry *offer = segment_offer(segment, slot);
    const struct spoken_list *languages = segment_languages(segment, slot);
    if (pair_role_hosts(host->roles))
        bits_set(segment->host_role, slot);
    if (host->country)
        posting_pairs_add(&all->country, host->country, slot);
    gather_sectors(all, segment_sectors(segment, slot), slot);
    if (!languages->count)
        posting_pairs_add(&all->language, 0, slot);
    for (uint32_t i = 0; i < languages->count; i++)
        for (unsigned level = languages->items[i].level; level < LEVEL_VALUES; level++)
            add_once(&all->language, languages->items[i].language * LEVEL_VALUES + level, slot);
    bool any_level = !offer || !offer->eqf_levels || (offer->eqf_levels & number_bit(0));
    gather_bits(&all->eqf, any_level ? (1u << EQF_VALUES) - 1 : offer->eqf_levels, slot);
    gather_bits(&all->mode,
                offer && offer->modes ? offer->modes : number_bit(PARTNER__V1__MODE__MODE_PHYSICAL), slot);
}

static void make_tables(struct segment *segment, struct gathering *all, uint32_t concept_limit)
{
    const struct {
        struct posting_table *table;
        struct posting_pairs *pairs;
        uint32_t values;
    } rows[] = {
        {&segment->country, &all->country, COUNTRY_VALUES},
        {&segment->sector_under, &all->under, SECTOR_VALUES},
        {&segment->sector_exact, &all->exact, SECTOR_VALUES},
        {&segment->language, &all->language, LANGUAGE_VALUES * LEVEL_VALUES},
        {&segment->eqf, &all->eqf, EQF_VALUES},
        {&segment->mode, &all->mode, MODE_VALUES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i].table =
            posting_table_make(segment->arena, rows[i].pairs, rows[i].values, segment->slot_count);
        posting_pairs_fini(rows[i].pairs);
    }
    segment->concept = posting_table_of_lists(segment->arena, segment->concept_first, segment->concepts_short,
                                              segment->concepts_long, concept_limit, segment->slot_count);
}

void layout_make_columns(struct segment *segment)
{
    uint32_t count = segment->slot_count;
    int16_t **columns[] = {&segment->min_days,   &segment->max_days,      &segment->window_start,
                           &segment->window_end, &segment->window_places, &segment->valid_until};
    static const int16_t unset[] = {0, COLUMN_MOST, COLUMN_LEAST, COLUMN_MOST, COLUMN_MOST, COLUMN_MOST};
    size_t padded = bits_words(count) * 64; /* whole words are compared at once */
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        *columns[i] = arena_alloc(segment->arena, (padded + 1) * sizeof **columns[i]);
        for (size_t slot = 0; slot < padded; slot++)
            (*columns[i])[slot] = unset[i];
    }
    uint64_t **sets[] = {&segment->host_role,
                         &segment->shared,
                         &segment->several_records.bits,
                         &segment->several_windows.bits,
                         &segment->odd,
                         &segment->second,
                         &segment->apart,
                         &segment->recognises[0],
                         &segment->recognises[1],
                         &segment->recognises[2]};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        *sets[i] = array(segment, bits_words(count), sizeof **sets[i]);
    segment->themes = array(segment, count, sizeof *segment->themes);
    segment->recognition = array(segment, count, sizeof *segment->recognition);
    segment->region = array(segment, count, sizeof *segment->region);
}

void layout_make(struct segment *segment, const uint32_t *offers_of, uint32_t concept_limit)
{
    struct draft draft = draft_slots(segment, offers_of);
    place_slots(segment, &draft);
    sharing_settle(segment);
    layout_make_columns(segment);
    number_regions(segment);
    sharing_mark(segment);
    make_lists(segment, concept_limit);
    struct gathering all = {0};
    struct several_windows several = {0};
    for (uint32_t slot = 0; slot < segment->slot_count; slot++) {
        fetch_ahead(segment, slot);
        const struct organisation_entry *host = segment_host(segment, slot);
        segment->themes[slot] = (uint8_t)host->themes;
        segment->region[slot] = region_number(segment, host->region);
        fill_lists(segment, slot);
        if (segment_offer(segment, slot))
            fill_offer(segment, slot, segment_offer(segment, slot), &several);
        gather_slot(segment, &all, slot);
    }
    list_several(segment, &several);
    make_tables(segment, &all, concept_limit);
}
