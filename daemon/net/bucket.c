#include "net/bucket.h"

void bucket_init(struct bucket *bucket, double most, double per_s, int64_t now_ms)
{
    *bucket = (struct bucket){.level = most, .most = most, .per_s = per_s, .last_ms = now_ms};
}

void bucket_fill(struct bucket *bucket)
{
    bucket->level = bucket->most;
}

bool bucket_take(struct bucket *bucket, int64_t now_ms)
{
    bucket->level += bucket->per_s * (double)(now_ms - bucket->last_ms) / 1000;
    bucket->last_ms = now_ms;
    if (bucket->level > bucket->most)
        bucket->level = bucket->most;
    if (bucket->level < 1)
        return false;
    bucket->level -= 1;
    return true;
}
