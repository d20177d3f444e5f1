#include "match/entry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/give_way.h"
#include "base/hash.h"
#include "base/owners.h"
#include "base/text.h"
#include "match/concepts.h"
#include "match/number.h"
#include "model/identifier.h"
#include "model/stored_record.h"
#include "vocab/vocabulary.h"

/* ---- lists ---- */

static struct numbers numbers_of(struct arena *arena, char *const *codes, size_t count,
                                 uint16_t (*number)(const char *))
{
    uint16_t *items = arena_array(arena, count, sizeof *items);
    uint32_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t n = number(codes[i]);
        bool known = n == 0;
        for (uint32_t j = 0; j < kept && !known; j++)
            known = items[j] == n;
        if (!known)
            items[kept++] = n;
    }
    return (struct numbers){kept, items};
}

struct numbers numbers_of_sectors(struct arena *arena, char *const *codes, size_t count)
{
    return numbers_of(arena, codes, count, number_of_sector);
}

struct numbers numbers_of_countries(struct arena *arena, char *const *codes, size_t count)
{
    return numbers_of(arena, codes, count, number_of_country);
}

struct spoken_list spoken_of(struct arena *arena, Partner__V1__LanguageLevel *const *levels, size_t count)
{
    struct spoken *items = arena_array(arena, count, sizeof *items);
    uint32_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t language = number_of_language(levels[i]->language);
        unsigned level = (unsigned)levels[i]->level;
        if (language)
            items[kept++] = (struct spoken){language, (uint8_t)(level < LEVEL_VALUES ? level : 0)};
    }
    return (struct spoken_list){kept, items};
}

struct region_list regions_of(struct arena *arena, char *const *codes, size_t count)
{
    struct region_prefix *items = arena_array(arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        char *code = arena_strdup(arena, codes[i]);
        if (strncmp(code, "GR", 2) == 0)
            memcpy(code, "EL", 2);
        else if (strncmp(code, "GB", 2) == 0)
            memcpy(code, "UK", 2);
        items[i] = (struct region_prefix){number_of_region(code), number_region_mask(code)};
    }
    return (struct region_list){(uint32_t)count, items};
}

static int32_t day_or(const char *text, int32_t none)
{
    int32_t day = none;
    return date_parse(text, &day) ? day : none;
}

void days_of_range(const Partner__V1__DateRange *range, int32_t *ret_start, int32_t *ret_end)
{
    *ret_start = range ? day_or(range->start_date, INT32_MIN) : INT32_MIN;
    *ret_end = range ? day_or(range->end_date, INT32_MAX) : INT32_MAX;
}

uint32_t bits_of_enums(const int *values, size_t count)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < count; i++)
        bits |= values[i] > 0 ? number_bit((uint32_t)values[i]) : 0;
    return bits;
}

/* ---- one block for an entry and all that it points to ---- */

enum { PIECE_ALIGNMENT = 8, MOST_PIECES = 64 };

/* Pieces are noted with the address of the pointer to them, then copied behind the entry. */
struct packing {
    struct arena *arena;
    struct piece {
        size_t pointer_offset; /* within the entry, of a pointer */
        const void *bytes;
        size_t size;
    } pieces[MOST_PIECES];
    size_t count, total;
};

static size_t aligned(size_t bytes)
{
    return (bytes + PIECE_ALIGNMENT - 1) & ~(size_t)(PIECE_ALIGNMENT - 1);
}

static void packing_add(struct packing *packing, size_t pointer_offset, const void *bytes, size_t size)
{
    assert(packing->count < MOST_PIECES);
    packing->pieces[packing->count++] = (struct piece){pointer_offset, bytes, size};
    packing->total += aligned(size);
}

#define PACK_LIST(packing, type, member, list)                                \
    packing_add((packing), offsetof(struct type, member.items), (list).items, \
                (list).count * sizeof *(list).items)

static struct entry *packing_finish(struct packing *packing, const void *entry, size_t entry_bytes)
{
    size_t bytes = aligned(entry_bytes) + packing->total;
    char *block = heap_alloc(bytes), *at = block + aligned(entry_bytes);
    memcpy(block, entry, entry_bytes);
    for (size_t i = 0; i < packing->count; i++) {
        const struct piece *piece = &packing->pieces[i];
        if (piece->size)
            memcpy(at, piece->bytes, piece->size);
        memcpy(block + piece->pointer_offset, &at, sizeof at);
        at += aligned(piece->size);
    }
    struct entry *result = (struct entry *)block;
    result->bytes = (uint32_t)bytes;
    return result;
}

/* Texts point into the packed list's own bytes: pointers first, the text behind them, mended once the block stands. */
static struct text_items texts_flat(struct arena *arena, const char *const *texts, size_t count,
                                    size_t *ret_bytes)
{
    size_t bytes = count * sizeof *texts;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(texts[i]) + 1;
    char *block = arena_alloc(arena, bytes), *at = block + count * sizeof *texts;
    for (size_t i = 0; i < count; i++) {
        size_t offset = (size_t)(at - block), size = strlen(texts[i]) + 1;
        memcpy(block + i * sizeof *texts, &offset, sizeof offset);
        memcpy(at, texts[i], size);
        at += size;
    }
    *ret_bytes = bytes;
    return (struct text_items){(uint32_t)count, (const char *const *)(void *)block};
}

static void texts_mend(const struct text_items *texts)
{
    char *block = (char *)(uintptr_t)texts->items;
    for (uint32_t i = 0; i < texts->count; i++) {
        size_t offset;
        memcpy(&offset, block + i * sizeof offset, sizeof offset);
        const char *text = block + offset;
        memcpy(block + i * sizeof text, &text, sizeof text);
    }
}

/* ---- the kinds ---- */

static size_t strong_identifiers(struct arena *arena, const pb_organisation *from, const char ***ret_keys)
{
    const char **keys = arena_array(arena, from->n_identifiers, sizeof *keys);
    size_t count = 0;
    for (size_t i = 0; i < from->n_identifiers; i++) {
        const char *key = identifier_key(arena, from->identifiers[i]);
        bool known = key == NULL;
        for (size_t j = 0; j < count && !known; j++)
            known = strcmp(keys[j], key) == 0;
        if (!known)
            keys[count++] = key;
    }
    *ret_keys = keys;
    return count;
}

static struct entry *organisation_new(struct packing *packing, const struct entry *head,
                                      const pb_organisation *from)
{
    struct arena *arena = packing->arena;
    struct organisation_entry to = {
        .entry = *head,
        .roles = bits_of_enums((const int *)from->roles, from->n_roles),
        .themes = bits_of_enums((const int *)from->themes, from->n_themes),
        .country = number_of_country(from->country),
        .region = number_of_region(from->region),
        .sectors = numbers_of_sectors(arena, from->sectors, from->n_sectors),
        .languages = spoken_of(arena, from->languages, from->n_languages),
    };
    const Partner__V1__Strategy *strategy = from->strategy;
    if (strategy) {
        to.priorities = bits_of_enums((const int *)strategy->priorities, strategy->n_priorities);
        to.target_sectors = numbers_of_sectors(arena, strategy->target_sectors, strategy->n_target_sectors);
        to.target_countries =
            numbers_of_countries(arena, strategy->target_countries, strategy->n_target_countries);
    }
    const char **keys;
    size_t count = strong_identifiers(arena, from, &keys), bytes;
    to.identifiers = texts_flat(arena, keys, count, &bytes);
    PACK_LIST(packing, organisation_entry, sectors, to.sectors);
    PACK_LIST(packing, organisation_entry, target_sectors, to.target_sectors);
    PACK_LIST(packing, organisation_entry, target_countries, to.target_countries);
    PACK_LIST(packing, organisation_entry, languages, to.languages);
    packing_add(packing, offsetof(struct organisation_entry, identifiers.items), to.identifiers.items, bytes);
    struct entry *entry = packing_finish(packing, &to, sizeof to);
    texts_mend(&((struct organisation_entry *)entry)->identifiers);
    return entry;
}

static struct window_list windows_of(struct arena *arena, const pb_offer *from)
{
    struct window *items = arena_array(arena, from->n_windows, sizeof *items);
    for (size_t i = 0; i < from->n_windows; i++) {
        days_of_range(from->windows[i]->period, &items[i].start, &items[i].end);
        items[i].places = from->windows[i]->places;
    }
    return (struct window_list){(uint32_t)from->n_windows, items};
}

/* Among numbers in order, once; they are few. */
static uint32_t add_in_order(uint32_t *numbers, uint32_t count, uint32_t number)
{
    uint32_t at = count;
    while (at && numbers[at - 1] > number)
        at--;
    if (at && numbers[at - 1] == number)
        return count;
    memmove(numbers + at + 1, numbers + at, (count - at) * sizeof *numbers);
    numbers[at] = number;
    return count + 1;
}

static void read_outcomes(struct arena *arena, struct offer_entry *to, const pb_offer *from,
                          struct concepts *concepts)
{
    uint32_t *outcomes = arena_array(arena, from->n_outcomes, sizeof *outcomes);
    uint32_t *sorted = arena_array(arena, from->n_outcomes, sizeof *sorted);
    uint32_t distinct = 0;
    for (size_t i = 0; i < from->n_outcomes; i++) {
        outcomes[i] = concepts_read(concepts, from->outcomes[i]);
        if (outcomes[i] != CONCEPT_NONE)
            distinct = add_in_order(sorted, distinct, outcomes[i]);
    }
    to->outcomes = (struct concept_numbers){(uint32_t)from->n_outcomes, outcomes};
    to->concepts = (struct concept_numbers){distinct, sorted};
}

static uint8_t recognition_of(const Partner__V1__Recognition *from)
{
    if (!from)
        return 0;
    return (uint8_t)((from->n_assessment ? RECOGNITION_ASSESSED : 0) |
                     (from->validated_by_host ? RECOGNITION_VALIDATED : 0) |
                     (from->n_documents ? RECOGNITION_DOCUMENTED : 0));
}

struct offer_entry offer_facts(struct arena *arena, const pb_offer *from)
{
    struct offer_entry to = {
        .min_days = from->duration ? from->duration->min_days : 0,
        .max_days = from->duration ? from->duration->max_days : 0,
        .valid_until = day_or(from->valid_until, INT32_MAX),
        .modes = bits_of_enums((const int *)from->modes, from->n_modes),
        .themes = bits_of_enums((const int *)from->themes, from->n_themes),
        .recognition = recognition_of(from->recognition),
        .sectors = numbers_of_sectors(arena, from->sectors, from->n_sectors),
        .languages = spoken_of(arena, from->languages, from->n_languages),
        .windows = windows_of(arena, from),
    };
    for (size_t i = 0; i < from->n_eqf_levels; i++)
        to.eqf_levels |= number_bit(from->eqf_levels[i]);
    return to;
}

static struct entry *offer_new(struct packing *packing, const struct entry *head, const pb_offer *from,
                               struct concepts *concepts)
{
    struct arena *arena = packing->arena;
    struct offer_entry to = offer_facts(arena, from);
    to.entry = *head;
    to.organisation_id = stored_record_references(head->stored);
    read_outcomes(arena, &to, from, concepts);
    PACK_LIST(packing, offer_entry, sectors, to.sectors);
    PACK_LIST(packing, offer_entry, languages, to.languages);
    PACK_LIST(packing, offer_entry, windows, to.windows);
    PACK_LIST(packing, offer_entry, concepts, to.concepts);
    PACK_LIST(packing, offer_entry, outcomes, to.outcomes);
    return packing_finish(packing, &to, sizeof to);
}

/* Equal outcomes are one, essential if any of them is. */
static void read_wanted(struct arena *arena, struct need_facts *to, const pb_need *from,
                        struct concepts *concepts)
{
    struct wanted_item *items = arena_array(arena, from->n_outcomes, sizeof *items);
    for (size_t i = 0; i < from->n_outcomes; i++) {
        uint32_t concept = concepts_read(concepts, from->outcomes[i]), known = 0;
        if (concept == CONCEPT_NONE) {
            to->unread_count++;
            continue;
        }
        while (known < to->wanted.count && items[known].concept != concept)
            known++;
        if (known < to->wanted.count)
            items[known].essential |= from->outcomes[i]->essential;
        else
            items[to->wanted.count++] =
                (struct wanted_item){concept, (uint16_t)i, from->outcomes[i]->essential};
    }
    to->wanted.items = items;
}

static struct entry *need_new(struct packing *packing, const struct entry *head, const pb_need *from,
                              struct concepts *concepts)
{
    struct arena *arena = packing->arena;
    struct need_entry to = {.entry = *head, .organisation_id = stored_record_references(head->stored)};
    struct need_facts *facts = &to.facts;
    *facts = (struct need_facts){
        .min_days = from->duration ? from->duration->min_days : 0,
        .max_days = from->duration ? from->duration->max_days : 0,
        .valid_until = day_or(from->valid_until, INT32_MAX),
        .learners = from->learners,
        .max_absent = from->max_absent,
        .eqf_level = from->eqf_level,
        .modes = bits_of_enums((const int *)from->modes, from->n_modes),
        .themes = bits_of_enums((const int *)from->themes, from->n_themes),
        .regions = regions_of(arena, from->regions, from->n_regions),
        .sectors = numbers_of_sectors(arena, from->sectors, from->n_sectors),
        .countries = numbers_of_countries(arena, from->countries, from->n_countries),
        .languages = spoken_of(arena, from->languages, from->n_languages),
    };
    days_of_range(from->period, &facts->start, &facts->end);
    read_wanted(arena, facts, from, concepts);
    PACK_LIST(packing, need_entry, facts.regions, facts->regions);
    PACK_LIST(packing, need_entry, facts.wanted, facts->wanted);
    PACK_LIST(packing, need_entry, facts.sectors, facts->sectors);
    PACK_LIST(packing, need_entry, facts.countries, facts->countries);
    PACK_LIST(packing, need_entry, facts.languages, facts->languages);
    return packing_finish(packing, &to, sizeof to);
}

static struct entry *partnership_new(struct packing *packing, const struct entry *head,
                                     const pb_partnership *from)
{
    struct partnership_entry to = {
        .entry = *head,
        .since = day_or(from->since, INT32_MIN),
        .until = day_or(from->until, INT32_MAX),
        .mobilities = from->mobilities,
    };
    const char **ids = arena_array(packing->arena, from->n_organisation_ids, sizeof *ids);
    const char *id = stored_record_references(head->stored);
    for (size_t i = 0; i < from->n_organisation_ids; i++, id += strlen(id) + 1)
        ids[i] = id;
    to.organisation_ids = (struct text_items){(uint32_t)from->n_organisation_ids, ids};
    PACK_LIST(packing, partnership_entry, organisation_ids, to.organisation_ids);
    return packing_finish(packing, &to, sizeof to);
}

static struct entry *kind_new(struct packing *packing, const struct entry *head, const struct record *record,
                              struct concepts *concepts)
{
    switch (record->kind) {
    case RECORD_ORGANISATION:
        return organisation_new(packing, head, record->organisation);
    case RECORD_OFFER:
        return offer_new(packing, head, record->offer, concepts);
    case RECORD_NEED:
        return need_new(packing, head, record->need, concepts);
    default:
        return partnership_new(packing, head, record->partnership);
    }
}

struct entry *entry_new(struct arena *arena, const struct record *record, const struct stored_record *stored,
                        struct concepts *concepts)
{
    const char *id = stored_record_id(stored);
    struct packing packing = {.arena = arena};
    struct entry head = {.kind = record->kind,
                         .hash = hash_bytes(id, stored->id_bytes),
                         .id = id,
                         .stored = stored_record_acquire(stored)};
    struct entry *entry = kind_new(&packing, &head, record, concepts);
    atomic_init(&entry->references, 1);
    return entry;
}

void entry_acquire(const struct entry *entry)
{
    owners_add(&entry->references);
}

void entry_release(const struct entry *entry)
{
    if (!owners_drop(&entry->references))
        return;
    stored_record_release(entry->stored);
    free((void *)(uintptr_t)entry);
}

/* The counts of a base's entries are far apart in memory, and seldom looked at. */
enum { COUNTS_AHEAD = 8 };

void entries_acquire(const struct entry *const *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        give_way_at(i);
        if (i + COUNTS_AHEAD < count)
            __builtin_prefetch(entries[i + COUNTS_AHEAD], 1);
        entry_acquire(entries[i]);
    }
}

void entries_release(const struct entry *const *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        give_way_at(i);
        if (i + COUNTS_AHEAD < count)
            __builtin_prefetch(entries[i + COUNTS_AHEAD], 1);
        entry_release(entries[i]);
    }
}

size_t entry_bytes(const struct entry *entry)
{
    return entry->bytes + stored_record_bytes(entry->stored);
}

struct record entry_record(const struct entry *entry, struct arena *arena)
{
    struct record record = {.kind = entry->kind};
    bool good = record_unpack(arena, entry->kind, stored_record_packed(entry->stored),
                              entry->stored->packed_bytes, &record);
    assert(good);
    (void)good;
    return record;
}
