#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/index_data.h"
#include "match/overlay.h"

/* Inside the builder. Without a base, before the first index and after another vocabulary, all entries are loaded one behind the
 * other and nothing is looked up; then they become the base, and what changes since is the overlay. One thread. */
struct match_builder {
    struct arena *scratch; /* of the record at hand */
    struct vocabulary *vocabulary;
    struct concepts *concepts;

    const struct entry **loaded; /* of an id the last counts */
    size_t loaded_count, loaded_capacity;

    struct base_set base; /* segment NULL: none */
    struct overlay overlay;
    uint64_t sequence;    /* of the index to be published next, from 1 */
    uint64_t base_number; /* tells bases apart */
    /* Of the base alone, and what is over it but for what is fresh. NULL: not made yet. */
    struct match_index *base_index, *settled;
    struct match_index *last; /* published last */
    /* Former ones. Whoever lets go of an index last frees what it alone has, and for a reader that takes too long. */
    struct match_index **retired;
    size_t retired_count, retired_capacity;
};

/* Stands on a base with all that the index of that number has; takes it over. */
void builder_set_base(struct match_builder *builder, const struct base_set *base, uint64_t sequence);
/* Takes over an index, or NULL, until nobody else has it. */
void builder_retire(struct match_builder *builder, struct match_index *index);
/* Lets go of those that nobody else has. */
void builder_let_go(struct match_builder *builder);
/* The same with a list of such indexes; returns how many are left. */
size_t former_let_go(struct match_index **former, size_t count);
/* Makes the base of what is loaded. */
void builder_make_base(struct match_builder *builder);
/* Makes loaded entries of base and overlay. */
void builder_drop_base(struct match_builder *builder);
