#pragma once

#include "model/record.h"

struct arena;

/* Brings a record into the form in which it is validated, kept and compared, in place; new parts are the arena's.
 * - text in normal form C; fields that the contract doesn't know, and output fields (revision, update_time, same_as), cleared
 * - each CR LF one newline, where newlines may be
 * - EL and UK as GR and GB wherever a country stands; region codes stay as written
 * - a part that says nothing (a DayRange 0..0, a DateRange open at both ends, an Accreditation, Strategy, Contact or Recognition
 *   with nothing in it) is not there; a GeoPoint always says something
 * All else stays as written: identifiers too, which are only compared in one spelling (identifier.h). Doing it twice changes
 * nothing. The text is valid UTF-8. */
void record_normalise(struct arena *arena, pb_record *record);
/* The same for what stands in a request. */
void need_normalise(struct arena *arena, pb_need *need);
void offer_normalise(struct arena *arena, pb_offer *offer);
