#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "partner/v1/match.pb-c.h"

struct arena;
struct match_index;
struct match_block;
struct segment;

/* The outcomes that a need wants, as far as they were read, and which offered concepts cover them how well. */

/* How an offered concept stands to a wanted one, worst first. */
enum fit { FIT_NONE, FIT_RELATED, FIT_BROADER, FIT_NARROWER, FIT_SAME, FIT_COUNT };
double fit_value(enum fit fit);
/* An essential outcome asks for this at least. */
#define FIT_LEAST_ESSENTIAL FIT_NARROWER

struct wanted_concept {
    uint32_t concept; /* CONCEPT_NONE: no offer can have it but it was read */
    const char *code;
    const Partner__V1__Outcome *outcome;
    double idf;
    bool essential;
    uint32_t near_first, near_count; /* in near, best fit first */
};

/* A concept that covers a wanted one. */
struct near {
    uint32_t concept, wanted;
    enum fit fit;
    bool reusable; /* transversal or cross-sector */
    uint32_t next; /* another row of the same concept, or UINT32_MAX */
};

/* What a concept covers, side by side for each wanted one, so that a slot's concepts are joined all at once. */
enum { COVER_WANTED = 16 };
struct cover {
    uint32_t concept; /* CONCEPT_NONE: free */
    uint8_t fit[COVER_WANTED], reusable[COVER_WANTED];
};

struct wanted {
    uint32_t count, near_count;
    struct wanted_concept *items; /* distinct, in the order of the need */
    struct near *near;
    double idf_sum;
    uint32_t *rows, mask; /* near by concept, open addressing; UINT32_MAX: free */
    uint64_t *hint;       /* a bit for the lowest bits of each near concept: most others have it not */
    uint32_t hint_mask;
    struct cover *covers; /* as rows, by near concept; NULL: more are wanted than have room */
    /* Words of the request that were looked up, and how many of them could not be read. */
    size_t interpretation_count, unread_count;
    Partner__V1__Interpretation **interpretations;
};

/* How much a wanted concept weighs: rare ones more. CONCEPT_NONE: offered by nobody. */
double wanted_idf(const struct match_index *index, uint32_t concept);

void wanted_read(struct wanted *wanted, struct arena *arena, const struct match_index *index,
                 Partner__V1__Outcome *const *outcomes, size_t count);
/* The first row in near of an offered concept, the others by `next`; UINT32_MAX: it covers nothing. */
uint32_t wanted_find(const struct wanted *wanted, uint32_t concept);
/* For each wanted concept the best fit over what the slot offers, and whether any offered concept of some fit is reusable.
 * False: nothing fits, and the arrays are left alone. */
bool wanted_fit_slot(const struct wanted *wanted, const struct segment *segment, uint32_t slot, uint8_t *fits,
                     bool *reusable);

/* Fills the block's sums over wanted concepts: idf * fit, and how many are met by something reusable. `fits` and `flags` are
 * scratch for each wanted concept. */
void wanted_fill(const struct wanted *wanted, const struct segment *segment, struct match_block *block,
                 uint8_t *fits, bool *flags);
