#pragma once

#include <stdint.h>

enum { HISTOGRAM_BITS = 7, HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS };

/* Times counted in buckets that grow with them: every time is known to 1 in 128, from a nanosecond to centuries. Zeroed: empty. */
struct histogram {
    uint64_t count, most_ns, sum_ns;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
/* The time that this share (0 to 1) of all did not pass: its bucket's upper end, and never above the longest; 0: none. */
uint64_t histogram_ns(const struct histogram *histogram, double share);
