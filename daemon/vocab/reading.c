#include "vocab/reading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "vocab/stem.h"

static const float same_inflected = 0.85f, same_derived = 0.75f;
static const float same_after_slips[] = {1, 0.9f, 0.8f};
static const float same_swapped_most = 0.9f; /* times the root of the share of concepts that do so */
static const float same_prefix_least = 0.5f, same_prefix_range = 0.4f; /* by the share that is typed */

enum { PREFIX_BYTES_LEAST = 2, PREFIX_WORDS_MOST = 2000 };

struct collector {
    struct arena *arena;
    uint8_t *taken; /* of each word of the index */
    struct reading *items;
    size_t count, capacity;
};

static void collect(struct collector *collector, uint32_t word, float same, bool inflected)
{
    if (collector->taken[word])
        return;
    collector->taken[word] = 1;
    if (collector->count == collector->capacity) {
        size_t larger = collector->capacity ? collector->capacity * 2 : 16, bytes = sizeof *collector->items;
        collector->items =
            arena_grow(collector->arena, collector->items, collector->count * bytes, larger * bytes);
        collector->capacity = larger;
    }
    collector->items[collector->count++] = (struct reading){word, same, inflected};
}

static void collect_family(struct collector *collector, const struct word_index *index, const char *word)
{
    struct number_list family = word_index_family(index, word);
    for (size_t i = 0; i < family.count; i++) {
        bool inflected = stem_kinship(word, index->words[family.items[i]]) == KIN_INFLECTED;
        collect(collector, family.items[i], inflected ? same_inflected : same_derived, inflected);
    }
}

static void collect_swaps(struct collector *collector, const struct word_index *index, uint32_t known)
{
    for (uint32_t i = index->swaps.starts[known]; i < index->swaps.starts[known + 1]; i++) {
        const struct swap *swap = &index->swaps.items[i];
        collect(collector, swap->word, same_swapped_most * sqrtf(swap->share), false);
    }
}

static void collect_slips(struct collector *collector, const struct word_index *index, const char *word)
{
    const struct slip_hit *hits;
    size_t count = slip_index_find(&index->slips, collector->arena, word, &hits);
    for (size_t i = 0; i < count; i++)
        collect(collector, hits[i].word, same_after_slips[hits[i].slips], false);
}

static void collect_prefix(struct collector *collector, const struct word_index *index, const char *word)
{
    size_t size = strlen(word);
    if (size < PREFIX_BYTES_LEAST)
        return;
    uint32_t first, count = word_index_prefix(index, word, &first);
    if (count > PREFIX_WORDS_MOST)
        count = PREFIX_WORDS_MOST;
    for (uint32_t i = first; i < first + count; i++)
        collect(collector, i,
                same_prefix_least + same_prefix_range * (float)size / (float)strlen(index->words[i]), false);
}

static int compare_readings(const void *left, const void *right)
{
    const struct reading *a = left, *b = right;
    if (a->inflected != b->inflected)
        return a->inflected ? (b->same == 1 ? 1 : -1) : (a->same == 1 ? -1 : 1);
    if (a->same != b->same)
        return a->same > b->same ? -1 : 1;
    return (a->word > b->word) - (a->word < b->word);
}

struct reading_list reading_find(const struct word_index *index, struct arena *arena, const char *word,
                                 struct reading_options options)
{
    struct collector collector = {.arena = arena, .taken = heap_zalloc(index->word_count)};
    uint32_t known = word_index_find(index, word);
    if (known != TEXT_MAP_NONE)
        collect(&collector, known, 1, false);
    collect_family(&collector, index, word);
    if (known != TEXT_MAP_NONE)
        collect_swaps(&collector, index, known);
    if (options.slips && known == TEXT_MAP_NONE)
        collect_slips(&collector, index, word);
    if (options.prefixes)
        collect_prefix(&collector, index, word);
    free(collector.taken);
    if (collector.count)
        qsort(collector.items, collector.count, sizeof *collector.items, compare_readings);
    return (struct reading_list){collector.items, collector.count};
}
