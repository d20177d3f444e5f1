#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/image.h"

/* How many owners something immutable has that any thread may acquire and release; the count is one of its members, and 1 at
 * first. What lies in an image has no owners: it is never counted, and stays. */

static inline void owners_add(const atomic_uint *owners)
{
    if (!image_has(owners))
        atomic_fetch_add_explicit((atomic_uint *)(uintptr_t)owners, 1, memory_order_relaxed);
}

/* True: that was the last one, who frees it. */
static inline bool owners_drop(const atomic_uint *owners)
{
    return !image_has(owners) &&
           atomic_fetch_sub_explicit((atomic_uint *)(uintptr_t)owners, 1, memory_order_acq_rel) == 1;
}

/* Whether who asks, one of the owners, is the only one, and what the others did is done. */
static inline bool owners_is_alone(const atomic_uint *owners)
{
    return atomic_load_explicit(owners, memory_order_acquire) == 1;
}

/* Copies what begins with its count, but for the count, which other threads move: it becomes 1. */
static inline void owners_copy(void *to, const void *from, size_t bytes)
{
    const size_t count = sizeof(atomic_uint);
    atomic_init((atomic_uint *)to, 1);
    memcpy((char *)to + count, (const char *)from + count, bytes - count);
}
