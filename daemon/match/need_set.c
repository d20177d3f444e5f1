#include "match/need_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/bits.h"
#include "match/number.h"

/* ---- sets ---- */

struct gathering {
    struct posting_pairs under, exact, country, language, eqf, mode;
};

/* A pair once: a need's values are few. */
static void add_once(struct posting_pairs *pairs, uint32_t value, uint32_t row)
{
    for (size_t i = pairs->count; i > 0 && pairs->items[i - 1].slot == row; i--)
        if (pairs->items[i - 1].value == value)
            return;
    posting_pairs_add(pairs, value, row);
}

static void gather_sectors(struct gathering *all, struct numbers list, uint32_t row)
{
    if (!list.count)
        posting_pairs_add(&all->exact, 0, row);
    for (uint32_t i = 0; i < list.count; i++) {
        posting_pairs_add(&all->exact, list.items[i], row);
        for (unsigned digits = 2; digits <= number_sector_digits(list.items[i]); digits++)
            add_once(&all->under, number_sector_prefix(list.items[i], digits), row);
    }
}

static void gather_row(struct gathering *all, const struct need_facts *facts, uint32_t row)
{
    gather_sectors(all, facts->sectors, row);
    if (!facts->countries.count)
        posting_pairs_add(&all->country, 0, row);
    for (uint32_t i = 0; i < facts->countries.count; i++)
        posting_pairs_add(&all->country, facts->countries.items[i], row);
    if (!facts->languages.count)
        posting_pairs_add(&all->language, 0, row);
    for (uint32_t i = 0; i < facts->languages.count; i++)
        add_once(&all->language,
                 facts->languages.items[i].language * LEVEL_VALUES + facts->languages.items[i].level, row);
    posting_pairs_add(&all->eqf, facts->eqf_level, row);
    if (!facts->modes)
        posting_pairs_add(&all->mode, 0, row);
    for (uint32_t modes = facts->modes; modes; modes &= modes - 1)
        posting_pairs_add(&all->mode, (uint32_t)__builtin_ctz(modes), row);
}

static void make_tables(struct need_set *set)
{
    struct gathering all = {0};
    if (!set->count)
        return; /* empty tables answer for every value */
    for (uint32_t row = 0; row < set->count; row++)
        gather_row(&all, &set->facts[row], row);
    const struct {
        struct posting_table *table;
        struct posting_pairs *pairs;
        uint32_t values;
    } rows[] = {
        {&set->country, &all.country, COUNTRY_VALUES},
        {&set->sector_under, &all.under, SECTOR_VALUES},
        {&set->sector_exact, &all.exact, SECTOR_VALUES},
        {&set->language, &all.language, LANGUAGE_VALUES * LEVEL_VALUES},
        {&set->eqf, &all.eqf, 32},
        {&set->mode, &all.mode, 32},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i].table = posting_table_make(set->arena, rows[i].pairs, rows[i].values, set->count);
        posting_pairs_fini(rows[i].pairs);
    }
}

static void number_owners(struct need_set *set)
{
    struct text_map map;
    text_map_init(&map);
    for (uint32_t row = 0; row < set->count; row++) {
        const char *id = set->needs[row]->organisation_id;
        uint32_t owner = text_map_get(&map, id);
        if (owner == TEXT_MAP_NONE) {
            owner = set->owner_count++;
            set->owner_ids[owner] = id;
            text_map_set(&map, id, owner);
        }
        set->owner[row] = owner;
    }
    text_map_fini(&map);
}

struct need_set *need_set_new(const struct need_entry *const *needs, size_t count)
{
    struct need_set *set = heap_zalloc(sizeof *set);
    atomic_init(&set->references, 1);
    set->arena = arena_new(0);
    set->count = (uint32_t)count;
    set->needs = arena_array(set->arena, count, sizeof(const struct need_entry *));
    set->facts = arena_array(set->arena, count, sizeof *set->facts);
    set->owner = arena_array(set->arena, count, sizeof *set->owner);
    set->owner_ids = arena_array(set->arena, count, sizeof *set->owner_ids);
    for (size_t i = 0; i < count; i++) {
        entry_acquire(&needs[i]->entry);
        set->needs[i] = needs[i];
        set->facts[i] = needs[i]->facts;
    }
    number_owners(set);
    make_tables(set);
    return set;
}

struct need_set *need_set_acquire(struct need_set *set)
{
    atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void need_set_release(struct need_set *set)
{
    if (!set || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t row = 0; row < set->count; row++)
        entry_release(&set->needs[row]->entry);
    arena_free(set->arena);
    free(set);
}

uint32_t need_set_find(const struct need_set *set, const char *id)
{
    uint32_t low = 0, high = set->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(set->needs[middle]->entry.id, id);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return UINT32_MAX;
}

/* ---- owners' places ---- */

static struct need_places *places_new(const struct need_set *set, const struct segment *base)
{
    struct need_places *to = heap_zalloc(sizeof *to);
    atomic_init(&to->references, 1);
    to->places = heap_alloc(set->owner_count * sizeof *to->places + 1);
    for (uint32_t owner = 0; owner < set->owner_count; owner++)
        to->places[owner] =
            id_table_find(&base->organisation_table, (const struct entry *const *)base->organisations,
                          base->organisation_count, NULL, set->owner_ids[owner]);
    return to;
}

static struct need_places *places_acquire(struct need_places *places)
{
    atomic_fetch_add_explicit(&places->references, 1, memory_order_relaxed);
    return places;
}

static void places_release(struct need_places *places)
{
    if (!places || atomic_fetch_sub_explicit(&places->references, 1, memory_order_acq_rel) != 1)
        return;
    free(places->places);
    free(places);
}

/* ---- views ---- */

struct need_view *need_view_acquire(struct need_view *view)
{
    atomic_fetch_add_explicit(&view->references, 1, memory_order_relaxed);
    return view;
}

void need_view_release(struct need_view *view)
{
    if (!view || atomic_fetch_sub_explicit(&view->references, 1, memory_order_acq_rel) != 1)
        return;
    for (int i = 0; i < NEED_PARTS; i++) {
        need_set_release(view->parts[i].set);
        places_release(view->parts[i].places);
        free(view->parts[i].live);
    }
    free(view);
}

static struct need_part part_of(struct need_set *set, const uint64_t *live)
{
    size_t bytes = bits_words(set->count) * sizeof(uint64_t);
    return (struct need_part){.set = need_set_acquire(set),
                              .live = memcpy(heap_alloc(bytes + 1), live, bytes)};
}

/* ---- the book ---- */

/* Beyond a share of the large set, what came and went since makes a new one. */
enum { FEW_CHANGES = 1000, MOST_CHANGED_ONE_IN = 8 };

struct need_book {
    struct need_set *base;
    uint64_t *base_live;
    uint32_t base_gone;
    struct need_entry **added; /* not in base */
    size_t added_count, added_capacity;
    struct need_view *view; /* the last one; NULL: something changed */
    struct need_places
        *places; /* of base's owners, in the index's base of that number; NULL: not found yet */
    uint64_t base_number;
};

static uint64_t *all_live(uint32_t count)
{
    uint64_t *live = heap_zalloc(bits_words(count) * sizeof *live + 1);
    for (uint32_t row = 0; row < count; row++)
        bits_set(live, row);
    return live;
}

struct need_book *need_book_new(void)
{
    struct need_book *book = heap_zalloc(sizeof *book);
    book->base = need_set_new(NULL, 0);
    book->base_live = all_live(0);
    return book;
}

void need_book_free(struct need_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->added_count; i++)
        entry_release(&book->added[i]->entry);
    need_set_release(book->base);
    need_view_release(book->view);
    places_release(book->places);
    free(book->base_live);
    free(book->added);
    free(book);
}

static void forget_view(struct need_book *book)
{
    need_view_release(book->view);
    book->view = NULL;
}

void need_book_add(struct need_book *book, struct need_entry *need)
{
    if (book->added_count == book->added_capacity) {
        book->added_capacity = book->added_capacity ? book->added_capacity * 2 : 64;
        book->added = heap_realloc(book->added, book->added_capacity * sizeof *book->added);
    }
    entry_acquire(&need->entry);
    book->added[book->added_count++] = need;
    forget_view(book);
}

void need_book_remove(struct need_book *book, const struct need_entry *need)
{
    uint32_t row = need_set_find(book->base, need->entry.id);
    if (row != UINT32_MAX && book->base->needs[row] == need) {
        bits_clear(book->base_live, row);
        book->base_gone++;
    }
    forget_view(book);
}

static int compare_needs(const void *left, const void *right)
{
    const struct need_entry *const *a = left, *const *b = right;
    return strcmp((*a)->entry.id, (*b)->entry.id);
}

static void forget_dropped(struct need_book *book)
{
    size_t kept = 0;
    for (size_t i = 0; i < book->added_count; i++)
        if (book->added[i]->entry.dropped)
            entry_release(&book->added[i]->entry);
        else
            book->added[kept++] = book->added[i];
    book->added_count = kept;
    if (kept)
        qsort(book->added, kept, sizeof *book->added, compare_needs);
}

/* All that is current becomes the large set. */
static void settle(struct need_book *book)
{
    size_t most = book->base->count + book->added_count, count = 0;
    const struct need_entry **needs = heap_alloc(most * sizeof *needs + 1);
    for (size_t row = bits_next(book->base_live, book->base->count, 0); row < book->base->count;
         row = bits_next(book->base_live, book->base->count, row + 1))
        needs[count++] = book->base->needs[row];
    for (size_t i = 0; i < book->added_count; i++)
        needs[count++] = book->added[i];
    if (count)
        qsort(needs, count, sizeof *needs, compare_needs);
    struct need_set *base = need_set_new(needs, count);
    free(needs);
    for (size_t i = 0; i < book->added_count; i++)
        entry_release(&book->added[i]->entry);
    book->added_count = 0;
    need_set_release(book->base);
    free(book->base_live);
    places_release(book->places);
    book->places = NULL;
    book->base = base;
    book->base_live = all_live(base->count);
    book->base_gone = 0;
}

/* An index with another base has its organisations in other places. */
static void renew_places(struct need_book *book, const struct segment *base, uint64_t base_number)
{
    if (book->places && book->base_number == base_number)
        return;
    places_release(book->places);
    book->places = places_new(book->base, base);
    book->base_number = base_number;
}

struct need_view *need_book_publish(struct need_book *book, const struct segment *base, uint64_t base_number)
{
    if (book->base_number != base_number)
        forget_view(book);
    if (book->view)
        return need_view_acquire(book->view);
    forget_dropped(book);
    size_t changed = book->added_count + book->base_gone;
    if (changed > FEW_CHANGES && changed > book->base->count / MOST_CHANGED_ONE_IN)
        settle(book);
    renew_places(book, base, base_number);
    struct need_set *delta = need_set_new((const struct need_entry *const *)book->added, book->added_count);
    uint64_t *delta_live = all_live(delta->count);
    struct need_view *view = book->view = heap_zalloc(sizeof *view);
    atomic_init(&view->references, 1);
    view->parts[0] = part_of(book->base, book->base_live);
    view->parts[0].places = places_acquire(book->places);
    view->parts[1] = part_of(delta, delta_live);
    free(delta_live);
    need_set_release(delta);
    return need_view_acquire(view);
}
