#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "replica/directory.h"
#include "replica/directory_base.h"
#include "replica/directory_entry.h"

/* Inside a directory: a base that stays for many publications, and what changed since: base rows that no longer count, and entries
 * beside it. */
struct directory {
    _Atomic unsigned owners;
    struct directory_base *base;
    uint64_t *dead;                 /* a bit a row of the base */
    struct directory_entry **added; /* in order of id */
    uint32_t dead_count, added_count, count;
};

static inline bool directory_is_dead(const struct directory *directory, uint32_t row)
{
    return directory->dead[row / 64] >> row % 64 & 1;
}
