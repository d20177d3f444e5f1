#include "service/registry_filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/record.h"

enum { REGISTRIES_MOST = 300 };

struct status registry_filter_make(struct arena *arena, char *const *ids, size_t count,
                                   struct registry_filter *ret_filter)
{
    struct faults faults = {.arena = arena};
    if (count > REGISTRIES_MOST)
        faults_add(&faults, "", "registries", "has %zu items; at most %d are taken", count, REGISTRIES_MOST);
    for (size_t i = 0; i < count && count <= REGISTRIES_MOST; i++)
        if (!registry_id_is_valid(ids[i]))
            faults_add(&faults, "", "registries", "registries[%zu] is not a registry's id", i);
    if (faults.count)
        return faults_status(&faults);
    struct registry_filter filter = {.ids = arena_array(arena, count, sizeof *filter.ids)};
    const char **sorted = arena_array(arena, count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = ids[i];
    if (count)
        qsort(sorted, count, sizeof *sorted, text_compare);
    for (size_t i = 0; i < count; i++)
        if (!filter.count || strcmp(filter.ids[filter.count - 1], sorted[i]) != 0)
            filter.ids[filter.count++] = sorted[i];
    *ret_filter = filter;
    return STATUS_NONE;
}

bool registry_filter_takes(const struct registry_filter *filter, const char *registry)
{
    if (!filter->count)
        return true;
    for (size_t i = 0; i < filter->count; i++)
        if (strcmp(filter->ids[i], registry) == 0)
            return true;
    return false;
}
