#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbered_set;

/* What is left of an old sequence, with the items of a new one between: in runs, so that arrays beside them are copied and not
 * looked at. On the heap. */
enum { WEAVE_OLD, WEAVE_NEW, WEAVE_SIDES };
struct weave {
    uint32_t count, run_count; /* of items in the whole */
    struct weave_run {
        uint32_t side, from, to, count; /* from its side's items to those of the whole */
    } * runs;                           /* upwards */
    uint32_t
        *to[WEAVE_SIDES]; /* where each item went, PLACE_NONE: left out; NULL in weaves of other weaves */
};

/* `dead` are left out; so many of the old ones, dead or not, come before each of the new ones: ascending. */
struct weave weave_new(uint32_t old_count, const uint64_t *dead, const uint32_t *before, uint32_t new_count);
/* Each item has a list, all lists of a side one after the other from `first` on (item count + 1): the weave of what is in them. */
struct weave weave_of_lists(const struct weave *weave, const uint32_t *old_first, const uint32_t *new_first);
/* Of those items that are in sets. */
struct weave weave_of_members(const struct weave *weave, const struct numbered_set *old, uint32_t old_count,
                              const struct numbered_set *new, uint32_t new_count);
void weave_free(struct weave *weave);

/* Arrays of items of so many bytes. */
void weave_copy(const struct weave *weave, void *to, const void *old, const void *new, size_t bytes);
/* Sets of items; `to` is empty. */
void weave_copy_bits(const struct weave *weave, uint64_t *to, const uint64_t *old, const uint64_t *new);
/* Where lists begin: weave_of_lists. */
void weave_copy_firsts(const struct weave *weave, uint32_t *to, const uint32_t *old, const uint32_t *new);
/* Items that are numbers of another weave's; PLACE_NONE stays. */
void weave_copy_numbers(const struct weave *weave, uint32_t *to, const uint32_t *old, const uint32_t *new,
                        const struct weave *numbers);
