#pragma once

#include <stddef.h>
#include <stdint.h>

struct match_query;

/* Slots of the query's part that are taken one by one, then looked at chunk by chunk. Memory from the query's arena. */
struct slot_set {
    uint32_t count, capacity;
    uint32_t *slots;
    uint32_t *first; /* by chunk, and one more; once ended */
};

/* All slots of a body, where it is in the query's part. */
void slot_set_add_body(struct slot_set *set, const struct match_query *query, uint32_t body);
/* Has brought near what a body that is to be added soon takes: in two steps, 0 and then 1, of which one follows the other. */
void slot_set_fetch_body(const struct match_query *query, uint32_t body, unsigned step);
/* No more will be added. */
void slot_set_end(struct slot_set *set, const struct match_query *query);
/* Moves what of the set is in a chunk's slots to `taken`; NULL: drops it. How many there were. */
uint32_t slot_set_take(const struct slot_set *set, size_t chunk, uint64_t *slots, uint64_t *taken);
