#pragma once

#include <stdbool.h>

#include "vocab/vocabulary.h"

/* Sector codes: fields of education and training of ISCED-F 2013. Two digits name a broad field, three a narrow one
 * within it, four a detailed one within that. Pure; any thread. */

/* 2 to 4 digits. */
bool sector_is_valid(const char *code);
/* One of the 220 codes, those that end in 0, 8, 9 and 99 with them. */
bool sector_is_known(const char *code);
/* The 220 codes in byte order. */
struct text_list sector_codes(void);

/* One is a prefix of the other: the one lies within the other, or they are the same. Both have the form of a code. */
bool sector_is_compatible(const char *left, const char *right);
/* Digits of the shorter code where the two are compatible, 2 to 4; else 0. */
unsigned sector_shared_digits(const char *left, const char *right);
