#pragma once

#include <stdint.h>

struct offer_entry;
struct organisation_entry;
struct segment;

/* How slots lie in a segment, and what its columns say of them. */

/* Lays out a segment whose entries, tables of ids and bodies are in place; `offers_of` counts each organisation's offers. */
void layout_make(struct segment *segment, const uint32_t *offers_of, uint32_t concept_limit);

/* What slots are ordered by, those with the same key by organisation and offer: the first sector's digits from the left, so that a
 * broad sector is one run; then the country. The offer is NULL for a profile. */
uint32_t layout_key(const struct organisation_entry *host, const struct offer_entry *offer);
/* The columns and sets of slots that have one place for each slot, as where nothing is stated; the slots are counted. */
void layout_make_columns(struct segment *segment);
