#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/search.h"
#include "match/sieve.h"

/* What a need may ask for that excludes. Most rows unite postings; some are compared in columns by the sieve; what is left is
 * asked slot by slot. */
struct filter {
    const char *name;
    bool (*stated)(const struct match_query *query);
    /* Tells the sieve of the query's segment what to let through; or NULL. */
    void (*unite)(const struct match_query *query, struct sieve *sieve);
    bool in_columns;
    /* Whether one slot of the query's segment passes. */
    bool (*holds)(const struct match_query *query, uint32_t slot);
    /* Empties the field; NULL: it can't be given up. */
    void (*empty)(struct match_query *query);
    /* Whether the row counts as met, where that is not simply whether the filter holds; or NULL. */
    bool (*met)(const struct match_query *query, uint32_t slot);
    /* One sentence in the query's arena. */
    const char *(*reason)(const struct match_query *query, uint32_t slot, bool met);
};

/* In the order in which they are told. */
enum { FILTER_COUNT = 13 };
extern const struct filter *const filter_table[FILTER_COUNT];

/* Whether one slot passes; also for a filter that isn't stated, which asks for nothing. */
bool filter_holds(const struct filter *filter, const struct match_query *query, uint32_t slot);
bool filter_met(const struct filter *filter, const struct match_query *query, uint32_t slot);

/* For rows that can't be unstated. */
bool filter_always(const struct match_query *query);

extern const struct filter filter_role, filter_sectors, filter_countries, filter_regions, filter_duration,
    filter_languages, filter_eqf_level, filter_modes, filter_period, filter_learners, filter_outcomes,
    filter_validity, filter_network;
