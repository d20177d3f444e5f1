#pragma once

#include <stddef.h>
#include <stdint.h>

#include "match/numbered_set.h"

struct arena;

/* Two organisations of one body, by place. */
struct join {
    uint32_t left, right;
};

/* Bodies: organisations of different registries that share identifiers, also in chains. Most stand alone and take no room
 * here. A body is named by its first member. */
struct bodies {
    uint32_t several_count;     /* organisations that don't stand alone */
    struct numbered_set joined; /* which these are */
    struct several {
        uint32_t place;
        uint32_t first, count; /* the body's members in `members`, ascending */
        uint32_t preference;   /* most offers first, then by id; 0 is shown first */
        const char **same_as;  /* the others' ids, sorted */
    } * several;               /* by place */
    uint32_t *members;
};

/* Memory from the arena; preferences and same_as are left open. `organisations`: how many places there are. */
void bodies_make(struct bodies *bodies, struct arena *arena, uint32_t organisations, const struct join *joins,
                 size_t count);

/* NULL: stands alone. */
static inline struct several *bodies_find(const struct bodies *bodies, uint32_t place)
{
    return bits_has(bodies->joined.bits, place)
               ? &bodies->several[numbered_set_number(&bodies->joined, place)]
               : NULL;
}

/* The first member of a place's body. */
static inline uint32_t bodies_first(const struct bodies *bodies, uint32_t place)
{
    const struct several *several = bodies_find(bodies, place);
    return several ? bodies->members[several->first] : place;
}
