#include "match/wanted.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/search.h"
#include "match/words.h"
#include "vocab/vocabulary.h"

double fit_value(enum fit fit)
{
    static const double values[FIT_COUNT] = {0, 0.3, 0.5, 0.7, 1};
    return values[fit];
}

/* ---- reading ---- */

/* Looks the words up and says so; CONCEPT_NONE below the confidence that is asked for. */
static uint32_t read_words(struct wanted *wanted, struct arena *arena, const struct vocabulary *vocabulary,
                           const char *text)
{
    uint32_t read =
        words_read(arena, vocabulary, text, &wanted->interpretations[wanted->interpretation_count++]);
    wanted->unread_count += read == CONCEPT_NONE;
    return read;
}

static struct wanted_concept *find_code(const struct wanted *wanted, const char *code)
{
    for (uint32_t i = 0; i < wanted->count; i++)
        if (strcmp(wanted->items[i].code, code) == 0)
            return &wanted->items[i];
    return NULL;
}

static void read_outcome(struct wanted *wanted, struct arena *arena, const struct match_index *index,
                         const Partner__V1__Outcome *outcome)
{
    const char *code = outcome->concept;
    if (!*code) {
        uint32_t read = read_words(wanted, arena, index->vocabulary, outcome->text);
        if (read == CONCEPT_NONE)
            return;
        code = arena_strdup(arena, vocabulary_code(index->vocabulary, read));
    }
    struct wanted_concept *known = find_code(wanted, code);
    if (known)
        known->essential |= outcome->essential;
    else
        wanted->items[wanted->count++] = (struct wanted_concept){
            .concept = concept_names_find(&index->names, index->vocabulary, code),
            .code = code,
            .outcome = outcome,
            .essential = outcome->essential,
        };
}

/* ---- what is near ---- */

struct near_list {
    struct arena *arena;
    struct near *items;
    uint32_t count, capacity;
};

/* Links come best fit first: a concept that is there already for this wanted one, from `first` to `end`, has the better
 * fit. */
static void add_near(struct near_list *list, const struct match_index *index, uint32_t wanted, uint32_t first,
                     uint32_t end, uint32_t concept, enum fit fit)
{
    for (uint32_t i = first; i < end; i++)
        if (list->items[i].concept == concept)
            return;
    if (list->count == list->capacity) {
        uint32_t old = list->capacity;
        list->capacity = old ? old * 2 : 64;
        list->items = arena_grow(list->arena, list->items, old * sizeof *list->items,
                                 list->capacity * sizeof *list->items);
    }
    enum reuse reuse = index->vocabulary && concept < vocabulary_concept_count(index->vocabulary)
                           ? vocabulary_reuse(index->vocabulary, concept)
                           : REUSE_NONE;
    list->items[list->count++] = (struct near){
        .concept = concept,
        .wanted = wanted,
        .fit = fit,
        .reusable = reuse == REUSE_TRANSVERSAL || reuse == REUSE_CROSS_SECTOR,
        .next = UINT32_MAX,
    };
}

static void add_links(struct near_list *list, const struct match_index *index, uint32_t wanted,
                      uint32_t first, struct concept_list links, enum fit fit)
{
    uint32_t end = list->count; /* a list's own links are distinct */
    for (size_t i = 0; i < links.count; i++)
        add_near(list, index, wanted, first, end, links.items[i], fit);
}

static void find_near(struct wanted *wanted, struct arena *arena, const struct match_index *index)
{
    const struct vocabulary *vocabulary = index->vocabulary;
    struct near_list list = {.arena = arena};
    for (uint32_t i = 0; i < wanted->count; i++) {
        struct wanted_concept *item = &wanted->items[i];
        uint32_t first = item->near_first = list.count;
        if (item->concept != CONCEPT_NONE)
            add_near(&list, index, i, first, first, item->concept, FIT_SAME);
        if (vocabulary && item->concept < vocabulary_concept_count(vocabulary)) {
            add_links(&list, index, i, first, vocabulary_narrower(vocabulary, item->concept), FIT_NARROWER);
            add_links(&list, index, i, first, vocabulary_broader(vocabulary, item->concept), FIT_BROADER);
            add_links(&list, index, i, first, vocabulary_related(vocabulary, item->concept), FIT_RELATED);
        }
        item->near_count = list.count - first;
    }
    wanted->near = list.items;
    wanted->near_count = list.count;
}

static inline uint32_t hash_of(uint32_t concept)
{
    return concept * 2654435769u >> 7;
}

static inline uint32_t row_of(const struct wanted *wanted, uint32_t concept)
{
    uint32_t row = hash_of(concept) & wanted->mask;
    while (wanted->rows[row] != UINT32_MAX && wanted->near[wanted->rows[row]].concept != concept)
        row = (row + 1) & wanted->mask;
    return row;
}

static void make_hint(struct wanted *wanted, struct arena *arena)
{
    enum { LEAST_HINTS = 4096, HINTS_A_CONCEPT = 64 };
    uint32_t size = LEAST_HINTS;
    while (size < wanted->near_count * HINTS_A_CONCEPT)
        size *= 2;
    wanted->hint_mask = size - 1;
    wanted->hint = arena_array(arena, bits_words(size), sizeof *wanted->hint);
    for (uint32_t i = 0; i < wanted->near_count; i++)
        bits_set(wanted->hint, wanted->near[i].concept & wanted->hint_mask);
}

static void make_rows(struct wanted *wanted, struct arena *arena)
{
    uint32_t size = 16;
    while (size < wanted->near_count * 2)
        size *= 2;
    wanted->mask = size - 1;
    wanted->rows = arena_alloc(arena, size * sizeof *wanted->rows);
    memset(wanted->rows, 0xff, size * sizeof *wanted->rows);
    for (uint32_t i = 0; i < wanted->near_count; i++) {
        uint32_t row = row_of(wanted, wanted->near[i].concept);
        wanted->near[i].next = wanted->rows[row];
        wanted->rows[row] = i;
    }
}

/* The concept's cover, or the free one where it would be. */
static inline const struct cover *cover_of(const struct wanted *wanted, uint32_t concept)
{
    uint32_t row = hash_of(concept) & wanted->mask;
    while (wanted->covers[row].concept != concept && wanted->covers[row].concept != CONCEPT_NONE)
        row = (row + 1) & wanted->mask;
    return &wanted->covers[row];
}

static void make_covers(struct wanted *wanted, struct arena *arena)
{
    if (wanted->count > COVER_WANTED)
        return;
    wanted->covers = arena_alloc(arena, ((size_t)wanted->mask + 1) * sizeof *wanted->covers);
    for (uint32_t row = 0; row <= wanted->mask; row++)
    wanted->covers[row].concept = CONCEPT_NONE;
    for (uint32_t i = 0; i < wanted->near_count; i++) {
        const struct near *near = &wanted->near[i];
        struct cover *cover = &wanted->covers[row_of(wanted, near->concept)];
        if (cover->concept == CONCEPT_NONE)
            *cover = (struct cover){.concept = near->concept};
        cover->fit[near->wanted] = (uint8_t)near->fit; /* a concept has one row for each wanted one */
        cover->reusable[near->wanted] = near->reusable;
    }
}

double wanted_idf(const struct match_index *index, uint32_t concept)
{
    double offers = index->offer_count ? index->offer_count : 1;
    return log(1 + offers / (1 + (double)index_concept_count(index, concept)));
}

void wanted_read(struct wanted *wanted, struct arena *arena, const struct match_index *index,
                 Partner__V1__Outcome *const *outcomes, size_t count)
{
    *wanted = (struct wanted){
        .items = arena_array(arena, count, sizeof *wanted->items),
        .interpretations = arena_array(arena, count, sizeof(Partner__V1__Interpretation *)),
    };
    for (size_t i = 0; i < count; i++)
        read_outcome(wanted, arena, index, outcomes[i]);
    for (uint32_t i = 0; i < wanted->count; i++) {
        struct wanted_concept *item = &wanted->items[i];
        item->idf = wanted_idf(index, item->concept);
        wanted->idf_sum += item->idf;
    }
    find_near(wanted, arena, index);
    make_hint(wanted, arena);
    make_rows(wanted, arena);
    make_covers(wanted, arena);
}

uint32_t wanted_find(const struct wanted *wanted, uint32_t concept)
{
    return wanted->rows[row_of(wanted, concept)];
}

/* Those of a slot's concepts from one on that may be near, at most NEAR_ROOM of them. Which are can't be foreseen, so that there is
 * no branch for it. */
enum { NEAR_ROOM = 64 };
#define COLLECT_NEAR(concepts)                   \
    for (uint32_t i = first; i < end; i++) {     \
        uint32_t concept = (concepts)[i];        \
        near[count] = concept;                   \
        count += bits_has(hint, concept & mask); \
    }
static inline uint32_t collect_near(const struct wanted *wanted, const struct segment *segment,
                                    uint32_t first, uint32_t end, uint32_t *near)
{
    const uint64_t *hint = wanted->hint;
    uint32_t count = 0, mask = wanted->hint_mask;
    if (segment->concepts_short)
        COLLECT_NEAR(segment->concepts_short)
    else
        COLLECT_NEAR(segment->concepts_long)
    return count;
}

static void fit_concept(const struct wanted *wanted, uint32_t concept, uint8_t *fits, bool *reusable)
{
    for (uint32_t row = wanted_find(wanted, concept); row != UINT32_MAX; row = wanted->near[row].next) {
        const struct near *near = &wanted->near[row];
        if (near->fit > fits[near->wanted])
            fits[near->wanted] = (uint8_t)near->fit;
        reusable[near->wanted] |= near->reusable;
    }
}

bool wanted_fit_slot(const struct wanted *wanted, const struct segment *segment, uint32_t slot, uint8_t *fits,
                     bool *reusable)
{
    bool any = false;
    uint32_t near[NEAR_ROOM];
    for (uint32_t i = segment->concept_first[slot], end = segment->concept_first[slot + 1]; i < end;
         i += NEAR_ROOM) {
        uint32_t count = collect_near(wanted, segment, i, end - i < NEAR_ROOM ? end : i + NEAR_ROOM, near);
        if (count && !any) {
            memset(fits, FIT_NONE, wanted->count * sizeof *fits);
            memset(reusable, 0, wanted->count * sizeof *reusable);
            any = true;
        }
        for (uint32_t j = 0; j < count; j++)
            fit_concept(wanted, near[j], fits, reusable);
    }
    return any;
}

/* ---- blocks ---- */

struct sums {
    double outcomes;
    uint32_t reusable;
};

/* What a slot's concepts cover, of as many wanted ones as a cover has room for. */
static struct sums sums_covered(const struct wanted *wanted, const struct segment *segment, uint32_t slot)
{
    struct cover all = {0};
    struct sums sums = {0};
    uint32_t near[NEAR_ROOM], found = 0;
    for (uint32_t i = segment->concept_first[slot], end = segment->concept_first[slot + 1]; i < end;
         i += NEAR_ROOM) {
        uint32_t count = collect_near(wanted, segment, i, end - i < NEAR_ROOM ? end : i + NEAR_ROOM, near);
        for (uint32_t j = 0; j < count; j++) {
            const struct cover *cover = cover_of(wanted, near[j]);
            if (cover->concept == CONCEPT_NONE)
                continue;
            for (unsigned k = 0; k < COVER_WANTED; k++)
                all.fit[k] = all.fit[k] > cover->fit[k] ? all.fit[k] : cover->fit[k];
            for (unsigned k = 0; k < COVER_WANTED; k++)
                all.reusable[k] |= cover->reusable[k];
            found++;
        }
    }
    for (uint32_t j = 0; found && j < wanted->count; j++) {
        sums.outcomes += wanted->items[j].idf * fit_value(all.fit[j]);
        sums.reusable += all.reusable[j];
    }
    return sums;
}

/* The same of however many, with scratch for each wanted one. */
static struct sums sums_fitting(const struct wanted *wanted, const struct segment *segment, uint32_t slot,
                                uint8_t *fits, bool *flags)
{
    struct sums sums = {0};
    bool any = wanted_fit_slot(wanted, segment, slot, fits, flags);
    for (uint32_t j = 0; any && j < wanted->count; j++) {
        sums.outcomes += wanted->items[j].idf * fit_value(fits[j]);
        sums.reusable += flags[j];
    }
    return sums;
}

void wanted_fill(const struct wanted *wanted, const struct segment *segment, struct match_block *block,
                 uint8_t *fits, bool *flags)
{
    enum { AHEAD = 8 };
    for (uint32_t i = 0; i < block->count && i < 2 * AHEAD; i++)
        __builtin_prefetch(&segment->concept_first[block->slots[i]]);
    for (uint32_t i = 0; i < block->count && i < AHEAD; i++)
        segment_fetch_concepts(segment, block->slots[i]);
    for (uint32_t i = 0; i < block->count; i++) {
        if (i + 2 * AHEAD < block->count)
            __builtin_prefetch(&segment->concept_first[block->slots[i + 2 * AHEAD]]);
        if (i + AHEAD < block->count)
            segment_fetch_concepts(segment, block->slots[i + AHEAD]);
        struct sums sums = wanted->covers ? sums_covered(wanted, segment, block->slots[i])
                                          : sums_fitting(wanted, segment, block->slots[i], fits, flags);
        block->outcome_sum[i] = sums.outcomes;
        block->reusable_count[i] = sums.reusable;
    }
}
