#pragma once

#include <stddef.h>

/* A thread that works long at a time lets those that wait for its processor run in between. The kernel looks for them when one wakes
 * and at its tick, some milliseconds apart; one that woke a moment too early, having just run, would wait for the tick. */

/* The calling thread gives way from now on. */
void give_way_begin(void);

/* For loops whose steps take some microseconds each: lets others run, if the thread gives way and has not let them for 0.1 ms.
 * On other threads it does nothing. */
void give_way(void);

/* The same for steps of some nanoseconds each, of which i is the number. */
static inline void give_way_at(size_t i)
{
    if (i % 64 == 0)
        give_way();
}
