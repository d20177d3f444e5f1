#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/query.h"
#include "model/record.h"

struct arena;
struct vocabulary;

/* What matching must answer, by a plain loop over all records: written from the rules alone and sharing nothing with the
 * index, so that random questions can be asked of both. Slow, and meant to be. */

struct oracle_world {
    const struct vocabulary *vocabulary; /* or NULL */
    pb_organisation **organisations;
    pb_offer **offers;
    pb_partnership **partnerships;
    pb_need **needs;
    size_t organisation_count, offer_count, partnership_count, need_count;
};

enum { ORACLE_CRITERIA = 8, ORACLE_MOST = 600, ORACLE_RELAXATIONS = 12 };
extern const char *const oracle_criteria[ORACLE_CRITERIA];

struct oracle_match {
    const pb_organisation *organisation;
    const pb_offer *offer; /* NULL: the profile */
    bool eligible;
    int group;
    double score;
    bool applies[ORACLE_CRITERIA];
    double values[ORACLE_CRITERIA], weights[ORACLE_CRITERIA];
    double letters[4]; /* S, M, R, T */
    bool letter_stated[4];
    unsigned distance;
    uint64_t mobilities;
    const char **via;
    size_t via_count;
    uint32_t free_places;
    size_t fit_count;
    const char **wanted, **offered; /* codes by distinct wanted concept; offered NULL: missing */
    double *fits;
};

struct oracle_answer {
    struct oracle_match *matches; /* all that are eligible, in order */
    size_t eligible;
    const char *relaxation_names[ORACLE_RELAXATIONS];
    size_t relaxation_counts[ORACLE_RELAXATIONS], relaxation_count;
    /* The facets: by country as 26 * first + second letter, and by a sector's first two digits. */
    size_t by_country[26 * 26], by_sector[100];
};

/* Relaxations are always found. */
struct oracle_answer oracle_find(struct arena *arena, const struct oracle_world *world,
                                 const struct match_question *question);

struct oracle_explanation {
    bool found;
    struct oracle_match match;
    size_t rank;
    const char *stated[14]; /* the filter rows, in order */
    size_t stated_count;
};
struct oracle_explanation oracle_explain(struct arena *arena, const struct oracle_world *world,
                                         const struct match_question *question, const char *organisation_id,
                                         const char *offer_id);
