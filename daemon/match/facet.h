#pragma once

#include <stddef.h>
#include <stdint.h>

#include "partner/v1/match.pb-c.h"

struct arena;
struct match_query;
struct stretch;

/* Eligible bodies by the country of the record that is shown, and by each broad sector of that record's eligible offers. */
struct facet_counts;

struct facet_counts *facet_counts_new(struct arena *arena);
/* A slot of the query's part whose body is found to be shown by its record. */
void facet_add(struct facet_counts *facets, uint32_t slot);
void facet_add_chunk(struct facet_counts *facets, const struct match_query *query,
                     const struct stretch *stretch, const uint64_t *slots);
/* No more slots of this part. */
void facet_part_end(struct facet_counts *facets, const struct match_query *query);
/* Countries, then sectors; each by value; those with none are left out. */
void facet_answer(const struct facet_counts *facets, struct arena *arena,
                  Partner__V1__FindHostsResponse *response);
