#pragma once

#include "base/status.h"
#include "model/record.h"

struct arena;
struct vocabulary;

/* Whether a normalised record means something. Field paths run from the kind, list items are numbered from 0:
 * "offer.duration.max_days", "offer.outcomes[2].concept". The vocabulary may be NULL; regions and industries are looked up in it
 * where it has any. Messages start with the field's name and hold no contact data. Pure; memory from the arena. */

/* The first fault in the order of fields. Of its id the form alone is checked. */
struct status record_validate(struct arena *arena, const struct vocabulary *vocabulary,
                              const struct record *record);

/* For what stands in a request: adds all faults, each path with the prefix in front ("need."). A need's id and organisation_id,
 * and an offer's id, may be empty there. */
void need_validate(struct faults *faults, const struct vocabulary *vocabulary, const char *prefix,
                   const pb_need *need);
void offer_validate(struct faults *faults, const struct vocabulary *vocabulary, const char *prefix,
                    const pb_offer *offer);
