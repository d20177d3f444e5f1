#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "match/concepts.h"
#include "match/entry.h"
#include "match/index.h"
#include "match/need_set.h"
#include "match/partnership_set.h"
#include "match/segment.h"

/* Inside an index: segments one over the other. The lowest is the base, with nearly everything; each of the others has what came,
 * changed or went since the one below was made, so that publishing costs what changed lately. What a segment has takes the
 * place of what those below have of it, which is dead. A body is wholly in one segment: with one of its records all of them move.
 * An index stands on another one, of which it is all but the uppermost segment. */

enum { BASE, SEGMENTS = 3 };

/* How many of the offers below with a concept a segment made dead: open addressing. */
struct concept_count {
    uint32_t concept, count; /* count 0: free */
};
struct concept_counts {
    const struct concept_count *rows; /* NULL: the base's */
    uint32_t mask;
};

static inline uint32_t concept_counts_row(const struct concept_counts *counts, uint32_t concept)
{
    uint32_t row = (concept * 2654435769u) >> 5 & counts->mask;
    while (counts->rows[row].count && counts->rows[row].concept != concept)
        row = (row + 1) & counts->mask;
    return row;
}
static inline uint32_t concept_counts_of(const struct concept_counts *counts, uint32_t concept)
{
    return counts->rows ? counts->rows[concept_counts_row(counts, concept)].count : 0;
}

/* From nodes of the segments below to the organisations that stand for them now: open addressing. */
struct moved {
    uint32_t node, place; /* PLACE_NONE: free */
};
struct moves {
    const struct moved *rows; /* NULL: the base's */
    uint32_t mask;
};

/* The node's row, or the free one where it would be. */
static inline uint32_t moves_row(const struct moves *moves, uint32_t node)
{
    uint32_t row = (node * 2654435769u) & moves->mask;
    while (moves->rows[row].place != PLACE_NONE && moves->rows[row].node != node)
        row = (row + 1) & moves->mask;
    return row;
}

struct match_index {
    atomic_uint references;
    struct arena *arena;
    const struct match_index *below; /* NULL: none, this is a base */
    struct vocabulary *vocabulary;   /* or NULL */
    struct concept_names names;

    int segment_count;
    const struct segment *segments[SEGMENTS];
    const struct partnership_set *partnerships[SEGMENTS];
    /* The numbers that a segment's organisations and partnerships begin at. */
    uint32_t first_organisation[SEGMENTS], first_partnership[SEGMENTS];
    /* Slots whose organisation may host and that are not dead. */
    const uint64_t *live[SEGMENTS];
    const uint64_t *dead_organisations[SEGMENTS], *dead_waiting[SEGMENTS], *dead_partnerships[SEGMENTS];
    struct concept_counts dead_concepts[SEGMENTS];
    struct moves moves[SEGMENTS];
    /* By organisation; NULL: the base's. */
    const uint64_t *orders[SEGMENTS]; /* see index_order */
    const uint32_t *nodes[SEGMENTS];
    uint32_t organisation_count, offer_count, all_offers_count, partnership_count; /* live ones */

    struct need_view *needs_view;
};

/* An organisation in an index: its place in its segment, counted on from those below. A body is named by its first member. */
static inline uint32_t index_organisation(const struct match_index *index, int segment, uint32_t place)
{
    return index->first_organisation[segment] + place;
}

/* Turns an organisation into its place in the segment that is returned. */
static inline int index_locate(const struct match_index *index, uint32_t *organisation)
{
    int segment = BASE;
    while (segment + 1 < index->segment_count && *organisation >= index->first_organisation[segment + 1])
        segment++;
    *organisation -= index->first_organisation[segment];
    return segment;
}

static inline const struct organisation_entry *index_organisation_entry(const struct match_index *index,
                                                                        uint32_t organisation)
{
    int segment = index_locate(index, &organisation);
    return index->segments[segment]->organisations[organisation];
}

/* A number that orders organisations as their ids do: how many of the base's come before, then how many of those of the segment
 * above; in its own segment its place. All ones where nothing follows, behind those from above that stand at the same place. */
enum {
    ORDER_BASE_SHIFT = 38,
    ORDER_MIDDLE_SHIFT = 12,
    ORDER_PLACES_MOST =
        (1 << (ORDER_BASE_SHIFT - ORDER_MIDDLE_SHIFT)) - 1, /* of the base, and of the one above */
    ORDER_UPPER_MOST = (1 << ORDER_MIDDLE_SHIFT) - 1
};
static_assert(64 - ORDER_BASE_SHIFT >= ORDER_BASE_SHIFT - ORDER_MIDDLE_SHIFT, "the base's places have room");
static inline uint64_t index_order(const struct match_index *index, int segment, uint32_t place)
{
    return segment == BASE ? (uint64_t)place << ORDER_BASE_SHIFT | (((uint64_t)1 << ORDER_BASE_SHIFT) - 1)
                           : index->orders[segment][place];
}

/* PLACE_NONE where it isn't there. */
uint32_t index_find_organisation(const struct match_index *index, const char *id);
/* False: no such offer. *ret_slot is SLOT_NONE where its organisation isn't there. */
bool index_find_offer(const struct match_index *index, const char *id, int *ret_segment, uint32_t *ret_slot);
/* The body of an organisation. */
uint32_t index_body(const struct match_index *index, uint32_t organisation);

/* The members of a body: places in one segment, ascending. */
struct members {
    int segment;
    uint32_t count;
    const uint32_t *places;
    uint32_t single; /* what places points to where a body stands alone */
};
void index_members(const struct match_index *index, uint32_t body, struct members *ret_members);
/* How many offers list a concept, of those whose organisation is there. */
uint32_t index_concept_count(const struct match_index *index, uint32_t concept);

/* What an index has over the one that it stands on, which is acquired. Segment, partnerships and needs are taken over. */
struct index_layer {
    const struct match_index *below; /* NULL: none */
    const struct vocabulary *vocabulary;
    const struct concepts *concepts;
    const struct segment *segment;
    const struct partnership_set *partnerships;
    struct need_view *needs;
    /* Ids of the organisations, there or not, that are in this layer alone by now; in order. The segment's are among them. */
    const char *const *moved;
    uint32_t moved_count;
    /* Ids of which partnerships below count no more; also others. */
    const char *const *replaced;
    uint32_t replaced_count;
};
/* One owner. Where it is the third one, its organisations are fewer than ORDER_UPPER_MOST. */
struct match_index *index_new(const struct index_layer *layer);
/* The node in partnerships that an id has in an index; PLACE_NONE: none. */
uint32_t index_find_node(const struct match_index *index, const char *id);
