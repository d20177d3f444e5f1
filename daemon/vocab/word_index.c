#include "vocab/word_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "vocab/stem.h"

enum { ROOT_BYTES_MOST = 64 };

struct pair {
    uint32_t word, entry;
};

struct builder {
    struct arena *arena, *scratch; /* scratch: one text's */
    struct word_index *index;
    struct pair *pairs;
    size_t pair_count, pair_capacity;
    uint32_t entry_capacity, word_capacity;
    const char **languages;
    size_t language_count;
};

/* ---- texts to words ---- */

struct text_list word_split(struct arena *arena, const char *text)
{
    char *folded = text_fold(arena, text);
    size_t words = *folded != '\0', count = 0;
    for (const char *at = folded; *at; at++)
        words += *at == ' ';
    const char **items = arena_array(arena, words, sizeof *items);
    for (char *word = folded, *next; word && *word; word = next) {
        size_t size = strcspn(word, " ");
        next = word[size] ? word + size + 1 : NULL;
        word[stem_singular(word, size)] = '\0';
        size_t known = 0;
        while (known < count && strcmp(items[known], word) != 0)
            known++;
        if (known == count)
            items[count++] = word;
    }
    return (struct text_list){items, count};
}

static uint32_t add_word(struct builder *builder, const char *word)
{
    struct word_index *index = builder->index;
    uint32_t number = text_map_get(&index->by_word, word);
    if (number != TEXT_MAP_NONE)
        return number;
    if (index->word_count == builder->word_capacity) {
        builder->word_capacity = builder->word_capacity ? builder->word_capacity * 2 : 1024;
        index->words = heap_realloc(index->words, builder->word_capacity * sizeof *index->words);
    }
    const char *copy = arena_strdup(builder->arena, word);
    index->words[index->word_count] = copy;
    text_map_set(&index->by_word, copy, index->word_count);
    return index->word_count++;
}

static uint16_t add_language(struct builder *builder, const char *language)
{
    size_t number = 0;
    while (number < builder->language_count && strcmp(builder->languages[number], language) != 0)
        number++;
    if (number == builder->language_count && number < UINT16_MAX) {
        builder->languages = heap_realloc(builder->languages, (number + 1) * sizeof *builder->languages);
        builder->languages[builder->language_count++] = language;
    }
    return (uint16_t)number;
}

static void add_pair(struct builder *builder, uint32_t word, uint32_t entry)
{
    if (builder->pair_count == builder->pair_capacity) {
        builder->pair_capacity = builder->pair_capacity ? builder->pair_capacity * 2 : 4096;
        builder->pairs = heap_realloc(builder->pairs, builder->pair_capacity * sizeof *builder->pairs);
    }
    builder->pairs[builder->pair_count++] = (struct pair){word, entry};
}

static void add_text(struct builder *builder, uint32_t concept, const char *language, enum entry_kind kind,
                     const char *text)
{
    struct word_index *index = builder->index;
    arena_reset(builder->scratch);
    struct text_list words = word_split(builder->scratch, text);
    if (!words.count)
        return;
    if (index->entry_count == builder->entry_capacity) {
        builder->entry_capacity = builder->entry_capacity ? builder->entry_capacity * 2 : 1024;
        index->entries = heap_realloc(index->entries, builder->entry_capacity * sizeof *index->entries);
    }
    index->entries[index->entry_count] = (struct word_entry){
        .concept = concept, .language = add_language(builder, language), .kind = (uint8_t)kind};
    for (size_t i = 0; i < words.count; i++)
        add_pair(builder, add_word(builder, words.items[i]), index->entry_count);
    index->entry_count++;
}

static void add_concept(struct builder *builder, uint32_t number, const struct concept *concept)
{
    for (size_t i = 0; i < concept->words_count; i++) {
        const struct concept_words *words = &concept->words[i];
        add_text(builder, number, words->language, ENTRY_LABEL, words->label);
        for (size_t j = 0; j < words->other_labels.count; j++)
            add_text(builder, number, words->language, ENTRY_OTHER_LABEL, words->other_labels.items[j]);
        add_text(builder, number, words->language, ENTRY_DESCRIPTION, words->description);
    }
}

/* ---- from what was collected to what is searched ---- */

/* Renumbers the words in byte order, so that those with a prefix stand together. */
static void sort_words(struct builder *builder)
{
    struct word_index *index = builder->index;
    const char **sorted = arena_copy(builder->arena, index->words, index->word_count * sizeof *sorted);
    if (index->word_count)
        qsort(sorted, index->word_count, sizeof *sorted, text_compare);
    uint32_t *new_number = heap_alloc(index->word_count * sizeof *new_number);
    for (uint32_t i = 0; i < index->word_count; i++) {
        new_number[text_map_get(&index->by_word, sorted[i])] = i;
        text_map_set(&index->by_word, sorted[i], i);
    }
    for (size_t i = 0; i < builder->pair_count; i++)
        builder->pairs[i].word = new_number[builder->pairs[i].word];
    free(new_number);
    free(index->words);
    index->words = sorted;
}

/* Pairs come by entry, so each word's postings do too. */
static void make_postings(struct builder *builder)
{
    struct word_index *index = builder->index;
    uint32_t *starts = arena_array(builder->arena, index->word_count + 1, sizeof *starts);
    index->postings = arena_array(builder->arena, builder->pair_count, sizeof *index->postings);
    for (size_t i = 0; i < builder->pair_count; i++)
        starts[builder->pairs[i].word + 1]++;
    for (uint32_t i = 0; i < index->word_count; i++)
        starts[i + 1] += starts[i];
    uint32_t *ends = heap_alloc(index->word_count * sizeof *ends);
    memcpy(ends, starts, index->word_count * sizeof *ends);
    for (size_t i = 0; i < builder->pair_count; i++)
        index->postings[ends[builder->pairs[i].word]++] = builder->pairs[i].entry;
    free(ends);
    index->posting_starts = starts;
}

static void weigh(struct builder *builder)
{
    struct word_index *index = builder->index;
    index->weights = arena_array(builder->arena, index->word_count, sizeof *index->weights);
    index->heaviest = log1p(index->concept_count);
    for (uint32_t word = 0; word < index->word_count; word++) {
        struct number_list postings = word_index_postings(index, word);
        uint32_t concepts = 0, last = UINT32_MAX;
        for (size_t i = 0; i < postings.count; i++) {
            uint32_t concept = index->entries[postings.items[i]].concept;
            concepts += concept != last;
            last = concept;
        }
        index->weights[word] = (float)log1p((double)index->concept_count / concepts);
    }
    for (size_t i = 0; i < builder->pair_count; i++)
        index->entries[builder->pairs[i].entry].weight += index->weights[builder->pairs[i].word];
}

static size_t root_of(const char *word, char root[ROOT_BYTES_MOST])
{
    size_t size = strlen(word);
    if (size >= ROOT_BYTES_MOST)
        return 0;
    size = stem_root(word, size, root);
    root[size] = '\0';
    return size;
}

static void make_families(struct builder *builder)
{
    struct word_index *index = builder->index;
    uint32_t *root_of_word = heap_alloc(index->word_count * sizeof *root_of_word), root_count = 0;
    char root[ROOT_BYTES_MOST];
    for (uint32_t word = 0; word < index->word_count; word++) {
        root_of_word[word] = TEXT_MAP_NONE;
        if (!root_of(index->words[word], root))
            continue;
        root_of_word[word] = text_map_get(&index->by_root, root);
        if (root_of_word[word] == TEXT_MAP_NONE) {
            root_of_word[word] = root_count++;
            text_map_set(&index->by_root, arena_strdup(builder->arena, root), root_of_word[word]);
        }
    }
    index->root_starts = arena_array(builder->arena, root_count + 1, sizeof *index->root_starts);
    index->root_words = arena_array(builder->arena, index->word_count, sizeof *index->root_words);
    for (uint32_t word = 0; word < index->word_count; word++)
        if (root_of_word[word] != TEXT_MAP_NONE)
            index->root_starts[root_of_word[word] + 1]++;
    for (uint32_t root_at = 0; root_at < root_count; root_at++)
        index->root_starts[root_at + 1] += index->root_starts[root_at];
    uint32_t *ends = heap_alloc((root_count + 1) * sizeof *ends);
    memcpy(ends, index->root_starts, (root_count + 1) * sizeof *ends);
    for (uint32_t word = 0; word < index->word_count; word++)
        if (root_of_word[word] != TEXT_MAP_NONE)
            index->root_words[ends[root_of_word[word]]++] = word;
    free(ends);
    free(root_of_word);
}

static int compare_numbers(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Pairs come by entry: each label's words stand together. */
static void learn_swaps(struct builder *builder)
{
    struct word_index *index = builder->index;
    uint32_t *words = heap_alloc(builder->pair_count * sizeof *words);
    struct swap_text *texts = heap_alloc(index->entry_count * sizeof *texts);
    size_t text_count = 0;
    for (size_t i = 0, end; i < builder->pair_count; i = end) {
        const struct word_entry *entry = &index->entries[builder->pairs[i].entry];
        for (end = i; end < builder->pair_count && builder->pairs[end].entry == builder->pairs[i].entry;
             end++)
            words[end] = builder->pairs[end].word;
        if (entry->kind == ENTRY_DESCRIPTION)
            continue;
        qsort(words + i, end - i, sizeof *words, compare_numbers);
        uint32_t group = entry->concept * (uint32_t)builder->language_count + entry->language;
        texts[text_count++] = (struct swap_text){group, (uint32_t)(end - i), words + i};
    }
    index->swaps = swap_learn(builder->arena, texts, text_count, index->word_count);
    free(texts);
    free(words);
}

struct word_index *word_index_new(struct arena *arena, const struct concept *concepts, uint32_t first_concept,
                                  uint32_t count)
{
    struct word_index *index = arena_zalloc(arena, sizeof *index);
    struct builder builder = {.arena = arena, .scratch = arena_new(0), .index = index};
    index->first_concept = first_concept;
    index->concept_count = count;
    text_map_init(&index->by_word);
    text_map_init(&index->by_root);
    for (uint32_t i = 0; i < count; i++)
        add_concept(&builder, i, &concepts[i]);
    sort_words(&builder);
    make_postings(&builder);
    weigh(&builder);
    make_families(&builder);
    learn_swaps(&builder);
    slip_index_build(&index->slips, arena, index->words, index->word_count);
    struct word_entry *entries = arena_copy(arena, index->entries, index->entry_count * sizeof *entries);
    free(index->entries);
    index->entries = entries;
    index->languages.items =
        arena_copy(arena, builder.languages, builder.language_count * sizeof *builder.languages);
    index->languages.count = builder.language_count;
    free(builder.languages);
    free(builder.pairs);
    arena_free(builder.scratch);
    return index;
}

void word_index_fini(struct word_index *index)
{
    if (!index)
        return;
    text_map_fini(&index->by_word);
    text_map_fini(&index->by_root);
}

/* ---- reading ---- */

uint32_t word_index_find(const struct word_index *index, const char *word)
{
    return text_map_get(&index->by_word, word);
}

struct number_list word_index_postings(const struct word_index *index, uint32_t word)
{
    uint32_t start = index->posting_starts[word];
    return (struct number_list){index->postings + start, index->posting_starts[word + 1] - start};
}

struct number_list word_index_family(const struct word_index *index, const char *word)
{
    char root[ROOT_BYTES_MOST];
    uint32_t number = root_of(word, root) ? text_map_get(&index->by_root, root) : TEXT_MAP_NONE;
    if (number == TEXT_MAP_NONE)
        return (struct number_list){0};
    uint32_t start = index->root_starts[number];
    return (struct number_list){index->root_words + start, index->root_starts[number + 1] - start};
}

uint32_t word_index_prefix(const struct word_index *index, const char *prefix, uint32_t *ret_first)
{
    uint32_t low = 0, high = index->word_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (strcmp(index->words[middle], prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    while (high < index->word_count && text_starts_with(index->words[high], prefix))
        high++;
    return high - low;
}
