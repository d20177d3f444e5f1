#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/entry.h"
#include "match/sector_wish.h"
#include "match/wanted.h"

struct match_index;

/* An offer taken apart once, to be held against many needs; it need not be stored. */

/* What is offered for one wanted concept. */
struct reach {
    uint32_t wanted;  /* CONCEPT_NONE: free */
    enum fit fit;     /* FIT_NONE: nothing, but the concept was weighed */
    bool reusable;    /* something of any fit is transversal or cross-sector */
    uint32_t outcome; /* the best in the offer's list, equal ones by code */
    double idf;       /* above 0 once the concept was weighed */
};

struct offering {
    const struct match_index *index;
    struct arena *arena;
    const pb_offer *offer;
    uint32_t host_place, host_body;
    const struct organisation_entry *host;
    struct offer_entry facts;
    /* The host's where the offer states none. */
    struct numbers sectors;
    struct spoken_list languages;
    uint32_t modes, themes; /* physical where it states none; the offer's and the host's */
    struct sector_wish sector_marks;
    /* By wanted concept, open addressing. */
    struct reach *reaches;
    uint32_t reach_mask, reach_count;
    const char **codes; /* of each outcome, "" where it could not be read */
    size_t interpretation_count;
    Partner__V1__Interpretation **interpretations;
};

/* The offer's organisation has that place in the index. */
void offering_read(struct offering *offering, struct arena *arena, const struct match_index *index,
                   const pb_offer *offer, uint32_t host_place);
/* NULL: nothing is offered for it. */
const struct reach *offering_reach(const struct offering *offering, uint32_t wanted);
/* The same with the concept's idf, also where nothing is offered for it. Until the next call. */
const struct reach *offering_weigh(struct offering *offering, uint32_t wanted);
/* Whether the offer may be matched with anybody: its host hosts, and it is not past. */
bool offering_stands(const struct offering *offering, int32_t today);
