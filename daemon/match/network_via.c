#include <stdlib.h>

#include "base/arena.h"
#include "match/index_data.h"
#include "match/network.h"
#include "match/network_walk.h"

/* A party between, with the number that orders organisations. */
struct between {
    uint32_t body, organisation;
    uint64_t order;
};

static int compare_between(const void *left, const void *right)
{
    const struct between *a = left, *b = right;
    int order = (a->body > b->body) - (a->body < b->body);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static int compare_order(const void *left, const void *right)
{
    const struct between *a = left, *b = right;
    return (a->order > b->order) - (a->order < b->order);
}

static size_t gather_between(const struct network *network, const struct match_index *index, uint32_t body,
                             const struct list *numbers, struct between *list)
{
    size_t count = 0;
    for (size_t i = 0; i < numbers->count; i++) {
        const uint32_t *parties;
        const struct partnership *partnership = network_partnership(index, numbers->items[i], &parties);
        for (uint32_t j = 0; j < partnership->count; j++) {
            uint32_t organisation = network_organisation(index, parties[j]);
            uint32_t other = organisation == PLACE_NONE ? body : index_body(index, organisation);
            const struct tie *tie = other == body ? NULL : network_tie(network, other);
            if (!tie || !tie->partner)
                continue;
            uint32_t place = organisation;
            int segment = index_locate(index, &place);
            if (list)
                list[count] = (struct between){other, organisation, index_order(index, segment, place)};
            count++;
        }
    }
    return count;
}

size_t network_via(const struct network *network, struct arena *arena, const struct match_index *index,
                   uint32_t body, int32_t today, const char ***ret_ids)
{
    struct list numbers = {.arena = arena};
    network_add_partnerships(index, body, today, &numbers);
    size_t count = gather_between(network, index, body, &numbers, NULL), kept = 0;
    struct between *list = arena_array(arena, count, sizeof *list);
    gather_between(network, index, body, &numbers, list);
    qsort(list, count, sizeof *list, compare_between);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || list[i].body != list[kept - 1].body)
            list[kept++] = list[i];
    qsort(list, kept, sizeof *list, compare_order);
    *ret_ids = arena_array(arena, kept, sizeof **ret_ids);
    for (size_t i = 0; i < kept; i++)
        (*ret_ids)[i] = index_organisation_entry(index, list[i].organisation)->entry.id;
    return kept;
}
