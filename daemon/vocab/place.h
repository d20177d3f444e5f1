#pragma once

#include <stdbool.h>

/* Country and region codes. Countries are ISO 3166-1 alpha-2; regions are NUTS, which writes EL and UK where ISO
 * has GR and GB. Pure; any thread. */

struct arena;

/* ---- countries ---- */

/* Two letters A to Z. */
bool country_is_valid(const char *code);
/* A country of ISO 3166-1, or XK; after country_normalise. */
bool country_is_known(const char *code);
/* "GR" for EL and "GB" for UK (static), all else as it is (borrowed). */
const char *country_normalise(const char *code);

/* ---- regions ---- */

/* A region of level 1 to 3: two letters, then one to three of 0-9 A-Z. */
bool region_is_valid(const char *code);
/* What a need may ask for: the same, or two letters alone for a whole country. */
bool region_is_wanted(const char *code);
/* A wanted region as NUTS writes it: one that starts GR or GB gets EL or UK (in the arena), all else as it is
 * (borrowed). */
const char *region_normalise_wanted(struct arena *arena, const char *code);
/* The country as ISO writes it ("GR" for "EL30"); the code has the form of a region. */
void region_country(const char *code, char ret_country[3]);
/* `region` is `wanted` or lies in it. */
bool region_is_in(const char *region, const char *wanted);
