#include "match/identifiers.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/bodies.h"
#include "match/entry.h"
#include "match/weave.h"

bool identifier_held(const struct organisation_entry *organisation, const char *key)
{
    for (uint32_t i = 0; i < organisation->identifiers.count; i++)
        if (strcmp(organisation->identifiers.items[i], key) == 0)
            return true;
    return false;
}

bool identifier_joins(const struct organisation_entry *left, const struct organisation_entry *right)
{
    return strncmp(left->entry.id, right->entry.id, strcspn(left->entry.id, "/") + 1) != 0;
}

/* ---- tables ---- */

static uint32_t hash_of(const char *key)
{
    return (uint32_t)hash_text(key);
}

/* One pass of a stable sort by some of the hashes' bits. */
static void sort_by_bits(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
    enum { BITS = 11 };
    size_t *next = heap_zalloc(((1u << BITS) + 1) * sizeof *next);
    for (size_t i = 0; i < count; i++)
        next[(from[i] >> shift & ((1u << BITS) - 1)) + 1]++;
    for (size_t i = 0; i < 1u << BITS; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < count; i++)
        to[next[from[i] >> shift & ((1u << BITS) - 1)]++] = from[i];
    free(next);
}

struct identifier_table identifier_table_make(struct arena *arena,
                                              const struct organisation_entry *const *organisations,
                                              uint32_t count)
{
    enum { AHEAD = 8 };
    size_t total = 0, at = 0;
    for (uint32_t place = 0; place < count; place++) {
        if (place + AHEAD < count)
            __builtin_prefetch(&organisations[place + AHEAD]->identifiers);
        total += organisations[place]->identifiers.count;
    }
    uint64_t *rows = arena_alloc(arena, (total + 1) * sizeof *rows);
    uint64_t *other = heap_alloc((total + 1) * sizeof *other);
    for (uint32_t place = 0; place < count; place++) {
        if (place + AHEAD < count)
            __builtin_prefetch(organisations[place + AHEAD]->identifiers.items);
        const struct text_items *keys = &organisations[place]->identifiers;
        for (uint32_t i = 0; i < keys->count; i++)
            other[at++] = (uint64_t)hash_of(keys->items[i]) << 32 | place;
    }
    sort_by_bits(other, rows, total, 32);
    sort_by_bits(rows, other, total, 43);
    sort_by_bits(other, rows, total, 54);
    free(other);
    return (struct identifier_table){(uint32_t)total, rows};
}

/* The next row from one on whose holder is left, as it is now; `row` goes behind it. All ones: none. */
static uint64_t next_left(const struct identifier_table *table, const uint32_t *where, uint32_t *row)
{
    while (*row < table->count) {
        uint64_t from = table->rows[(*row)++];
        uint32_t place = where[(uint32_t)from];
        if (place != PLACE_NONE)
            return from >> 32 << 32 | place;
    }
    return UINT64_MAX;
}

struct identifier_table identifier_table_weave(struct arena *arena, const struct weave *organisations,
                                               const struct identifier_table *old,
                                               const struct identifier_table *new)
{
    const uint32_t *old_to = organisations->to[WEAVE_OLD], *new_to = organisations->to[WEAVE_NEW];
    uint64_t *rows = arena_alloc(arena, ((size_t)old->count + new->count + 1) * sizeof *rows);
    uint32_t old_row = 0, new_row = 0, count = 0;
    uint64_t left = next_left(old, old_to, &old_row), came = next_left(new, new_to, &new_row);
    while (left != UINT64_MAX || came != UINT64_MAX)
        if (left < came) {
            rows[count++] = left;
            left = next_left(old, old_to, &old_row);
        } else {
            rows[count++] = came;
            came = next_left(new, new_to, &new_row);
        }
    return (struct identifier_table){count, rows};
}

void identifier_table_find(const struct identifier_table *table, const char *key, uint32_t *ret_first,
                           uint32_t *ret_end)
{
    uint32_t hash = hash_of(key), low = 0, high = table->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table->rows[middle] >> 32 < hash)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    while (low < table->count && table->rows[low] >> 32 == hash)
        low++;
    *ret_end = low;
}

/* ---- joins ---- */

struct joining {
    const struct organisation_entry *const *organisations;
    struct join *joins;
    size_t count, capacity;
};

/* Who holds an identifier. */
struct holding {
    const char *key;
    uint32_t place;
};

static int compare_holdings(const void *left, const void *right)
{
    const struct holding *a = left, *b = right;
    int order = strcmp(a->key, b->key);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

static void add_join(struct joining *joining, uint32_t left, uint32_t right)
{
    if (joining->count == joining->capacity) {
        joining->capacity = joining->capacity ? joining->capacity * 2 : 64;
        joining->joins = heap_realloc(joining->joins, joining->capacity * sizeof *joining->joins);
    }
    joining->joins[joining->count++] = (struct join){left, right};
}

/* Holders of one identifier. */
static void join_holders(struct joining *joining, const struct holding *holders, size_t count)
{
    const struct organisation_entry *first = joining->organisations[holders[0].place];
    bool joins = false;
    for (size_t i = 1; i < count && !joins; i++)
        joins = identifier_joins(first, joining->organisations[holders[i].place]);
    for (size_t i = 1; i < count && joins; i++)
        add_join(joining, holders[0].place, holders[i].place);
}

/* Rows of one hash: mostly of one identifier. */
static void join_rows(struct joining *joining, const uint64_t *rows, size_t count)
{
    struct holding *holders = NULL;
    size_t held = 0, capacity = 0;
    for (size_t row = 0; row < count; row++) {
        if (row && rows[row] == rows[row - 1])
            continue; /* two of one organisation with the same hash: both were found */
        const struct text_items *keys = &joining->organisations[(uint32_t)rows[row]]->identifiers;
        for (uint32_t i = 0; i < keys->count; i++) {
            if (hash_of(keys->items[i]) != rows[row] >> 32)
                continue;
            if (held == capacity) {
                capacity = capacity ? capacity * 2 : count;
                holders = heap_realloc(holders, capacity * sizeof *holders);
            }
            holders[held++] = (struct holding){keys->items[i], (uint32_t)rows[row]};
        }
    }
    qsort(holders, held, sizeof *holders, compare_holdings);
    for (size_t i = 0, end; i < held; i = end) {
        for (end = i + 1; end < held && strcmp(holders[end].key, holders[i].key) == 0;)
            end++;
        join_holders(joining, holders + i, end - i);
    }
    free(holders);
}

struct join *identifier_table_joins(const struct identifier_table *table,
                                    const struct organisation_entry *const *organisations, size_t *ret_count)
{
    struct joining joining = {.organisations = organisations};
    for (uint32_t row = 0, end; row < table->count; row = end) {
        for (end = row + 1; end < table->count && table->rows[end] >> 32 == table->rows[row] >> 32;)
            end++;
        if (end - row > 1)
            join_rows(&joining, table->rows + row, end - row);
    }
    *ret_count = joining.count;
    return joining.joins;
}

/* ---- the book ---- */

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

uint32_t identifier_book_find(const struct identifier_book *book, const char *key,
                              const struct organisation_entry *const **ret_holders)
{
    uint32_t row = text_map_get(&book->by_key, key);
    if (row == TEXT_MAP_NONE)
        return 0;
    *ret_holders = book->holders[row].items;
    return book->holders[row].count;
}
