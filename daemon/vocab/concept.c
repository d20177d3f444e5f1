#include "vocab/concept.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct link {
    uint32_t from, to;
};

struct links {
    struct link *items;
    size_t count, capacity;
};

static void links_add(struct links *links, uint32_t from, uint32_t to)
{
    if (links->count == links->capacity) {
        links->capacity = links->capacity ? links->capacity * 2 : 1024;
        links->items = heap_realloc(links->items, links->capacity * sizeof *links->items);
    }
    links->items[links->count++] = (struct link){from, to};
}

static int compare_links(const void *left, const void *right)
{
    const struct link *a = left, *b = right;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return (a->to > b->to) - (a->to < b->to);
}

/* Where a concept's own list of resolved links is: broader_there and its neighbours. */
typedef struct concept_list *(*list_of_fn)(struct concept *concept);

static struct concept_list *broader_of(struct concept *concept)
{
    return &concept->broader_there;
}

static struct concept_list *narrower_of(struct concept *concept)
{
    return &concept->narrower_there;
}

static struct concept_list *related_of(struct concept *concept)
{
    return &concept->related_there;
}

/* Sorts, drops doubles, and gives each concept its stretch of one array. */
static void links_share_out(struct arena *arena, struct links *links, struct concept *concepts,
                            list_of_fn list_of)
{
    if (!links->count)
        return;
    qsort(links->items, links->count, sizeof *links->items, compare_links);
    uint32_t *targets = arena_array(arena, links->count, sizeof *targets);
    size_t count = 0;
    for (size_t i = 0; i < links->count; i++) {
        const struct link *link = &links->items[i];
        if (i && compare_links(link - 1, link) == 0)
            continue;
        struct concept_list *list = list_of(&concepts[link->from]);
        if (!list->count)
            list->items = targets + count;
        targets[count++] = link->to;
        list->count++;
    }
}

static void collect(struct links *forward, struct links *backward, uint32_t from, struct text_list codes,
                    const struct text_map *by_code)
{
    for (size_t i = 0; i < codes.count; i++) {
        uint32_t to = text_map_get(by_code, codes.items[i]);
        if (to == TEXT_MAP_NONE || to == from)
            continue;
        links_add(forward, from, to);
        links_add(backward, to, from);
    }
}

static bool list_has(struct text_list list, const char *interned)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i] == interned)
            return true;
    return false;
}

/* The codes given, then those of the concepts that are not among them. */
static struct text_list codes_with(struct arena *arena, struct text_list given, struct concept_list there,
                                   const struct concept *concepts)
{
    const char **items = arena_array(arena, given.count + there.count, sizeof *items);
    size_t count = 0;
    for (; count < given.count; count++)
        items[count] = given.items[count];
    for (size_t i = 0; i < there.count; i++)
        if (!list_has(given, concepts[there.items[i]].code))
            items[count++] = concepts[there.items[i]].code;
    return (struct text_list){items, count};
}

void concept_resolve_links(struct arena *arena, struct concept *concepts, size_t count,
                           const struct text_map by_code[SCHEME_COUNT])
{
    struct links broader = {0}, narrower = {0}, related = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct concept *concept = &concepts[i];
        collect(&broader, &narrower, i, concept->broader, &by_code[concept->scheme]);
        collect(&related, &related, i, concept->related, &by_code[concept->scheme]);
    }
    links_share_out(arena, &broader, concepts, broader_of);
    links_share_out(arena, &narrower, concepts, narrower_of);
    links_share_out(arena, &related, concepts, related_of);
    for (size_t i = 0; i < count; i++) {
        struct concept *concept = &concepts[i];
        if (concept->narrower_there.count)
        concept->narrower = codes_with(arena, (struct text_list){0}, concept->narrower_there, concepts);
        if (concept->related_there.count)
        concept->related = codes_with(arena, concept->related, concept->related_there, concepts);
    }
    free(broader.items);
    free(narrower.items);
    free(related.items);
}
