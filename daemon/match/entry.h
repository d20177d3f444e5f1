#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

struct arena;
struct concepts;
struct stored_record;

/* What one record gives to matching, prepared once: immutable, counted, one block of memory beside the stored record, whose
 * texts it points to. The builder holds one reference, and each index that reads it another. In an image it is not counted. */
struct entry {
    atomic_uint references;
    uint32_t bytes; /* of the whole block */
    uint64_t hash;  /* of the id */
    enum record_kind kind;
    const char *id; /* the stored record's */
    const struct stored_record *stored;
};

#define PLACE_NONE UINT32_MAX

/* Short lists within an entry. */
struct numbers {
    uint32_t count;
    const uint16_t *items;
};

struct concept_numbers {
    uint32_t count;
    const uint32_t *items;
};

struct text_items {
    uint32_t count;
    const char *const *items;
};

/* A language and a level, 0: any. */
struct spoken {
    uint16_t language;
    uint8_t level;
};

struct spoken_list {
    uint32_t count;
    const struct spoken *items;
};

/* Day numbers; an open side is INT32_MIN or INT32_MAX. */
struct window {
    int32_t start, end;
    uint32_t places;
};

struct window_list {
    uint32_t count;
    const struct window *items;
};

/* Sets of small numbers (roles, themes, modes, levels): bit n stands for n. */

struct organisation_entry {
    struct entry entry;
    uint32_t roles, themes, priorities;
    uint16_t country; /* 0: not stated */
    uint64_t region;  /* 0: not stated */
    struct numbers sectors, target_sectors, target_countries;
    struct spoken_list languages;
    struct text_items identifiers; /* strong and not former, as identifier_key gives them, distinct */
};

/* Recognition, as bits. */
enum { RECOGNITION_ASSESSED = 1, RECOGNITION_VALIDATED = 2, RECOGNITION_DOCUMENTED = 4 };

struct offer_entry {
    struct entry entry;
    const char *organisation_id; /* the stored record's */
    uint32_t min_days, max_days; /* 0: not stated */
    int32_t valid_until;         /* INT32_MAX: until withdrawn */
    uint32_t eqf_levels, modes, themes;
    uint8_t recognition;
    struct numbers sectors;
    struct spoken_list languages;
    struct window_list windows;
    struct concept_numbers concepts; /* sorted, distinct */
    struct concept_numbers outcomes; /* of each outcome as the offer lists them; CONCEPT_NONE: not read */
};

/* A wanted region: what begins so. */
struct region_prefix {
    uint64_t code, mask;
};

struct region_list {
    uint32_t count;
    const struct region_prefix *items;
};

/* A wanted concept; `outcome` is its first in the need's list. */
struct wanted_item {
    uint32_t concept;
    uint16_t outcome;
    bool essential;
};

struct wanted_list {
    uint32_t count;
    const struct wanted_item *items; /* distinct, in the order of the need */
};

/* What a need states; what it leaves empty is zero, or open. */
struct need_facts {
    uint32_t min_days, max_days; /* 0: not stated */
    int32_t start, end;          /* INT32_MIN, INT32_MAX: open */
    int32_t valid_until;         /* INT32_MAX: until withdrawn */
    uint32_t learners, max_absent;
    uint32_t eqf_level, modes, themes;
    struct region_list regions;
    struct wanted_list wanted;
    struct numbers sectors, countries;
    struct spoken_list languages;
    uint32_t unread_count; /* wishes in words that could not be read */
};

struct need_entry {
    struct entry entry;
    const char *organisation_id; /* the stored record's */
    struct need_facts facts;
};

struct partnership_entry {
    struct entry entry;
    int32_t since, until; /* INT32_MIN, INT32_MAX: open */
    uint32_t mobilities;
    struct text_items organisation_ids; /* the texts are the stored record's */
};

/* One reference. The record is valid and normalised, `stored` the same one; it is acquired. The arena is for scratch. */
struct entry *entry_new(struct arena *arena, const struct record *record, const struct stored_record *stored,
                        struct concepts *concepts);
void entry_acquire(const struct entry *entry);
void entry_release(const struct entry *entry);
/* One reference of each. */
void entries_acquire(const struct entry *const *entries, uint32_t count);
void entries_release(const struct entry *const *entries, uint32_t count);
/* Bytes of an entry and its stored record. */
size_t entry_bytes(const struct entry *entry);
/* The record again, in the arena. */
struct record entry_record(const struct entry *entry, struct arena *arena);

/* Helpers that questions share: distinct numbers of codes, in the order given; those that are none are left out. */
struct numbers numbers_of_sectors(struct arena *arena, char *const *codes, size_t count);
struct numbers numbers_of_countries(struct arena *arena, char *const *codes, size_t count);
struct spoken_list spoken_of(struct arena *arena, Partner__V1__LanguageLevel *const *levels, size_t count);
/* Regions keep EL and UK, however they are asked for. */
struct region_list regions_of(struct arena *arena, char *const *codes, size_t count);
/* All that an offer says but its outcomes, with lists in the arena. */
struct offer_entry offer_facts(struct arena *arena, const pb_offer *from);
/* A range's sides; NULL and empty sides are open. */
void days_of_range(const Partner__V1__DateRange *range, int32_t *ret_start, int32_t *ret_end);
uint32_t bits_of_enums(const int *values, size_t count);
