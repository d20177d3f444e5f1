#pragma once

#include <stdbool.h>

#include "model/record.h"

struct arena;

/* Strong identifiers: those by which two records are known to be one body. `oid` (E and 8 digits), `pic` (9 digits), `schac`
 * (a domain name), `vat` (2 letters, then 2 to 13 letters or digits). Records keep them as written; they are checked and
 * compared without blanks and in one case. Pure; any thread. */

enum { STRONG_IDENTIFIER_BYTES = 253 }; /* the longest: a domain name */

bool identifier_is_strong(const char *scheme);
/* The spelling that is compared: capitals, but a domain name in small letters. False: not a strong scheme, or the value
 * hasn't its form. */
bool strong_identifier_normalise(const char *scheme, const char *value,
                                 char ret_value[STRONG_IDENTIFIER_BYTES + 1]);
/* "oid:E10123456": what two records share that are one body. NULL: a former, a weak or a malformed identifier. */
const char *identifier_key(struct arena *arena, const pb_identifier *identifier);
