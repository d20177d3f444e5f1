#pragma once

#include <stddef.h>
#include <stdint.h>

#include "match/rank.h"
#include "match/sieve.h"

/* One walk over an index: both parts, chunk by chunk. It counts the bodies that are eligible, and scores those that may
 * still matter. */

/* Who takes what is scored. */
struct sweep_sink {
    void (*take)(void *context, const struct ranked *ranked, bool shared);
    /* Slots that score less need not be taken, save the partners where these come first. INT64_MIN: all; INT64_MAX: none. */
    int64_t (*least)(void *context);
    void *context;
    size_t wanted; /* about how many must be taken until `least` rises */
};

/* Eligible bodies by country and by broad sector, for the facets. */
struct facet_counts;

/* How many bodies are eligible; scores nothing. Leaves the query in some part. */
uint64_t sweep_count(struct match_query *query);
/* The same, and each eligible slot that may matter goes to the sink, of a body with several records those of the shown one
 * alone. `facets` may be NULL. */
uint64_t sweep_rank(struct match_query *query, struct scoring *scoring, const struct sweep_sink *sink,
                    struct facet_counts *facets);
