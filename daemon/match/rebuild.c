#include <stdlib.h>

#include "base/arena.h"
#include "match/builder.h"

/* A new base from the index that was published last. */

enum { LEAST_CHANGES = 1000, CHANGES_ONE_IN = 250 };

struct match_rebuild {
    struct match_index *index;
    uint64_t sequence, base_number;
    struct base_set base; /* made of it */
    /* On the old base, once there is a new one. */
    struct match_index **former;
    size_t former_count;
};

bool match_builder_wants_rebuild(const struct match_builder *builder)
{
    if (!builder->base.segment)
        return false;
    const struct overlay *overlay = &builder->overlay;
    size_t rows = overlay->row_count - overlay->other_count; /* an owner's offers may have come and gone */
    size_t owners = overlay->owner_count > rows ? overlay->owner_count : rows;
    size_t changes = owners + overlay->other_count;
    return changes > LEAST_CHANGES + builder->base.segment->organisation_count / CHANGES_ONE_IN;
}

struct match_rebuild *match_rebuild_begin(struct match_builder *builder)
{
    if (!builder->last || builder->last->segments[BASE] != builder->base.segment)
        return NULL;
    struct match_rebuild *rebuild = heap_zalloc(sizeof *rebuild);
    rebuild->index = match_index_acquire(builder->last);
    rebuild->sequence = builder->sequence - 1;
    rebuild->base_number = builder->base_number;
    return rebuild;
}

void match_rebuild_run(struct match_rebuild *rebuild)
{
    rebuild->base = base_set_of_index(rebuild->index);
}

void match_rebuild_finish(struct match_builder *builder, struct match_rebuild *rebuild)
{
    if (!rebuild->base.segment || rebuild->base_number != builder->base_number)
        return;
    builder_set_base(builder, &rebuild->base, rebuild->sequence);
    rebuild->base = (struct base_set){0};
    rebuild->former = builder->retired;
    rebuild->former_count = builder->retired_count;
    builder->retired = NULL;
    builder->retired_count = builder->retired_capacity = 0;
}

bool match_rebuild_let_go(struct match_rebuild *rebuild)
{
    match_index_release(rebuild->index); /* never the last reference: the builder or `former` has another */
    rebuild->index = NULL;
    base_set_release(&rebuild->base);
    rebuild->base = (struct base_set){0};
    rebuild->former_count = former_let_go(rebuild->former, rebuild->former_count);
    return !rebuild->former_count;
}

void match_rebuild_free(struct match_rebuild *rebuild)
{
    if (!rebuild)
        return;
    match_index_release(rebuild->index);
    for (size_t i = 0; i < rebuild->former_count; i++)
        match_index_release(rebuild->former[i]);
    free(rebuild->former);
    base_set_release(&rebuild->base);
    free(rebuild);
}
