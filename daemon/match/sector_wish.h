#pragma once

#include <stdint.h>

#include "match/entry.h"

/* Wanted sectors, prepared so that an offered code costs a few looks whatever their number. */
struct sector_wish {
    struct numbers wanted;
    /* Codes that are wanted, and what longer ones of them begin with; NULL where none is wanted. */
    const uint64_t *marks, *prefixes;
    unsigned least_digits; /* of a wanted code */
};

void sector_wish_init(struct sector_wish *wish, struct arena *arena, struct numbers wanted);
/* The most digits that a wanted and an offered code have in common, one a prefix of the other; 0: no such pair. */
unsigned sector_wish_digits(const struct sector_wish *wish, struct numbers offered);
/* Such a pair, for sentences; false: none. */
bool sector_wish_pair(const struct sector_wish *wish, struct numbers offered, uint16_t *ret_wanted,
                      uint16_t *ret_offered);
