#include "match/bodies.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/entry.h"

/* One identifier's holders. */
struct holders {
    char *key;
    const struct organisation_entry **items;
    uint32_t count, capacity;
};

struct identifier_book {
    struct text_map by_key;
    struct holders *holders;
    uint32_t count, capacity;
    uint32_t *unused; /* rows whose identifier nobody holds any more */
    uint32_t unused_count, unused_capacity;
};

struct identifier_book *identifier_book_new(void)
{
    return heap_zalloc(sizeof(struct identifier_book));
}

void identifier_book_free(struct identifier_book *book)
{
    if (!book)
        return;
    for (uint32_t i = 0; i < book->count; i++) {
        free(book->holders[i].items);
        free(book->holders[i].key);
    }
    free(book->holders);
    free(book->unused);
    text_map_fini(&book->by_key);
    free(book);
}

static struct holders *holders_of(struct identifier_book *book, const char *key)
{
    uint32_t row = text_map_get(&book->by_key, key);
    if (row != TEXT_MAP_NONE)
        return &book->holders[row];
    if (book->unused_count) {
        row = book->unused[--book->unused_count];
    } else {
        if (book->count == book->capacity) {
            book->capacity = book->capacity ? book->capacity * 2 : 256;
            book->holders = heap_realloc(book->holders, book->capacity * sizeof *book->holders);
        }
        row = book->count++;
    }
    book->holders[row] = (struct holders){.key = heap_strdup(key)};
    text_map_set(&book->by_key, book->holders[row].key, row);
    return &book->holders[row];
}

void identifier_book_add(struct identifier_book *book, const struct organisation_entry *organisation)
{
    for (uint32_t i = 0; i < organisation->identifiers.count; i++) {
        struct holders *holders = holders_of(book, organisation->identifiers.items[i]);
        if (holders->count == holders->capacity) {
            holders->capacity = holders->capacity ? holders->capacity * 2 : 1;
            holders->items = heap_realloc(holders->items, holders->capacity * sizeof *holders->items);
        }
        holders->items[holders->count++] = organisation;
    }
}

static void row_release(struct identifier_book *book, uint32_t row)
{
    struct holders *holders = &book->holders[row];
    text_map_remove(&book->by_key, holders->key);
    free(holders->key);
    free(holders->items);
    *holders = (struct holders){0};
    if (book->unused_count == book->unused_capacity) {
        book->unused_capacity = book->unused_capacity ? book->unused_capacity * 2 : 64;
        book->unused = heap_realloc(book->unused, book->unused_capacity * sizeof *book->unused);
    }
    book->unused[book->unused_count++] = row;
}

void identifier_book_remove(struct identifier_book *book, const struct organisation_entry *organisation)
{
    for (uint32_t i = 0; i < organisation->identifiers.count; i++) {
        uint32_t row = text_map_get(&book->by_key, organisation->identifiers.items[i]);
        if (row == TEXT_MAP_NONE)
            continue;
        struct holders *holders = &book->holders[row];
        for (uint32_t j = 0; j < holders->count; j++)
            if (holders->items[j] == organisation) {
                holders->items[j] = holders->items[--holders->count];
                break;
            }
        if (!holders->count)
            row_release(book, row);
    }
}

/* ---- components ---- */

/* Whether two registries' ids are among the holders: within one registry nobody is joined. */
static bool of_several_registries(const struct holders *holders)
{
    const char *first = holders->items[0]->entry.id;
    size_t bytes = strcspn(first, "/") + 1;
    for (uint32_t i = 1; i < holders->count; i++)
        if (strncmp(first, holders->items[i]->entry.id, bytes) != 0)
            return true;
    return false;
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* The smaller becomes the root, so that a body's root is its first member. */
static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

static void join_all(const struct identifier_book *book, uint32_t *parent)
{
    for (uint32_t row = 0; row < book->count; row++) {
        const struct holders *holders = &book->holders[row];
        if (holders->count < 2 || !of_several_registries(holders))
            continue;
        for (uint32_t i = 1; i < holders->count; i++)
            join(parent, holders->items[0]->entry.place, holders->items[i]->entry.place);
    }
}

void bodies_make(struct bodies *bodies, struct arena *arena, const struct identifier_book *book,
                 uint32_t organisation_count)
{
    uint32_t *parent = heap_alloc(organisation_count * sizeof *parent);
    for (uint32_t i = 0; i < organisation_count; i++)
        parent[i] = i;
    join_all(book, parent);
    bodies->count = 0;
    bodies->of_organisation = arena_array(arena, organisation_count, sizeof *bodies->of_organisation);
    bodies->first = arena_array(arena, (size_t)organisation_count + 2, sizeof *bodies->first);
    bodies->members = arena_array(arena, organisation_count, sizeof *bodies->members);
    for (uint32_t i = 0; i < organisation_count; i++) {
        uint32_t root = root_of(parent, i);
        uint32_t body = root == i ? bodies->count++ : bodies->of_organisation[root];
        bodies->of_organisation[i] = body;
        bodies->first[body + 2]++;
    }
    /* first[body + 1] is where the body's next member goes; in the end it is where the next body begins. */
    for (uint32_t body = 0; body < bodies->count; body++)
        bodies->first[body + 2] += bodies->first[body + 1];
    for (uint32_t i = 0; i < organisation_count; i++)
        bodies->members[bodies->first[bodies->of_organisation[i] + 1]++] = i;
    free(parent);
}
