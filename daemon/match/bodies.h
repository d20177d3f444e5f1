#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Two organisations of one body, by place. */
struct join {
    uint32_t left, right;
};

/* Bodies: organisations of different registries that share identifiers, also in chains. Most stand alone and take no room
 * here. A body is named by its first member. */
struct bodies {
    uint32_t several_count; /* organisations that don't stand alone */
    struct several {
        uint32_t place;
        uint32_t first, count; /* the body's members in `members`, ascending */
        uint32_t preference;   /* most offers first, then by id; 0 is shown first */
        const char **same_as;  /* the others' ids, sorted */
    } * several;               /* by place */
    uint32_t *members;
};

/* Memory from the arena; preferences and same_as are left open. */
void bodies_make(struct bodies *bodies, struct arena *arena, const struct join *joins, size_t count);
/* NULL: stands alone. */
struct several *bodies_find(const struct bodies *bodies, uint32_t place);
/* The first member of a place's body. */
uint32_t bodies_first(const struct bodies *bodies, uint32_t place);
