#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "match/partnership_set.h"
#include "match/segment.h"

/* What an organisation that owns needs is in a base of the index, found once. Holds while its place there isn't dead. */

#define BODY_NUMBER_NONE UINT32_MAX

/* Half a cache line. */
struct need_owner {
    uint32_t place;                /* PLACE_NONE: not in that base */
    uint32_t number;               /* of its body; BODY_NUMBER_NONE: it doesn't send */
    uint32_t partnership, partner; /* one that holds it and that place, of another body; PLACE_NONE: none */
    int32_t since, until;          /* when that counts */
    bool has_aims;                 /* it states targets or priorities */
};

/* Of each id; fills bodies as well, with room for as many: those of owners that send, ascending. A body's number is its place
 * among these. */
void need_owners_find(struct need_owner *owners, const char *const *ids, uint32_t count,
                      const struct segment *base, const struct partnership_set *partnerships,
                      uint32_t *bodies, uint32_t *ret_body_count);
/* BODY_NUMBER_NONE: not among them. */
uint32_t need_owner_number(const uint32_t *bodies, uint32_t count, uint32_t body);
