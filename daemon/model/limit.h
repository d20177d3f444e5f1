#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a record may take, in one place. */

enum {
    LIMIT_RECORD_BYTES = 256 * 1024, /* packed, output fields aside */
    LIMIT_STAY_DAYS = 3660,
    LIMIT_EQF_LEVEL = 8,
    LIMIT_ANY_TEXT_BYTES = 500, /* what every text field may have, whatever its name */
    LIMIT_ANY_LIST_ITEMS = 100, /* and every list */
};

/* Bytes that a text field of this name may have. */
size_t limit_text_bytes(const char *field);
/* It may have newlines and tabs. */
bool limit_allows_newlines(const char *field);
/* Items that a list field of this name may have. */
size_t limit_list_items(const char *field);
