#pragma once

#include "base/arena.h"
#include "model/record.h"

/* Records written as text, so that tests are tables. A script is a kind and assignments divided by "; ":
 *   "offer; id=es/o1; duration.min_days=5; outcomes[1].text=weld; eqf_levels[0]=4"
 * A list grows up to the index named. Enums are numbers. A value `C*N` is the text C repeated N times; `{}` makes an empty part. */
pb_record *record_make(struct arena *arena, const char *script);
/* More assignments to the same record. */
void record_set(struct arena *arena, pb_record *record, const char *assignments);

/* Complete and valid ones of each kind, with something in every field; as scripts. */
extern const char *const full_organisation, *const full_offer, *const full_need, *const full_partnership;
