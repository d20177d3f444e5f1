#pragma once

#include <stdint.h>

#include "match/weave.h"

struct segment;

/* What is left of a segment and all of a newer one, as segment_new would lay out their entries: but what the old one says of them
 * is copied, and only the newer one's entries are looked at. `dead`: organisations with all their offers, and offers that wait;
 * what the newer one has takes their place. Codes of regions that nobody has any more stay. One owner; the weave of the
 * organisations is the caller's. */
struct segment *segment_merge(const struct segment *old, const uint64_t *dead_organisations,
                              const uint64_t *dead_waiting, const struct segment *new, uint32_t concept_limit,
                              struct weave *ret_organisations);
