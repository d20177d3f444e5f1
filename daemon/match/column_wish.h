#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct match_query;
struct segment;

/* What a need asks of days and places, in 16 bits as a segment's columns have them. */
struct column_wish {
    bool windows_stated;
    int16_t today, days_least, days_most; /* the offer's longest and shortest stay */
    int16_t min_days, start, end, places; /* of windows */
};

/* False: something doesn't fit, and entries must be looked at. */
bool column_wish_read(struct column_wish *wish, const struct match_query *query);
/* Leaves those of the slots that hold, for `words` words of them from the word on. Odd slots hold. */
void column_wish_narrow(const struct column_wish *wish, const struct segment *segment, size_t word,
                        size_t words, uint64_t *slots);
