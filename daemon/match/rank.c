#include "match/rank.h"

#include <stdlib.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"

bool ranked_before(const struct ranked *left, const struct ranked *right)
{
    if (left->group != right->group)
        return left->group < right->group;
    if (left->billionths != right->billionths)
        return left->billionths > right->billionths;
    return left->place < right->place;
}

/* ---- scoring ---- */

void scoring_init(struct scoring *scoring, const struct match_query *query, const uint64_t *slots)
{
    *scoring = (struct scoring){.query = query, .slots = slots};
    weighing_init(&scoring->weighing, query);
    uint32_t *before = NULL;
    if (slots) {
        size_t words = bits_words(query->index->slot_count);
        before = arena_alloc(query->arena, words * sizeof *before);
        for (size_t i = 0; i < words; i++) {
            before[i] = (uint32_t)scoring->count;
            scoring->count += (size_t)__builtin_popcountll(slots[i]);
        }
    }
    coverage_prepare(&scoring->coverage, query->arena, query->index, &query->wanted, slots, before,
                     scoring->count);
}

static uint32_t group_of(const struct match_query *query, uint32_t place)
{
    if (!query->keep)
        return 0;
    const struct tie *tie = network_tie(&query->network, query->index->bodies.of_organisation[place]);
    return !tie || !tie->partner;
}

static struct ranked ranked_of(const struct match_query *query, uint32_t slot, int64_t billionths)
{
    uint32_t place = query->index->slot_organisation[slot];
    return (struct ranked){group_of(query, place), slot, place, billionths};
}

void rank_visit_all(const struct scoring *scoring, rank_visit_fn visit, void *context)
{
    const struct match_query *query = scoring->query;
    const uint32_t *places = query->index->slot_organisation;
    size_t slot_count = query->index->slot_count;
    struct match_block block = {0};
    int64_t billionths[BLOCK_SLOTS];
    struct ranked best = {.slot = SLOT_NONE};
    for (size_t slot = bits_next(scoring->slots, slot_count, 0); slot < slot_count;) {
        block.first_ordinal += block.count;
        block.count = 0;
        for (; slot < slot_count && block.count < BLOCK_SLOTS;
             slot = bits_next(scoring->slots, slot_count, slot + 1))
            block.slots[block.count++] = (uint32_t)slot;
        coverage_fill(&scoring->coverage, &block);
        weighing_score(&scoring->weighing, query, &block, billionths);
        for (uint32_t i = 0; i < block.count; i++) {
            if (best.slot != SLOT_NONE && best.place == places[block.slots[i]]) {
                if (billionths[i] > best.billionths) {
                    best.slot = block.slots[i];
                    best.billionths = billionths[i];
                }
                continue;
            }
            if (best.slot != SLOT_NONE)
                visit(context, &best);
            best = ranked_of(query, block.slots[i], billionths[i]);
        }
    }
    if (best.slot != SLOT_NONE)
        visit(context, &best);
}

struct ranked rank_slot(const struct scoring *scoring, uint32_t slot, double *values)
{
    const struct match_query *query = scoring->query;
    struct match_block block = {.count = 1, .slots = {slot}};
    struct coverage own = scoring->coverage;
    own.sums = NULL; /* the slot need not be in the set */
    coverage_fill(&own, &block);
    int64_t billionths;
    weighing_score(&scoring->weighing, query, &block, &billionths);
    for (size_t i = 0; values && i < CRITERION_COUNT; i++) {
        values[i] = 0;
        if (scoring->weighing.applies[i])
            criterion_table[i]->score(query, &block, &values[i]);
    }
    return ranked_of(query, slot, billionths);
}

struct ranked rank_best_of(const struct scoring *scoring, uint32_t place, const uint64_t *slots)
{
    const uint32_t *first = scoring->query->index->first_slot;
    struct ranked best = {.slot = SLOT_NONE};
    for (uint32_t slot = first[place]; slot < first[place + 1]; slot++) {
        if (slots && !bits_has(slots, slot))
            continue;
        struct ranked ranked = rank_slot(scoring, slot, NULL);
        if (best.slot == SLOT_NONE || ranked.billionths > best.billionths)
            best = ranked;
    }
    return best;
}

/* ---- the best k ---- */

static void swap(struct ranked *left, struct ranked *right)
{
    struct ranked old = *left;
    *left = *right;
    *right = old;
}

static void sift_down(struct top *top, size_t i)
{
    for (;;) {
        size_t worst = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < top->count; child++)
            if (ranked_before(&top->items[worst], &top->items[child]))
                worst = child;
        if (worst == i)
            return;
        swap(&top->items[i], &top->items[worst]);
        i = worst;
    }
}

void top_push(struct top *top, const struct ranked *ranked)
{
    if (top->count == top->capacity) {
        if (!top->capacity || !ranked_before(ranked, &top->items[0]))
            return;
        top->items[0] = *ranked;
        sift_down(top, 0);
        return;
    }
    size_t i = top->count++;
    top->items[i] = *ranked;
    for (; i && ranked_before(&top->items[(i - 1) / 2], &top->items[i]); i = (i - 1) / 2)
        swap(&top->items[i], &top->items[(i - 1) / 2]);
}

static int compare_ranked(const void *left, const void *right)
{
    return ranked_before(left, right) ? -1 : 1;
}

void top_sort(struct top *top)
{
    qsort(top->items, top->count, sizeof *top->items, compare_ranked);
}
