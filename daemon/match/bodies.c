#include "match/bodies.h"

#include <stdlib.h>

#include "base/arena.h"

static int compare_several(const void *left, const void *right)
{
    const struct several *a = left, *b = right;
    return (a->place > b->place) - (a->place < b->place);
}

static int compare_rows(const void *left, const void *right)
{
    const struct join *a = left, *b = right;
    int order = (a->left > b->left) - (a->left < b->left);
    return order ? order : (a->right > b->right) - (a->right < b->right);
}

struct several *bodies_find(const struct bodies *bodies, uint32_t place)
{
    const struct several wanted = {.place = place};
    return bodies->several_count ? bsearch(&wanted, bodies->several, bodies->several_count,
                                           sizeof *bodies->several, compare_several)
                                 : NULL;
}

uint32_t bodies_first(const struct bodies *bodies, uint32_t place)
{
    const struct several *several = bodies_find(bodies, place);
    return several ? bodies->members[several->first] : place;
}

/* `first` is the parent while bodies are found: a row in `several`. */
static uint32_t root_of(struct several *several, uint32_t i)
{
    while (several[i].first != i)
        i = several[i].first = several[several[i].first].first;
    return i;
}

/* The places that are joined at all, distinct. */
static void list_places(struct bodies *bodies, struct arena *arena, const struct join *joins, size_t count)
{
    struct several *several = arena_array(arena, 2 * count, sizeof *several);
    for (size_t i = 0; i < count; i++) {
        several[2 * i].place = joins[i].left;
        several[2 * i + 1].place = joins[i].right;
    }
    qsort(several, 2 * count, sizeof *several, compare_several);
    for (size_t i = 0; i < 2 * count; i++)
        if (i == 0 || several[i].place != several[bodies->several_count - 1].place)
            several[bodies->several_count++] = several[i];
    bodies->several = several;
}

/* The smaller becomes the root, so that a body's root is its first member. */
static void join_places(const struct bodies *bodies, const struct join *join)
{
    struct several *several = bodies->several;
    uint32_t a = root_of(several, (uint32_t)(bodies_find(bodies, join->left) - several));
    uint32_t b = root_of(several, (uint32_t)(bodies_find(bodies, join->right) - several));
    if (a < b)
        several[b].first = a;
    else
        several[a].first = b;
}

void bodies_make(struct bodies *bodies, struct arena *arena, const struct join *joins, size_t count)
{
    *bodies = (struct bodies){0};
    if (!count)
        return;
    list_places(bodies, arena, joins, count);
    uint32_t several_count = bodies->several_count;
    struct several *several = bodies->several;
    for (uint32_t i = 0; i < several_count; i++)
        several[i].first = i;
    for (size_t i = 0; i < count; i++)
        join_places(bodies, &joins[i]);
    struct join *rows = arena_array(arena, several_count, sizeof *rows); /* root and member */
    for (uint32_t i = 0; i < several_count; i++)
        rows[i] = (struct join){root_of(several, i), i};
    qsort(rows, several_count, sizeof *rows, compare_rows);
    bodies->members = arena_array(arena, several_count, sizeof *bodies->members);
    for (uint32_t i = 0, end; i < several_count; i = end) {
        for (end = i; end < several_count && rows[end].left == rows[i].left; end++)
            bodies->members[end] = several[rows[end].right].place;
        for (uint32_t j = i; j < end; j++) {
            several[rows[j].right].first = i;
            several[rows[j].right].count = end - i;
        }
    }
}
