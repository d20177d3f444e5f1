#pragma once

#include <stdbool.h>

#include "vocab/vocabulary.h"

/* Language codes of ISO 639-1: two letters a to z. Pure; any thread. */

/* The form alone. */
bool language_is_valid(const char *code);
/* One of the list's codes. */
bool language_is_known(const char *code);
/* All codes, in byte order. */
struct text_list language_codes(void);
