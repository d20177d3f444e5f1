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

/* Whether two registries' ids are among the holders. */
static bool of_several_registries(const struct holders *holders)
{
    const char *first = holders->items[0]->entry.id;
    size_t bytes = strcspn(first, "/") + 1;
    for (uint32_t i = 1; i < holders->count; i++)
        if (strncmp(first, holders->items[i]->entry.id, bytes) != 0)
            return true;
    return false;
}

uint32_t identifier_book_joined(const struct identifier_book *book, const char *key,
                                const struct organisation_entry *const **ret_holders)
{
    uint32_t row = text_map_get(&book->by_key, key);
    if (row == TEXT_MAP_NONE || book->holders[row].count < 2 || !of_several_registries(&book->holders[row]))
        return 0;
    *ret_holders = book->holders[row].items;
    return book->holders[row].count;
}

/* ---- components ---- */

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
