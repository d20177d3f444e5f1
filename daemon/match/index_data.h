#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "match/bodies.h"
#include "match/concepts.h"
#include "match/entry.h"
#include "match/index.h"
#include "match/posting.h"

/* Inside an index. Organisations have places in the order of their ids; slots, what a need can be matched with, in the order of
 * organisation and offer id: each offer of an organisation that is there, and for each organisation of a body without any
 * offer its own profile. So smaller numbers win ties. */

#define SLOT_NONE UINT32_MAX

/* Entries by the hash of their ids, open addressing. */
struct id_table {
    uint32_t mask;
    const uint32_t *rows; /* places; PLACE_NONE: free */
};

struct partnership {
    int32_t since, until;
    uint32_t mobilities;
    uint32_t first,
        count; /* parties that are there: organisations, ascending, distinct, in partnership_parties */
};

struct match_index {
    atomic_uint references;
    struct arena *arena;
    struct vocabulary *vocabulary; /* or NULL */
    struct concept_names names;
    size_t bytes;

    uint32_t organisation_count, slot_count, offer_count, need_count, partnership_count;
    const struct organisation_entry **organisations;
    const struct need_entry **needs;
    const struct offer_entry *
        *offers; /* all of them, also those whose organisation isn't there, by organisation and id */
    uint32_t all_offers_count;
    const struct partnership_entry **partnership_entries;
    struct need_view *needs_view; /* the same needs, for FindSenders */
    struct id_table organisation_table, offer_table, need_table;
    uint32_t *offer_slot; /* by place in offers; SLOT_NONE: the organisation isn't there */

    /* by organisation */
    uint32_t *first_slot; /* organisation_count + 1 */
    uint32_t *offers_of;  /* how many offer records */
    uint32_t *preference; /* place within its body: most offers first, then by id; 0 is shown first */
    struct bodies bodies;
    const char *const **same_as; /* by organisation, NULL for one that stands alone */

    /* by slot */
    const struct offer_entry **slot_offer; /* NULL: a profile */
    uint32_t *slot_organisation;
    uint16_t *min_days, *max_days; /* 0: not stated */
    int32_t *valid_until;
    uint8_t *themes; /* the offer's and the organisation's */
    uint8_t *recognition;
    /* lists of each slot one after the other: where they begin (slot_count + 1), and all of them */
    uint32_t *concept_first, *concepts;
    uint32_t *sector_first; /* what the slot offers, the organisation's where the offer states none */
    uint16_t *sectors;
    uint32_t *window_first;
    struct window *windows;

    /* sets of slots */
    uint64_t *host_role;       /* hosting, employer or intermediary */
    uint64_t *several_records; /* of a body with more than one record */
    uint64_t *no_language;
    struct posting_table country, sector_under, sector_exact, language, eqf, mode, concept;

    /* partnerships by body */
    struct partnership *partnerships;
    uint32_t *partnership_parties;
    uint32_t *body_partnership_first; /* bodies.count + 1 */
    uint32_t *body_partnerships;
};

/* Value numbers in the tables: eqf 0 is an offer that lists none; language n * LEVEL_VALUES + level. */

/* PLACE_NONE where it isn't there. */
uint32_t index_find_organisation(const struct match_index *index, const char *id);
uint32_t index_find_offer(const struct match_index *index, const char *id);
uint32_t index_find_need(const struct match_index *index, const char *id);
/* What the slot offers, the organisation's where the offer states none. */
const struct spoken_list *index_slot_languages(const struct match_index *index, uint32_t slot);

static inline const struct organisation_entry *index_slot_host(const struct match_index *index, uint32_t slot)
{
    return index->organisations[index->slot_organisation[slot]];
}

static inline struct numbers index_slot_sectors(const struct match_index *index, uint32_t slot)
{
    uint32_t first = index->sector_first[slot];
    return (struct numbers){index->sector_first[slot + 1] - first, index->sectors + first};
}

static inline struct window_list index_slot_windows(const struct match_index *index, uint32_t slot)
{
    uint32_t first = index->window_first[slot];
    return (struct window_list){index->window_first[slot + 1] - first, index->windows + first};
}

/* Fills an index whose organisations, offers, needs, partnerships and names are set. */
void index_layout(struct match_index *index, const struct identifier_book *book);
