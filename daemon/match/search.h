#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/entry.h"
#include "match/network.h"
#include "match/query.h"
#include "match/sector_wish.h"
#include "match/wanted.h"

struct match_index;
struct segment;

/* A question, taken apart once. What the need leaves empty is zero here. Emptying a field, as relaxations do, is a change
 * of a copy. */

enum { BLOCK_SLOTS = 256, CRITERION_COUNT = 8 };

struct match_query {
    const struct match_index *index;
    /* The part of the index that is looked at; slots are its own. */
    int part;
    const struct segment *segment;
    struct arena *arena;
    const struct match_question *question;
    int32_t today;

    struct sector_wish sectors;
    struct numbers countries;
    struct region_list regions;
    uint32_t min_days, max_days;
    struct spoken_list languages;
    uint32_t eqf_level, modes, themes;
    int32_t start, end; /* INT32_MIN, INT32_MAX: open */
    uint32_t learners, max_absent;
    struct wanted wanted;
    bool essential; /* whether essential outcomes count */
    bool keep, extend;

    const struct organisation_entry *sender; /* NULL: unknown, or none named */
    bool sender_named;
    uint32_t sender_body; /* PLACE_NONE */
    struct sector_wish target_sectors;
    struct network *network;

    double weights[CRITERION_COUNT]; /* by the criterion table's rows */
};

/* Some candidates, slots ascending. */
struct match_block {
    uint32_t count;
    uint32_t slots[BLOCK_SLOTS];
    /* of the wanted outcomes: sum of idf * fit, and how many are met by something reusable */
    double outcome_sum[BLOCK_SLOTS];
    uint32_t reusable_count[BLOCK_SLOTS];
};

void match_query_init(struct match_query *query, struct arena *arena, const struct match_index *index,
                      const struct match_question *question);

/* Turns to a part of the index. */
void match_query_enter(struct match_query *query, int part);
/* Whether a slot passes every filter. */
bool match_query_passes(const struct match_query *query, uint32_t slot);

/* ---- shared by filters, criteria and explanations ---- */

/* s: the least days that a stay at this slot takes. */
uint32_t match_query_stay_days(const struct match_query *query, uint32_t slot);
/* w: the places that a window must have. */
uint32_t match_query_places(const struct match_query *query);
/* Days of a window within the period; below 1: none. */
int64_t match_query_overlap_days(const struct match_query *query, const struct window *window);
/* Whether a slot has no windows, or one that holds. */
bool match_query_windows_hold(const struct match_query *query, uint32_t slot);
/* The largest places among the windows that hold; 0 without windows. */
uint32_t match_query_free_places(const struct match_query *query, uint32_t slot);
/* The body of a slot, as the index names it. */
uint32_t match_query_body(const struct match_query *query, uint32_t slot);
