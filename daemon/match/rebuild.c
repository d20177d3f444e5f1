#include <stdlib.h>

#include "base/arena.h"
#include "match/builder.h"

/* A new base from the index that was published last. */

enum { LEAST_CHANGES = 1000, CHANGES_ONE_IN = 1000 };

struct match_rebuild {
    struct match_index *index;
    uint64_t sequence, base_number;
    const struct segment *retired;
    struct base_set base;
};

bool match_builder_wants_rebuild(const struct match_builder *builder)
{
    if (!builder->base.segment)
        return false;
    size_t changes = (size_t)builder->overlay.owner_count + builder->overlay.other_count;
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
    rebuild->retired = builder->retired;
    builder->retired = NULL;
    return rebuild;
}

void match_rebuild_run(struct match_rebuild *rebuild)
{
    segment_release(rebuild->retired);
    rebuild->retired = NULL;
    rebuild->base = base_set_of_index(rebuild->index);
}

void match_rebuild_finish(struct match_builder *builder, struct match_rebuild *rebuild)
{
    match_index_release(rebuild->index);
    segment_release(rebuild->retired);
    if (rebuild->base.segment && rebuild->base_number == builder->base_number)
        builder_set_base(builder, &rebuild->base, rebuild->sequence);
    else
        base_set_release(&rebuild->base);
    free(rebuild);
}
