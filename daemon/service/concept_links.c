#include "service/concept_links.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/vocabulary.h"

enum { CODE_SHOWN_BYTES = 100 };

/* Of two concepts of the load. */
struct link {
    uint32_t narrow, broad;
};

struct links {
    struct link *items;
    size_t count;
};

struct turning {
    struct arena *arena;
    struct store_concept *concepts;
    const struct text_list *narrower;
    size_t count;
    struct text_map by_code;
    struct links up, down; /* said by the narrow one, by the broad one alone; in order */
};

static int compare_links(const void *left, const void *right)
{
    const struct link *a = left, *b = right;
    if (a->narrow != b->narrow)
        return a->narrow < b->narrow ? -1 : 1;
    return (a->broad > b->broad) - (a->broad < b->broad);
}

static void sort(struct links *links)
{
    if (links->count)
        qsort(links->items, links->count, sizeof *links->items, compare_links);
}

static bool has(const struct links *links, struct link link)
{
    return links->count &&
           bsearch(&link, links->items, links->count, sizeof *links->items, compare_links) != NULL;
}

/* A code that comes twice stands for the first; the second is going to be rejected. */
static void index_codes(struct turning *turning)
{
    text_map_init(&turning->by_code);
    for (size_t i = 0; i < turning->count; i++)
        if (text_map_get(&turning->by_code, turning->concepts[i].code) == TEXT_MAP_NONE)
            text_map_set(&turning->by_code, turning->concepts[i].code, (uint32_t)i);
}

static bool stands_for_its_code(const struct turning *turning, size_t index)
{
    return text_map_get(&turning->by_code, turning->concepts[index].code) == index;
}

static void allot(struct turning *turning)
{
    size_t up_count = 0, down_count = 0;
    for (size_t i = 0; i < turning->count; i++) {
        up_count += turning->concepts[i].broader.count;
        down_count += turning->narrower[i].count;
    }
    turning->up.items = arena_array(turning->arena, up_count, sizeof *turning->up.items);
    turning->down.items = arena_array(turning->arena, down_count, sizeof *turning->down.items);
}

static void collect_up(struct turning *turning, uint32_t index)
{
    struct text_list broader = turning->concepts[index].broader;
    for (size_t i = 0; i < broader.count; i++) {
        uint32_t other = text_map_get(&turning->by_code, broader.items[i]);
        if (other != TEXT_MAP_NONE)
            turning->up.items[turning->up.count++] = (struct link){index, other};
    }
}

static int shown(const char *code)
{
    return (int)text_cut(code, CODE_SHOWN_BYTES);
}

static struct status say(const struct turning *turning, uint32_t index, const char *other, const char *fault)
{
    const char *code = turning->concepts[index].code;
    return status_format(turning->arena, STATUS_INVALID_ARGUMENT, "concept.narrower",
                         "of concept %u (%.*s) names %.*s, which %s", index, shown(code), code, shown(other),
                         other, fault);
}

/* Only what the narrow one doesn't say itself. */
static void collect_down(struct turning *turning, uint32_t index)
{
    struct text_list narrower = turning->narrower[index];
    for (size_t i = 0; i < narrower.count; i++) {
        uint32_t other = text_map_get(&turning->by_code, narrower.items[i]);
        struct link link = {other, index};
        if (other != TEXT_MAP_NONE && !has(&turning->up, link))
            turning->down.items[turning->down.count++] = link;
    }
}

static void collect(struct turning *turning)
{
    allot(turning);
    for (uint32_t i = 0; i < turning->count; i++)
        if (stands_for_its_code(turning, i))
            collect_up(turning, i);
    sort(&turning->up);
    for (uint32_t i = 0; i < turning->count; i++)
        if (stands_for_its_code(turning, i))
            collect_down(turning, i);
    sort(&turning->down);
}

static struct status check_directions(const struct turning *turning)
{
    for (size_t i = 0; i < turning->down.count; i++) {
        struct link link = turning->down.items[i], against = {link.broad, link.narrow};
        if (link.narrow == link.broad)
            return say(turning, link.broad, turning->concepts[link.narrow].code, "is itself");
        if (has(&turning->up, against) || has(&turning->down, against))
            return say(turning, link.broad, turning->concepts[link.narrow].code, "is broader than it");
    }
    return STATUS_NONE;
}

/* Links of one narrow concept, from `first` on; returns where the next one's begin. */
static size_t add_to_one(struct turning *turning, size_t first)
{
    const struct links *down = &turning->down;
    struct store_concept *concept = &turning->concepts[down->items[first].narrow];
    const size_t said = concept->broader.count;
    size_t end = first, count = said;
    while (end < down->count && down->items[end].narrow == down->items[first].narrow)
        end++;
    const char **codes = arena_array(turning->arena, count + end - first, sizeof *codes);
    if (said)
        memcpy(codes, concept->broader.items, said * sizeof *codes);
    for (size_t i = first; i < end; i++) {
        bool is_double = i > first && down->items[i - 1].broad == down->items[i].broad;
        if (!is_double)
            codes[count++] = turning->concepts[down->items[i].broad].code;
    }
    qsort(codes + said, count - said, sizeof *codes, text_compare); /* not in the load's order */
    concept->broader = (struct text_list){codes, count};
    return end;
}

struct status concept_links_turn(struct arena *arena, struct store_concept *concepts,
                                 const struct text_list *narrower, size_t count)
{
    struct turning turning = {.arena = arena, .concepts = concepts, .narrower = narrower, .count = count};
    index_codes(&turning);
    collect(&turning);
    struct status status = check_directions(&turning);
    for (size_t i = 0; status_ok(status) && i < turning.down.count;)
        i = add_to_one(&turning, i);
    text_map_fini(&turning.by_code);
    return status;
}
