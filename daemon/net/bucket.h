#pragma once

#include <stdbool.h>
#include <stdint.h>

/* So many at once and then so many a second: a token bucket. */
struct bucket {
    double level, most, per_s;
    int64_t last_ms;
};

/* Begins full. */
void bucket_init(struct bucket *bucket, double most, double per_s, int64_t now_ms);
void bucket_fill(struct bucket *bucket);
/* Takes one; false when it is empty. */
bool bucket_take(struct bucket *bucket, int64_t now_ms);
