#pragma once

#include <stdbool.h>

/* Industry codes of NACE, in the form of any of its revisions: a section's letter A to V, or `dd`, `dd.d`, `dd.dd`.
 * Pure; any thread. */
bool industry_is_valid(const char *code);
