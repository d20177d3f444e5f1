#pragma once

#include <stddef.h>

#include "partner/v1/types.pb-c.h"
#include "partner/v1/vocabulary.pb-c.h"

struct client;

/* Sectors, countries, regions, languages by word or by code. Codes are taken as they are; words are looked up on the server,
 * and how they were read is told on standard error. What is unknown, or could be several things, is reported with the nearest and
 * gives an exit code other than EXIT_DONE. Results are in the client's arena. */

/* The code that a person's words mean in a scheme. */
int words_to_code(struct client *client, Partner__V1__Scheme scheme, const char *words,
                  const char **ret_code);
/* All values of a flag. */
int words_of_flag(struct client *client, Partner__V1__Scheme scheme, const char *flag, char ***ret_codes,
                  size_t *ret_count);
/* "de:B1", "German:B1", "de". */
int words_to_languages(struct client *client, const char *flag, Partner__V1__LanguageLevel ***ret_levels,
                       size_t *ret_count);

/* "sector", "outcome", ... to a scheme; UNSPECIFIED where it is none. */
Partner__V1__Scheme words_scheme(const char *word);
const char *words_scheme_name(Partner__V1__Scheme scheme);
