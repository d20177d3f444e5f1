#include "client/import_links.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"

struct link {
    uint32_t to, next; /* code numbers; TEXT_MAP_NONE: the last */
};

struct import_links {
    struct arena *arena;    /* the codes */
    struct text_map codes;  /* code: its number */
    const char **texts;     /* of each code */
    struct list_ends *ends; /* of each code and kind */
    size_t code_count, code_capacity;
    struct link *items;
    size_t item_count, item_capacity;
};

struct list_ends {
    uint32_t first[IMPORT_LINK_COUNT], last[IMPORT_LINK_COUNT];
};

struct import_links *import_links_new(void)
{
    struct import_links *links = heap_zalloc(sizeof *links);
    links->arena = arena_new(0);
    return links;
}

void import_links_free(struct import_links *links)
{
    if (!links)
        return;
    text_map_fini(&links->codes);
    free(links->texts);
    free(links->ends);
    free(links->items);
    arena_free(links->arena);
    free(links);
}

static uint32_t number_of(struct import_links *links, const char *code)
{
    uint32_t number = text_map_get(&links->codes, code);
    if (number != TEXT_MAP_NONE)
        return number;
    if (links->code_count == links->code_capacity) {
        links->code_capacity = links->code_capacity ? links->code_capacity * 2 : 1024;
        links->texts = heap_realloc(links->texts, links->code_capacity * sizeof *links->texts);
        links->ends = heap_realloc(links->ends, links->code_capacity * sizeof *links->ends);
    }
    number = (uint32_t)links->code_count++;
    links->texts[number] = arena_strdup(links->arena, code);
    for (size_t i = 0; i < IMPORT_LINK_COUNT; i++)
        links->ends[number].first[i] = links->ends[number].last[i] = TEXT_MAP_NONE;
    text_map_set(&links->codes, links->texts[number], number);
    return number;
}

void import_links_add(struct import_links *links, enum import_link kind, const char *from, const char *to)
{
    uint32_t from_number = number_of(links, from), to_number = number_of(links, to);
    struct list_ends *ends = &links->ends[from_number];
    if (links->item_count == links->item_capacity) {
        links->item_capacity = links->item_capacity ? links->item_capacity * 2 : 4096;
        links->items = heap_realloc(links->items, links->item_capacity * sizeof *links->items);
    }
    uint32_t item = (uint32_t)links->item_count++;
    links->items[item] = (struct link){to_number, TEXT_MAP_NONE};
    if (ends->last[kind] == TEXT_MAP_NONE)
        ends->first[kind] = item;
    else
        links->items[ends->last[kind]].next = item;
    ends->last[kind] = item;
}

static bool is_among(char *const *codes, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(codes[i], code))
            return true;
    return false;
}

size_t import_links_of(const struct import_links *links, struct arena *arena, enum import_link kind,
                       const char *from, char ***ret_codes)
{
    uint32_t number = text_map_get(&links->codes, from);
    if (number == TEXT_MAP_NONE)
        return 0;
    size_t most = 0, count = 0;
    for (uint32_t i = links->ends[number].first[kind]; i != TEXT_MAP_NONE; i = links->items[i].next)
        most++;
    char **codes = arena_array(arena, most, sizeof *codes);
    for (uint32_t i = links->ends[number].first[kind]; i != TEXT_MAP_NONE; i = links->items[i].next) {
        const char *code = links->texts[links->items[i].to];
        if (!is_among(codes, count, code))
            codes[count++] = arena_strdup(arena, code);
    }
    *ret_codes = codes;
    return count;
}
