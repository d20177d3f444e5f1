#include "match/concepts.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "vocab/lookup.h"
#include "vocab/vocabulary.h"

/* Readings kept; beyond, all are forgotten and read anew as they come. */
enum { MOST_READINGS = 500000 };

/* The bytes of names, counted: indexes outlive the vocabulary that they were made with. */
struct concept_store {
    atomic_uint references;
    struct arena *arena;
};

static void concept_store_release(struct concept_store *store)
{
    if (atomic_fetch_sub(&store->references, 1) != 1)
        return;
    arena_free(store->arena);
    free(store);
}

struct concepts {
    struct vocabulary *vocabulary;
    struct concept_store *store;
    struct text_map outside; /* code to number */
    uint32_t limit;
    struct arena *words;
    struct text_map readings; /* text to concept; CONCEPT_NONE is kept as UNREAD */
};

#define UNREAD (UINT32_MAX - 1)

struct concepts *concepts_new(const struct vocabulary *vocabulary)
{
    struct concepts *concepts = heap_zalloc(sizeof *concepts);
    concepts->store = heap_zalloc(sizeof *concepts->store);
    atomic_init(&concepts->store->references, 1);
    concepts->store->arena = arena_new(0);
    concepts->words = arena_new(0);
    if (vocabulary) {
        concepts->vocabulary = vocabulary_acquire(vocabulary);
        concepts->limit = (uint32_t)vocabulary_concept_count(vocabulary);
    }
    return concepts;
}

void concepts_free(struct concepts *concepts)
{
    if (!concepts)
        return;
    if (concepts->vocabulary)
        vocabulary_release(concepts->vocabulary);
    concept_store_release(concepts->store);
    arena_free(concepts->words);
    text_map_fini(&concepts->outside);
    text_map_fini(&concepts->readings);
    free(concepts);
}

static uint32_t read_words(struct concepts *concepts, const char *text)
{
    uint32_t known = text_map_get(&concepts->readings, text);
    if (known != TEXT_MAP_NONE)
        return known == UNREAD ? CONCEPT_NONE : known;
    if (concepts->readings.count >= MOST_READINGS) {
        text_map_fini(&concepts->readings);
        arena_reset(concepts->words);
    }
    struct arena *scratch = arena_new(0);
    struct lookup_hit hit = lookup_interpret(concepts->vocabulary, scratch, SCHEME_OUTCOME, text);
    arena_free(scratch);
    if (hit.score < CONCEPTS_LEAST_CONFIDENCE)
    hit.concept = CONCEPT_NONE;
    text_map_set(&concepts->readings, arena_strdup(concepts->words, text),
                 hit.concept == CONCEPT_NONE ? UNREAD : hit.concept);
    return hit.concept;
}

static uint32_t find_in_vocabulary(const struct vocabulary *vocabulary, const char *code)
{
    return vocabulary ? vocabulary_find(vocabulary, SCHEME_OUTCOME, code) : CONCEPT_NONE;
}

uint32_t concepts_read(struct concepts *concepts, const Partner__V1__Outcome *outcome)
{
    if (!*outcome->concept)
        return concepts->vocabulary && *outcome->text ? read_words(concepts, outcome->text) : CONCEPT_NONE;
    uint32_t concept = find_in_vocabulary(concepts->vocabulary, outcome->concept);
    if (concept == CONCEPT_NONE)
    concept = text_map_get(&concepts->outside, outcome->concept);
    if (concept == TEXT_MAP_NONE) {
        concept = concepts->limit++;
        text_map_set(&concepts->outside, arena_strdup(concepts->store->arena, outcome->concept), concept);
    }
    return concept;
}

void concepts_add_outside(struct concepts *concepts, const char *const *codes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        text_map_set(&concepts->outside, codes[i], concepts->limit++);
}

uint32_t concepts_limit(const struct concepts *concepts)
{
    return concepts->limit;
}

void concept_names_init(struct concept_names *names, const struct concepts *concepts)
{
    names->store = concepts->store;
    atomic_fetch_add(&names->store->references, 1);
    names->map = concepts->outside;
    names->limit = concepts->limit;
    size_t bytes = names->map.slot_count * sizeof *names->map.slots;
    names->map.slots = bytes ? memcpy(heap_alloc(bytes), concepts->outside.slots, bytes) : NULL;
}

void concept_names_fini(struct concept_names *names)
{
    text_map_fini(&names->map);
    concept_store_release(names->store);
}

uint32_t concept_names_find(const struct concept_names *names, const struct vocabulary *vocabulary,
                            const char *code)
{
    uint32_t concept = find_in_vocabulary(vocabulary, code);
    return concept != CONCEPT_NONE ? concept : text_map_get(&names->map, code);
}
