#include "model/timestamp.h"

#include "base/arena.h"

Google__Protobuf__Timestamp *timestamp_make(struct arena *arena, int64_t time_us)
{
    Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    time->seconds = time_us / 1000000;
    time->nanos = (int32_t)(time_us % 1000000 * 1000);
    return time;
}
