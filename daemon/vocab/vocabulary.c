#include "vocab/vocabulary.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/owners.h"
#include "base/text.h"
#include "vocab/concept.h"
#include "vocab/word_index.h"

struct vocabulary_builder {
    struct arena *arena; /* becomes the vocabulary's */
    struct text_map interned;
    const char **strings; /* by the map's numbers */
    struct concept *concepts;
    size_t string_count, string_capacity, count, capacity;
};

struct vocabulary {
    atomic_uint owners;
    struct arena *arena;
    struct concept *concepts; /* by scheme, then code */
    size_t count;
    uint32_t first[SCHEME_COUNT + 1]; /* a scheme's concepts: first[scheme] to first[scheme + 1] - 1 */
    struct text_map by_code[SCHEME_COUNT];
    struct word_index *words[SCHEME_COUNT];
    struct text_list names;
};

static const char *const reuse_names[] = {"", "transversal", "cross-sector", "sector-specific",
                                          "occupation-specific"};

/* ---- building ---- */

struct vocabulary_builder *vocabulary_builder_new(void)
{
    struct vocabulary_builder *builder = heap_zalloc(sizeof *builder);
    builder->arena = arena_new(0);
    text_map_init(&builder->interned);
    return builder;
}

/* One copy of each code and name: they come again and again in links. */
static const char *intern(struct vocabulary_builder *builder, const char *text)
{
    uint32_t number = text_map_get(&builder->interned, text);
    if (number != TEXT_MAP_NONE)
        return builder->strings[number];
    if (builder->string_count == builder->string_capacity) {
        builder->string_capacity = builder->string_capacity ? builder->string_capacity * 2 : 1024;
        builder->strings =
            heap_realloc(builder->strings, builder->string_capacity * sizeof *builder->strings);
    }
    const char *copy = arena_strdup(builder->arena, text);
    builder->strings[builder->string_count] = copy;
    text_map_set(&builder->interned, copy, (uint32_t)builder->string_count++);
    return copy;
}

static struct text_list intern_list(struct vocabulary_builder *builder, struct text_list list)
{
    if (!list.count)
        return (struct text_list){0};
    const char **items = arena_array(builder->arena, list.count, sizeof *items);
    for (size_t i = 0; i < list.count; i++)
        items[i] = intern(builder, list.items[i]);
    return (struct text_list){items, list.count};
}

static struct text_list copy_list(struct arena *arena, struct text_list list)
{
    if (!list.count)
        return (struct text_list){0};
    const char **items = arena_array(arena, list.count, sizeof *items);
    for (size_t i = 0; i < list.count; i++)
        items[i] = arena_strdup(arena, list.items[i]);
    return (struct text_list){items, list.count};
}

static const char *lower_language(struct vocabulary_builder *builder, const char *language)
{
    char lower[64];
    size_t size = 0;
    for (; language && language[size] && size < sizeof lower - 1; size++)
        lower[size] =
            (char)(language[size] >= 'A' && language[size] <= 'Z' ? language[size] + 32 : language[size]);
    lower[size] = '\0';
    return intern(builder, lower);
}

static const struct concept_words *copy_words(struct vocabulary_builder *builder,
                                              const struct concept_words *words, size_t count)
{
    struct arena *arena = builder->arena;
    struct concept_words *copy = arena_array(arena, count, sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i].language = lower_language(builder, words[i].language);
        copy[i].label = arena_strdup(arena, words[i].label ? words[i].label : "");
        copy[i].other_labels = copy_list(arena, words[i].other_labels);
        copy[i].description = arena_strdup(arena, words[i].description ? words[i].description : "");
    }
    return copy;
}

static enum reuse reuse_parse(const char *name)
{
    for (int reuse = REUSE_TRANSVERSAL; reuse <= REUSE_OCCUPATION_SPECIFIC; reuse++)
        if (text_equal(name, reuse_names[reuse]))
            return (enum reuse)reuse;
    return REUSE_NONE;
}

void vocabulary_builder_add(struct vocabulary_builder *builder, const struct concept_source *source)
{
    if (source->scheme <= SCHEME_NONE || source->scheme >= SCHEME_COUNT)
        return;
    if (builder->count == builder->capacity) {
        builder->capacity = builder->capacity ? builder->capacity * 2 : 1024;
        builder->concepts = heap_realloc(builder->concepts, builder->capacity * sizeof *builder->concepts);
    }
    const char *reuse = source->reuse ? source->reuse : "";
    builder->concepts[builder->count] = (struct concept){
        .scheme = source->scheme,
        .reuse = reuse_parse(reuse),
        .order = (uint32_t)builder->count,
        .code = intern(builder, source->code),
        .code_bytes = (uint32_t)strlen(source->code),
        .vocabulary = intern(builder, source->vocabulary ? source->vocabulary : ""),
        .reuse_name = intern(builder, reuse),
        .broader = intern_list(builder, source->broader),
        .related = intern_list(builder, source->related),
        .sectors = intern_list(builder, source->sectors),
        .words = copy_words(builder, source->words, source->words_count),
        .words_count = source->words_count,
    };
    builder->count++;
}

static int compare_concepts(const void *left, const void *right)
{
    const struct concept *a = left, *b = right;
    if (a->scheme != b->scheme)
        return a->scheme < b->scheme ? -1 : 1;
    int order = strcmp(a->code, b->code);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Puts the concepts in order, so that numbers do not depend on the order of loading, and drops second ones. */
static void sort_concepts(struct vocabulary *vocabulary, struct vocabulary_builder *builder)
{
    if (builder->count)
        qsort(builder->concepts, builder->count, sizeof *builder->concepts, compare_concepts);
    struct concept *sorted = arena_array(vocabulary->arena, builder->count, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < builder->count; i++) {
        const struct concept *concept = &builder->concepts[i];
        /* Interned: one code is one pointer. */
        if (count && sorted[count - 1].scheme == concept->scheme && sorted[count - 1].code == concept->code)
            continue;
        text_map_set(&vocabulary->by_code[concept->scheme], concept->code, (uint32_t)count);
        sorted[count++] = *concept;
        vocabulary->first[concept->scheme + 1] = (uint32_t)count;
    }
    for (int scheme = 1; scheme <= SCHEME_COUNT; scheme++)
        if (vocabulary->first[scheme] < vocabulary->first[scheme - 1])
            vocabulary->first[scheme] = vocabulary->first[scheme - 1];
    vocabulary->concepts = sorted;
    vocabulary->count = count;
}

static struct text_list collect_names(const struct vocabulary *vocabulary)
{
    const char **names = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < vocabulary->count; i++) {
        const char *name = vocabulary->concepts[i].vocabulary;
        size_t known = 0;
        while (known < count && names[known] != name)
            known++;
        if (known < count || !*name)
            continue;
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            names = heap_realloc(names, capacity * sizeof *names);
        }
        names[count++] = name;
    }
    struct text_list list = {0};
    if (count) {
        qsort(names, count, sizeof *names, text_compare);
        list = (struct text_list){arena_copy(vocabulary->arena, names, count * sizeof *names), count};
    }
    free(names);
    return list;
}

struct vocabulary *vocabulary_builder_finish(struct vocabulary_builder *builder)
{
    struct vocabulary *vocabulary = heap_zalloc(sizeof *vocabulary);
    atomic_init(&vocabulary->owners, 1);
    vocabulary->arena = builder->arena;
    sort_concepts(vocabulary, builder);
    concept_resolve_links(vocabulary->arena, vocabulary->concepts, vocabulary->count, vocabulary->by_code);
    vocabulary->names = collect_names(vocabulary);
    for (int scheme = 1; scheme < SCHEME_COUNT; scheme++) {
        uint32_t first = vocabulary->first[scheme], end = vocabulary->first[scheme + 1];
        if (end > first)
            vocabulary->words[scheme] =
                word_index_new(vocabulary->arena, vocabulary->concepts + first, first, end - first);
    }
    text_map_fini(&builder->interned);
    free(builder->strings);
    free(builder->concepts);
    free(builder);
    return vocabulary;
}

/* ---- owners ---- */

struct vocabulary *vocabulary_acquire(const struct vocabulary *vocabulary)
{
    owners_add(&vocabulary->owners);
    return (struct vocabulary *)(uintptr_t)vocabulary;
}

void vocabulary_release(const struct vocabulary *vocabulary)
{
    struct vocabulary *owned = (struct vocabulary *)(uintptr_t)vocabulary;
    if (!owned || !owners_drop(&owned->owners))
        return;
    for (int scheme = 0; scheme < SCHEME_COUNT; scheme++) {
        text_map_fini(&owned->by_code[scheme]);
        word_index_fini(owned->words[scheme]);
    }
    arena_free(owned->arena);
    free(owned);
}

/* ---- concepts ---- */

size_t vocabulary_concept_count(const struct vocabulary *vocabulary)
{
    return vocabulary->count;
}

static bool scheme_is_valid(enum scheme scheme)
{
    return scheme > SCHEME_NONE && scheme < SCHEME_COUNT;
}

size_t vocabulary_scheme_count(const struct vocabulary *vocabulary, enum scheme scheme)
{
    return scheme_is_valid(scheme) ? vocabulary->first[scheme + 1] - vocabulary->first[scheme] : 0;
}

uint32_t vocabulary_find(const struct vocabulary *vocabulary, enum scheme scheme, const char *code)
{
    return scheme_is_valid(scheme) ? text_map_get(&vocabulary->by_code[scheme], code) : CONCEPT_NONE;
}

void vocabulary_concept(const struct vocabulary *vocabulary, uint32_t number, struct concept_view *ret_view)
{
    const struct concept *concept = &vocabulary->concepts[number];
    *ret_view = (struct concept_view){
        .scheme = concept->scheme,
        .reuse = concept->reuse,
        .code = concept->code,
        .vocabulary = concept->vocabulary,
        .reuse_name = concept->reuse_name,
        .broader = concept->broader,
        .narrower = concept->narrower,
        .related = concept->related,
        .sectors = concept->sectors,
    };
}

static const struct concept_words *find_words(const struct concept *concept, const char *language,
                                              size_t bytes)
{
    for (size_t i = 0; i < concept->words_count; i++)
        if (strlen(concept->words[i].language) == bytes &&
            strncasecmp(concept->words[i].language, language, bytes) == 0)
    return &concept->words[i];
    return NULL;
}

const struct concept_words *vocabulary_words(const struct vocabulary *vocabulary, uint32_t number,
                                             const char *language)
{
    static const struct concept_words none = {.language = "", .label = "", .description = ""};
    const struct concept *concept = &vocabulary->concepts[number];
    const struct concept_words *words = NULL;
    if (language && *language) {
        words = find_words(concept, language, strlen(language));
        if (!words)
            words = find_words(concept, language, strcspn(language, "-_"));
    }
    if (!words)
        words = find_words(concept, "en", 2);
    if (!words)
    words = concept->words_count ? concept->words : &none;
    return words;
}

struct concept_list vocabulary_broader(const struct vocabulary *vocabulary, uint32_t concept)
{
    return vocabulary->concepts[concept].broader_there;
}

struct concept_list vocabulary_narrower(const struct vocabulary *vocabulary, uint32_t concept)
{
    return vocabulary->concepts[concept].narrower_there;
}

struct concept_list vocabulary_related(const struct vocabulary *vocabulary, uint32_t concept)
{
    return vocabulary->concepts[concept].related_there;
}

enum reuse vocabulary_reuse(const struct vocabulary *vocabulary, uint32_t concept)
{
    return vocabulary->concepts[concept].reuse;
}

const char *vocabulary_code(const struct vocabulary *vocabulary, uint32_t concept)
{
    return vocabulary->concepts[concept].code;
}

struct text_list vocabulary_names(const struct vocabulary *vocabulary)
{
    return vocabulary->names;
}

const struct word_index *vocabulary_word_index(const struct vocabulary *vocabulary, enum scheme scheme)
{
    return scheme_is_valid(scheme) ? vocabulary->words[scheme] : NULL;
}

const struct concept *vocabulary_concepts(const struct vocabulary *vocabulary)
{
    return vocabulary->concepts;
}
