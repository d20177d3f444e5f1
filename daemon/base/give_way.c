#include "base/give_way.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum { EVERY_NS = 100000 };

static _Thread_local bool gives_way;
static _Thread_local int64_t next_ns;

void give_way_begin(void)
{
    gives_way = true;
}

void give_way(void)
{
    if (!gives_way || clock_monotonic_ns() < next_ns)
        return;
    sched_yield();
    next_ns = clock_monotonic_ns() + EVERY_NS;
}
