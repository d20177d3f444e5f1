#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "match/concepts.h"
#include "match/entry.h"
#include "match/index.h"
#include "match/need_set.h"
#include "match/partnership_set.h"
#include "match/segment.h"

/* Inside an index: a large base that many indexes share, a small delta with all that changed since, and which of the base's
 * records are dead by that. A body is wholly in the one or the other: with one of its records all of them move. */

enum { BASE, DELTA, SEGMENTS };

/* How many of the base's offers with a concept are dead. */
struct concept_count {
    uint32_t concept, count; /* count 0: free */
};

struct match_index {
    atomic_uint references;
    struct arena *arena;
    struct vocabulary *vocabulary; /* or NULL */
    struct concept_names names;

    const struct segment *segments[SEGMENTS];
    const struct partnership_set *partnerships[SEGMENTS];
    /* Slots whose organisation may host and that are not dead. */
    const uint64_t *live[SEGMENTS];
    /* Of the base. */
    const uint64_t *dead_organisations, *dead_waiting, *dead_partnerships;
    const struct concept_count *dead_concepts; /* open addressing */
    uint32_t dead_concept_mask;
    uint32_t organisation_count, offer_count, all_offers_count, partnership_count; /* live ones */
    const uint64_t *delta_order; /* by organisation of the delta: see index_order */
    const uint32_t
        *delta_node; /* by organisation of the delta: its node in the base's partnerships, or PLACE_NONE */
    /* From a node of the base that is dead, or no organisation there, to the delta's organisation: open addressing. */
    const struct moved {
        uint32_t node, place; /* PLACE_NONE: free */
    } * moved;
    uint32_t moved_mask;

    struct need_view *needs_view;
};

/* An organisation in an index: its place in the base, or the base's count and its place in the delta. A body is named by its
 * first member. */
static inline uint32_t index_organisation(const struct match_index *index, int segment, uint32_t place)
{
    return segment == BASE ? place : index->segments[BASE]->organisation_count + place;
}

/* Turns an organisation into its place in the segment that is returned. */
static inline int index_locate(const struct match_index *index, uint32_t *organisation)
{
    uint32_t base = index->segments[BASE]->organisation_count;
    if (*organisation < base)
        return BASE;
    *organisation -= base;
    return DELTA;
}

static inline const struct organisation_entry *index_organisation_entry(const struct match_index *index,
                                                                        uint32_t organisation)
{
    int segment = index_locate(index, &organisation);
    return index->segments[segment]->organisations[organisation];
}

/* A number that orders organisations as their ids do. */
static inline uint64_t index_order(const struct match_index *index, int segment, uint32_t place)
{
    return segment == BASE ? (uint64_t)place << 32 | UINT32_MAX : index->delta_order[place];
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

/* What an index is made of; it acquires the parts, and takes over the needs. */
struct index_parts {
    const struct vocabulary *vocabulary;
    const struct concepts *concepts;
    const struct segment *segments[SEGMENTS];
    const struct partnership_set *partnerships[SEGMENTS];
    struct need_view *needs;
    /* Ids of the organisations, there or not, that are in the delta alone by now. */
    const char *const *moved_organisations;
    size_t moved_organisation_count;
    /* Numbers of the base's partnerships that count no more. */
    const uint32_t *dead_partnerships;
    size_t dead_partnership_count;
};
struct match_index *index_new(const struct index_parts *parts);
