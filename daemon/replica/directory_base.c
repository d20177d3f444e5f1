#include "replica/directory_base.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/image.h"
#include "base/owners.h"
#include "base/text.h"

/* ---- building ---- */

struct pair {
    uint32_t word, row;
};

struct builder {
    struct directory_base *base;
    struct text_map by_word;
    struct pair *pairs;
    size_t pair_count, pair_capacity;
    uint32_t word_capacity, identifier_capacity;
};

static uint32_t add_word(struct builder *builder, const char *word, size_t size)
{
    struct directory_base *base = builder->base;
    uint32_t number = text_map_get_bytes(&builder->by_word, word, size);
    if (number != TEXT_MAP_NONE)
        return number;
    if (base->word_count == builder->word_capacity) {
        builder->word_capacity = builder->word_capacity ? builder->word_capacity * 2 : 1024;
        base->words = heap_realloc(base->words, builder->word_capacity * sizeof *base->words);
    }
    const char *copy = arena_strndup(base->arena, word, size);
    base->words[base->word_count] = copy;
    text_map_set(&builder->by_word, copy, base->word_count);
    return base->word_count++;
}

static void add_text(struct builder *builder, uint32_t row, const char *text)
{
    while (*text) {
        size_t size = strcspn(text, " ");
        if (builder->pair_count == builder->pair_capacity) {
            builder->pair_capacity = builder->pair_capacity ? builder->pair_capacity * 2 : 4096;
            builder->pairs = heap_realloc(builder->pairs, builder->pair_capacity * sizeof *builder->pairs);
        }
        builder->pairs[builder->pair_count++] = (struct pair){add_word(builder, text, size), row};
        text += size + (text[size] == ' ');
    }
}

static void add_entry(struct builder *builder, uint32_t row)
{
    struct directory_base *base = builder->base;
    const struct directory_entry *entry = directory_entry_acquire(base->entries[row]);
    base->traits[row] = directory_entry_traits(entry);
    add_text(builder, row, entry->name);
    add_text(builder, row, entry->city);
    const char *list = entry->other_names;
    for (const char *name; (name = directory_list_next(&list));)
        add_text(builder, row, name);
    list = entry->identifiers;
    for (const char *text; (text = directory_list_next(&list));) {
        if (base->identifier_count == builder->identifier_capacity) {
            builder->identifier_capacity =
                builder->identifier_capacity ? builder->identifier_capacity * 2 : 1024;
            base->identifiers =
                heap_realloc(base->identifiers, builder->identifier_capacity * sizeof *base->identifiers);
        }
        base->identifiers[base->identifier_count++] = (struct directory_identifier){text, row};
    }
}

static int compare_identifiers(const void *left, const void *right)
{
    const struct directory_identifier *a = left, *b = right;
    return strcmp(a->text, b->text);
}

/* Renumbers the words in byte order, so that those with one start stand together. */
static void sort_words(struct builder *builder)
{
    struct directory_base *base = builder->base;
    uint32_t *new_number = heap_alloc(base->word_count * sizeof *new_number);
    if (base->word_count)
        qsort(base->words, base->word_count, sizeof *base->words, text_compare);
    for (uint32_t i = 0; i < base->word_count; i++)
        new_number[text_map_get(&builder->by_word, base->words[i])] = i;
    for (size_t i = 0; i < builder->pair_count; i++)
        builder->pairs[i].word = new_number[builder->pairs[i].word];
    free(new_number);
}

static void make_rows(struct builder *builder)
{
    struct directory_base *base = builder->base;
    base->starts = arena_array(base->arena, base->word_count + 2, sizeof *base->starts);
    base->rows = arena_array(base->arena, builder->pair_count, sizeof *base->rows);
    /* Counted one place further, so that filling moves each start to where it should be. */
    uint32_t *ends = base->starts + 1;
    for (size_t i = 0; i < builder->pair_count; i++)
        base->starts[builder->pairs[i].word + 2]++;
    for (uint32_t i = 2; i <= base->word_count; i++)
        base->starts[i] += base->starts[i - 1];
    for (size_t i = 0; i < builder->pair_count; i++)
        base->rows[ends[builder->pairs[i].word]++] = builder->pairs[i].row;
}

struct directory_base *directory_base_new(struct directory_entry *const *entries, uint32_t count)
{
    struct directory_base *base = heap_zalloc(sizeof *base);
    struct builder builder = {.base = base};
    atomic_init(&base->owners, 1);
    base->arena = arena_new(0);
    base->entries = arena_copy(base->arena, entries, count * sizeof(struct directory_entry *));
    base->traits = arena_array(base->arena, count, sizeof *base->traits);
    base->count = count;
    text_map_init(&builder.by_word);
    for (uint32_t row = 0; row < count; row++)
        add_entry(&builder, row);
    sort_words(&builder);
    make_rows(&builder);
    if (base->identifier_count)
        qsort(base->identifiers, base->identifier_count, sizeof *base->identifiers, compare_identifiers);
    text_map_fini(&builder.by_word);
    free(builder.pairs);
    return base;
}

struct directory_base *directory_base_acquire(struct directory_base *base)
{
    owners_add(&base->owners);
    return base;
}

void directory_base_release(struct directory_base *base)
{
    if (!base || !owners_drop(&base->owners))
        return;
    for (uint32_t row = 0; row < base->count; row++)
        directory_entry_release(base->entries[row]);
    free(base->words);
    free(base->identifiers);
    arena_free(base->arena);
    free(base);
}

/* ---- images ---- */

static const char **put_words(const struct directory_base *base, struct image_writer *image)
{
    const char **words = heap_alloc(base->word_count * sizeof *words);
    for (uint32_t i = 0; i < base->word_count; i++)
        words[i] = image_put_text(image, base->words[i]);
    const void *put = image_put(image, words, base->word_count * sizeof *words);
    free(words);
    return (const char **)(uintptr_t)put;
}

/* Their texts are within the entries. */
static struct directory_identifier *put_identifiers(const struct directory_base *base,
                                                    struct directory_entry *const *entries,
                                                    struct image_writer *image)
{
    size_t bytes = base->identifier_count * sizeof *base->identifiers;
    struct directory_identifier *identifiers = heap_alloc(bytes);
    for (uint32_t i = 0; i < base->identifier_count; i++) {
        uint32_t row = base->identifiers[i].row;
        size_t offset = (size_t)(base->identifiers[i].text - (const char *)base->entries[row]);
        identifiers[i] = (struct directory_identifier){(const char *)entries[row] + offset, row};
    }
    const void *put = image_put(image, identifiers, bytes);
    free(identifiers);
    return (struct directory_identifier *)(uintptr_t)put;
}

static void *put_array(struct image_writer *image, const void *items, size_t count, size_t bytes)
{
    return (void *)(uintptr_t)image_put(image, items, count * bytes);
}

const struct directory_base *directory_base_put(const struct directory_base *base, struct image_writer *image)
{
    struct directory_entry **entries = heap_alloc(base->count * sizeof *entries);
    for (uint32_t row = 0; row < base->count; row++)
        entries[row] = (struct directory_entry *)(uintptr_t)directory_entry_put(base->entries[row], image);
    struct directory_base put = {
        .entries = put_array(image, entries, base->count, sizeof *entries),
        .traits = put_array(image, base->traits, base->count, sizeof *base->traits),
        .count = base->count,
        .words = put_words(base, image),
        .word_count = base->word_count,
        .starts = put_array(image, base->starts, (size_t)base->word_count + 2, sizeof *base->starts),
        .rows = put_array(image, base->rows, base->starts[base->word_count], sizeof *base->rows),
        .identifiers = put_identifiers(base, entries, image),
        .identifier_count = base->identifier_count,
    };
    free(entries);
    return image_put(image, &put, sizeof put);
}

/* ---- looking up ---- */

uint32_t directory_base_row(const struct directory_base *base, const char *id)
{
    uint32_t low = 0, high = base->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(base->entries[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void set_bit(uint64_t *bits, uint32_t row)
{
    bits[row / 64] |= (uint64_t)1 << row % 64;
}

/* Marks the rows that have a word that begins so. */
static void mark_word(const struct directory_base *base, const char *start, uint64_t *bits)
{
    uint32_t low = 0, high = base->word_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(base->words[middle], start) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < base->word_count && text_starts_with(base->words[low], start); low++)
        for (uint32_t at = base->starts[low]; at < base->starts[low + 1]; at++)
            set_bit(bits, base->rows[at]);
}

/* Words that together are an identifier: the words, and where it stands in the list of identifiers. */
struct run {
    size_t first, count;
    uint32_t identifier;
};

struct runs {
    struct run *items;
    size_t count, capacity;
};

uint32_t directory_base_identifier(const struct directory_base *base, uint32_t from, const char *text)
{
    uint32_t low = from, high = base->identifier_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(base->identifiers[middle].text, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_run(struct runs *runs, struct arena *arena, struct run run)
{
    if (runs->count == runs->capacity) {
        size_t larger = runs->capacity ? runs->capacity * 2 : 8, bytes = sizeof *runs->items;
        runs->items = arena_grow(arena, runs->items, runs->count * bytes, larger * bytes);
        runs->capacity = larger;
    }
    runs->items[runs->count++] = run;
}

static void find_runs(const struct directory_base *base, struct arena *arena, struct text_list words,
                      struct runs *runs)
{
    struct text_buffer together = {0};
    for (size_t first = 0; first < words.count; first++) {
        text_buffer_clear(&together);
        for (size_t i = first; i < words.count; i++) {
            text_buffer_add(&together, words.items[i]);
            uint32_t at = directory_base_identifier(base, 0, together.bytes);
            if (at == base->identifier_count || !text_starts_with(base->identifiers[at].text, together.bytes))
                break; /* no identifier goes on like this */
            if (text_equal(base->identifiers[at].text, together.bytes))
                add_run(runs, arena, (struct run){first, i + 1 - first, at});
        }
    }
    text_buffer_fini(&together);
}

static void mark_runs(const struct directory_base *base, const struct runs *runs, size_t word, uint64_t *bits)
{
    for (size_t i = 0; i < runs->count; i++) {
        const struct run *run = &runs->items[i];
        if (word < run->first || word >= run->first + run->count)
            continue;
        const char *text = base->identifiers[run->identifier].text;
        for (uint32_t at = run->identifier;
             at < base->identifier_count && text_equal(base->identifiers[at].text, text); at++)
            set_bit(bits, base->identifiers[at].row);
    }
}

uint64_t *directory_base_search(const struct directory_base *base, struct arena *arena,
                                struct text_list words)
{
    size_t size = directory_bit_words(base->count);
    uint64_t *all = arena_array(arena, size, sizeof *all), *one = arena_array(arena, size, sizeof *one);
    memset(all, 0xff, size * sizeof *all);
    struct runs runs = {0};
    find_runs(base, arena, words, &runs);
    for (size_t word = 0; word < words.count; word++) {
        memset(one, 0, size * sizeof *one);
        mark_word(base, words.items[word], one);
        mark_runs(base, &runs, word, one);
        for (size_t i = 0; i < size; i++)
            all[i] &= one[i];
    }
    return all;
}
