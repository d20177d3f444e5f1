#include "match/bodies.h"

#include <stdlib.h>

#include "base/arena.h"

static int compare_rows(const void *left, const void *right)
{
    const struct join *a = left, *b = right;
    int order = (a->left > b->left) - (a->left < b->left);
    return order ? order : (a->right > b->right) - (a->right < b->right);
}

/* `first` is the parent while bodies are found: a row in `several`. */
static uint32_t root_of(struct several *several, uint32_t i)
{
    while (several[i].first != i)
        i = several[i].first = several[several[i].first].first;
    return i;
}

/* The places that are joined at all, distinct. */
static void list_places(struct bodies *bodies, struct arena *arena, uint32_t organisations,
                        const struct join *joins, size_t count)
{
    size_t words = bits_words(organisations);
    bodies->joined.bits = arena_array(arena, words, sizeof *bodies->joined.bits);
    for (size_t i = 0; i < count; i++) {
        bits_set(bodies->joined.bits, joins[i].left);
        bits_set(bodies->joined.bits, joins[i].right);
    }
    bodies->several_count = numbered_set_count(&bodies->joined, arena, words);
    bodies->several = arena_array(arena, bodies->several_count, sizeof *bodies->several);
    for (size_t i = 0, place = 0; i < bodies->several_count; i++, place++) {
        place = bits_next(bodies->joined.bits, organisations, place);
        bodies->several[i].place = (uint32_t)place;
    }
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

void bodies_make(struct bodies *bodies, struct arena *arena, uint32_t organisations, const struct join *joins,
                 size_t count)
{
    *bodies = (struct bodies){0};
    list_places(bodies, arena, organisations, joins, count);
    if (!count)
        return;
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
