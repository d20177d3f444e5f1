#include <string.h>

#include "base/arena.h"
#include "match/index_data.h"
#include "match/network.h"
#include "match/network_walk.h"

/* Partners in one country, of many bodies: each partnership is looked through once. */

/* Whether one of the body's records states the country. */
static bool is_in(const struct match_index *index, uint32_t body, uint16_t country)
{
    struct members members;
    index_members(index, body, &members);
    for (uint32_t i = 0; i < members.count; i++)
        if (index->segments[members.segment]->organisations[members.places[i]]->country == country)
            return true;
    return false;
}

/* The bodies of one partnership that are in the country, distinct. */
struct local {
    uint32_t number, first, count;
};

struct network_locals {
    struct arena *arena;
    const struct match_index *index;
    uint16_t country;
    int32_t today;
    struct local *items;
    uint32_t count, *rows, size; /* by partnership, open addressing; UINT32_MAX: free */
    struct list bodies, found;
};

struct network_locals *network_locals_new(struct arena *arena, const struct match_index *index,
                                          uint16_t country, int32_t today)
{
    struct network_locals *locals = arena_zalloc(arena, sizeof *locals);
    *locals = (struct network_locals){.arena = arena,
                                      .index = index,
                                      .country = country,
                                      .today = today,
                                      .bodies = {.arena = arena},
                                      .found = {.arena = arena}};
    return locals;
}

static uint32_t local_row(const struct network_locals *locals, uint32_t number)
{
    uint32_t row = (number * 2654435769u) >> 5 & (locals->size - 1);
    while (locals->rows[row] != UINT32_MAX && locals->items[locals->rows[row]].number != number)
        row = (row + 1) & (locals->size - 1);
    return row;
}

static void resize_locals(struct network_locals *locals, uint32_t size)
{
    locals->items = arena_grow(locals->arena, locals->items, locals->count * sizeof *locals->items,
                               size / 2 * sizeof *locals->items);
    locals->rows = arena_alloc(locals->arena, size * sizeof *locals->rows);
    locals->size = size;
    memset(locals->rows, 0xff, size * sizeof *locals->rows);
    for (uint32_t i = 0; i < locals->count; i++)
        locals->rows[local_row(locals, locals->items[i].number)] = i;
}

static struct local local_of(struct network_locals *locals, uint32_t number)
{
    if (locals->count * 2 >= locals->size)
        resize_locals(locals, locals->size ? locals->size * 2 : 64);
    uint32_t row = local_row(locals, number);
    if (locals->rows[row] != UINT32_MAX)
        return locals->items[locals->rows[row]];
    const struct network_nodes nodes = network_nodes_of(locals->index);
    struct local local = {.number = number, .first = (uint32_t)locals->bodies.count};
    const uint32_t *parties;
    const struct partnership *partnership = network_partnership(locals->index, number, &parties);
    for (uint32_t i = 0; i < partnership->count; i++) {
        uint32_t body = network_body(&nodes, parties[i]);
        if (body != PLACE_NONE && is_in(locals->index, body, locals->country))
            list_add(&locals->bodies, body);
    }
    list_settle(&locals->bodies, local.first);
    local.count = (uint32_t)locals->bodies.count - local.first;
    locals->rows[row] = locals->count;
    return locals->items[locals->count++] = local;
}

uint32_t network_locals_count(struct network_locals *locals, uint32_t body)
{
    struct list numbers = {.arena = locals->arena}, *found = &locals->found;
    if (locals->country == 0)
        return 0;
    network_add_partnerships(locals->index, body, locals->today, &numbers);
    found->count = 0;
    uint32_t parts = 0;
    for (size_t i = 0; i < numbers.count; i++) {
        struct local local = local_of(locals, numbers.items[i]);
        parts += local.count > 0;
        for (uint32_t j = 0; j < local.count; j++)
            if (locals->bodies.items[local.first + j] != body)
                list_add(found, locals->bodies.items[local.first + j]);
    }
    if (parts > 1)
        list_settle(found, 0);
    return (uint32_t)found->count;
}
