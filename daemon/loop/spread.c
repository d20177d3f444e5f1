#include "loop/spread.h"

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

enum { MOVE_EVERY_NS = 1000000, LINE_BYTES = 64, NOWHERE = -1 };

/* A cache line each, since the others only read it. */
struct seat {
    alignas(LINE_BYTES) _Atomic int processor; /* where the thread ran last */
    int64_t tried_ns;                          /* its own */
};

struct spread {
    unsigned count;
    struct seat *seats;
};

struct spread *spread_new(unsigned count)
{
    struct spread *spread = heap_zalloc(sizeof *spread);
    spread->count = count;
    spread->seats = aligned_alloc(LINE_BYTES, count * sizeof *spread->seats);
    if (!spread->seats)
        heap_exhausted();
    for (unsigned i = 0; i < count; i++)
        spread->seats[i] = (struct seat){.processor = NOWHERE};
    return spread;
}

void spread_free(struct spread *spread)
{
    if (!spread)
        return;
    free(spread->seats);
    free(spread);
}

static bool is_taken(struct spread *spread, unsigned number, int processor)
{
    for (unsigned i = 0; i < spread->count; i++)
        if (i != number &&
            atomic_load_explicit(&spread->seats[i].processor, memory_order_relaxed) == processor)
            return true;
    return false;
}

static int free_processor(struct spread *spread, unsigned number, const cpu_set_t *allowed)
{
    for (int processor = 0; processor < CPU_SETSIZE; processor++)
        if (CPU_ISSET(processor, allowed) && !is_taken(spread, number, processor))
            return processor;
    return NOWHERE;
}

/* The thread is bound to the other processor and let go again: it stays there until the kernel has a reason. */
static bool move(struct spread *spread, unsigned number)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return false; /* more processors than the set has bits */
    int processor = free_processor(spread, number, &allowed);
    if (processor == NOWHERE)
        return false;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        return false;
    atomic_store_explicit(&spread->seats[number].processor, processor, memory_order_relaxed);
    if (sched_setaffinity(0, sizeof allowed, &allowed) != 0) {
        /* What was allowed has changed meanwhile: all that is. */
        memset(&allowed, 0xff, sizeof allowed);
        sched_setaffinity(0, sizeof allowed, &allowed);
    }
    return true;
}

bool spread_keep(struct spread *spread, unsigned number)
{
    struct seat *seat = &spread->seats[number];
    int processor = sched_getcpu();
    if (atomic_load_explicit(&seat->processor, memory_order_relaxed) != processor)
        atomic_store_explicit(&seat->processor, processor, memory_order_relaxed);
    if (!is_taken(spread, number, processor))
        return false;
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns - seat->tried_ns < MOVE_EVERY_NS)
        return false;
    seat->tried_ns = now_ns;
    return move(spread, number);
}
