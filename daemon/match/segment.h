#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "match/bits.h"
#include "match/bodies.h"
#include "match/entry.h"
#include "match/identifiers.h"
#include "match/numbered_set.h"
#include "match/posting.h"

/* Columns and postings over a set of whole bodies, immutable. Organisations have places in the order of their ids. Slots are
 * what a need can be matched with: each offer of an organisation that is there, and for each organisation of a body without
 * any offer its own profile. Slots go by sector, then country, so that what is asked for together lies together. */

#define SLOT_NONE UINT32_MAX

/* Entries by the hash of their ids, open addressing. */
struct id_table {
    uint32_t mask;
    const uint32_t *rows; /* places; PLACE_NONE: free */
};
/* `more` follow `entries`; may be none. */
struct id_table id_table_make(struct arena *arena, const struct entry *const *entries, uint32_t count,
                              const struct entry *const *more, uint32_t more_count);
uint32_t id_table_find(const struct id_table *table, const struct entry *const *entries, uint32_t count,
                       const struct entry *const *more, const char *id);

/* Days and counts in 16 bits. A slot that doesn't fit is odd: its columns let everything pass, and its entry is looked at. */
enum {
    DAY_REACH = 16384,              /* days up to here on both sides of the middle fit */
    DAY_MIDDLE = 10957 + DAY_REACH, /* is 0 in a column: 2000 to 2089 fit */
    COLUMN_LEAST = INT16_MIN,       /* an open start */
    COLUMN_MOST = INT16_MAX         /* an open end; no range of days; no windows; until withdrawn */
};

enum { RECOGNITION_BITS = 3 };

/* Entries lie anywhere in memory, so those to come are fetched ahead. */
enum { SEGMENT_FETCH_AHEAD = 8, SEGMENT_FETCH_LISTS = 192 };
static inline void segment_fetch(const void *entry, size_t bytes)
{
    enum { CACHE_LINE_BYTES = 64 };
    for (size_t byte = 0; byte < bytes; byte += CACHE_LINE_BYTES)
        __builtin_prefetch((const char *)entry + byte);
}

struct segment {
    atomic_uint references;
    struct arena *arena;        /* NULL: in an image */
    size_t record_bytes, bytes; /* of the entries; of all else */

    uint32_t organisation_count, offer_count, waiting_count, slot_count;
    const struct organisation_entry **organisations;
    /* Offers whose organisation is there, and those that wait for theirs; both by organisation and id. */
    const struct offer_entry **offers, **waiting;
    struct id_table organisation_table, offer_table; /* waiting offers after the others */
    uint32_t *first_slot,
        *slots_of; /* of an organisation, in the order of offer ids; organisation_count + 1 */
    struct identifier_table identifiers;
    struct bodies bodies;

    /* by slot */
    uint32_t *slot_offer; /* PLACE_NONE: a profile */
    uint32_t *slot_organisation;
    int16_t *min_days, *max_days; /* 0 and COLUMN_MOST: not stated */
    int16_t *window_start, *window_end,
        *window_places; /* of several windows what spans them: earliest, latest, most */
    int16_t *valid_until;
    uint16_t *region; /* a number in the order of codes; 0: none; UINT16_MAX: look at the entry */
    uint8_t *themes;  /* the offer's and the organisation's */
    uint8_t *recognition;
    /* lists of each slot one after the other: where they begin (slot_count + 1), and all of them */
    uint32_t *concept_first;
    uint16_t *concepts_short; /* where all numbers fit; else NULL */
    uint32_t *concepts_long;
    uint32_t *sector_first; /* what the slot offers, the organisation's where the offer states none */
    uint16_t *sectors;
    uint64_t *region_codes; /* by region number */
    uint32_t region_count;

    /* The windows of slots with several, one slot's after the other: where those of a number begin, and one more. */
    struct numbered_set several_windows;
    uint32_t *window_first;
    struct window_column {
        int16_t start, end, places;
    } * windows;

    /* Slots whose body has more than one record; of each the body, by its first member, and its own record's preference. */
    struct numbered_set several_records;
    struct body_of_several {
        uint32_t body, preference;
    } * several_bodies;

    /* sets of slots */
    uint64_t *host_role; /* hosting, employer or intermediary */
    uint64_t *shared;    /* whose body has another slot */
    /* Of these: the second of a body's two, right behind the first and in the same word; and those of other bodies. */
    uint64_t *second, *apart;
    uint64_t *odd;
    uint64_t *recognises[RECOGNITION_BITS];
    struct posting_table country, sector_under, sector_exact, language, eqf, mode, concept;
};

/* Value numbers in the tables, made so that few sets need uniting: eqf n has also those that list none; language n * LEVEL_VALUES +
 * level has who uses it at that level or below, language 0 who states none. sector_under has codes of 2 and 3 digits, with what
 * stands below them; sector_exact all codes. */
enum { EQF_VALUES = 9, MODE_VALUES = 32 };

/* Arrays of entries in order, from the arena that becomes the segment's; takes over one reference each. */
struct segment_parts {
    struct arena *arena;
    const struct organisation_entry **organisations;
    const struct offer_entry **offers, **waiting; /* both by organisation and id */
    uint32_t organisation_count, offer_count, waiting_count;
    uint32_t *offers_of;                /* of each organisation; heap memory that goes over */
    struct id_table organisation_table; /* rows NULL: to be made */
    uint32_t concept_limit;
};
/* Parts offers by whether their organisation is there; all are in order. The organisations stand already. */
void segment_part_offers(struct segment_parts *parts, const struct offer_entry *const *offers,
                         uint32_t count);
struct segment *segment_new(const struct segment_parts *parts);
const struct segment *segment_acquire(const struct segment *segment);
void segment_release(const struct segment *segment);
/* Bytes that filters and scores look at, without the records, their order and their ids. */
size_t segment_column_bytes(const struct segment *segment);
/* PLACE_NONE: not there. Offers that wait are numbered behind the others. */
uint32_t segment_find_organisation(const struct segment *segment, const char *id);
/* Of those from `low` on, below `high`: the first whose id doesn't come before; else `high`. */
uint32_t segment_first_organisation(const struct segment *segment, uint32_t low, uint32_t high,
                                    const char *id);
uint32_t segment_find_offer(const struct segment *segment, const char *id);
/* The first of the offers that wait for an organisation, or where it would be. */
uint32_t segment_first_waiting(const struct segment *segment, const char *organisation_id);

static inline const struct organisation_entry *segment_host(const struct segment *segment, uint32_t slot)
{
    return segment->organisations[segment->slot_organisation[slot]];
}

/* Also one that waits. */
static inline const struct offer_entry *segment_any_offer(const struct segment *segment, uint32_t offer)
{
    return offer < segment->offer_count ? segment->offers[offer]
                                        : segment->waiting[offer - segment->offer_count];
}

/* NULL: a profile. */
static inline const struct offer_entry *segment_offer(const struct segment *segment, uint32_t slot)
{
    uint32_t offer = segment->slot_offer[slot];
    return offer == PLACE_NONE ? NULL : segment->offers[offer];
}

static inline struct numbers segment_sectors(const struct segment *segment, uint32_t slot)
{
    uint32_t first = segment->sector_first[slot];
    return (struct numbers){segment->sector_first[slot + 1] - first, segment->sectors + first};
}

/* Has them brought near, to be read soon. */
static inline void segment_fetch_sectors(const struct segment *segment, uint32_t slot)
{
    __builtin_prefetch(segment->sectors + segment->sector_first[slot]);
}

static inline uint32_t segment_concept(const struct segment *segment, uint32_t i)
{
    return segment->concepts_short ? segment->concepts_short[i] : segment->concepts_long[i];
}

/* Has a slot's concepts brought near, to be read soon. */
static inline void segment_fetch_concepts(const struct segment *segment, uint32_t slot)
{
    uint32_t first = segment->concept_first[slot];
    if (segment->concepts_short)
        __builtin_prefetch(segment->concepts_short + first);
    else
        __builtin_prefetch(segment->concepts_long + first);
}

/* 0 and 0: not stated. */
static inline void segment_days(const struct segment *segment, uint32_t slot, uint32_t *ret_min,
                                uint32_t *ret_max)
{
    bool stated = segment->max_days[slot] != COLUMN_MOST;
    *ret_min = stated ? (uint32_t)segment->min_days[slot] : 0;
    *ret_max = stated ? (uint32_t)segment->max_days[slot] : 0;
}

static inline struct window_list segment_windows(const struct segment *segment, uint32_t slot)
{
    const struct offer_entry *offer = segment_offer(segment, slot);
    return offer ? offer->windows : (struct window_list){0};
}

/* The slot's body, by its first member, and its record's preference in it. */
static inline struct body_of_several segment_body_preferring(const struct segment *segment, uint32_t slot)
{
    if (bits_has(segment->several_records.bits, slot))
        return segment->several_bodies[numbered_set_number(&segment->several_records, slot)];
    return (struct body_of_several){segment->slot_organisation[slot], 0};
}

/* Has that brought near, to be asked for soon. */
static inline void segment_fetch_body(const struct segment *segment, uint32_t slot)
{
    if (bits_has(segment->several_records.bits, slot))
        __builtin_prefetch(&segment->several_bodies[numbered_set_number(&segment->several_records, slot)]);
    else
        __builtin_prefetch(&segment->slot_organisation[slot]);
}

static inline uint32_t segment_body(const struct segment *segment, uint32_t slot)
{
    return segment_body_preferring(segment, slot).body;
}

const struct spoken_list *segment_languages(const struct segment *segment, uint32_t slot);
const struct numbers *segment_offered_sectors(const struct segment *segment, uint32_t slot);
/* An offer's slot. */
uint32_t segment_slot_of_offer(const struct segment *segment, uint32_t offer);
