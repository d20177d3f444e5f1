#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How long a stay is, as people write it: "14d", "3w", "6m", "14-21", "2w-3w", "2-3w". A month is 30 days. Pure. */

struct stay {
    uint32_t min_days, max_days;
};

/* `unit` is what a bare number counts: 'd', 'w' or 'm'. False: not a stay, or none from 1 to 3,660 days, or the wrong way
 * round; *ret_stay stays. */
bool stay_parse(const char *text, char unit, struct stay *ret_stay);

/* A length of time with a unit, "500ms", "10s", "2m", "1h", a bare number being seconds; false: none, or over a day. */
bool stay_parse_timeout(const char *text, int64_t *ret_timeout_ms);
