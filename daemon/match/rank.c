#include "match/rank.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/filter/filter.h"
#include "match/index_data.h"

/* The order as one number, the least first, so that comparing takes no branch. */
static unsigned __int128 rank_of(const struct ranked *ranked)
{
    enum { GROUP_SHIFT = 32 }; /* beyond any score */
    uint64_t high = ((uint64_t)(ranked->group + 1) << GROUP_SHIFT) - (uint64_t)ranked->billionths;
    return (unsigned __int128)high << 64 | ranked->order;
}

bool ranked_before(const struct ranked *left, const struct ranked *right)
{
    return rank_of(left) < rank_of(right);
}

/* Within an organisation: the score, then the offer's id. */
static bool better_slot(const struct match_index *index, const struct ranked *left,
                        const struct ranked *right)
{
    if (left->billionths != right->billionths)
        return left->billionths > right->billionths;
    const uint32_t *offers = index->segments[left->part]->slot_offer;
    return offers[left->slot] < offers[right->slot];
}

/* ---- scoring ---- */

void scoring_init(struct scoring *scoring, const struct match_query *query)
{
    *scoring = (struct scoring){
        .query = query,
        .fits = arena_array(query->arena, query->wanted.count, sizeof *scoring->fits),
        .flags = arena_array(query->arena, query->wanted.count, sizeof *scoring->flags),
    };
    weighing_init(&scoring->weighing, query);
}

void scoring_filled(const struct scoring *scoring, const struct match_block *block, int64_t *billionths)
{
    weighing_score(&scoring->weighing, scoring->query, block, billionths);
}

void scoring_block(const struct scoring *scoring, struct match_block *block, int64_t *billionths)
{
    const struct match_query *query = scoring->query;
    wanted_fill(&query->wanted, query->segment, block, scoring->fits, scoring->flags);
    scoring_filled(scoring, block, billionths);
}

static uint32_t group_of(const struct match_query *query, uint32_t slot)
{
    if (!query->keep)
        return 0;
    const struct tie *tie = network_tie(query->network, match_query_body(query, slot));
    return !tie || !tie->partner;
}

struct ranked ranked_of(const struct match_query *query, uint32_t slot, int64_t billionths)
{
    uint32_t place = query->segment->slot_organisation[slot];
    return (struct ranked){
        .group = group_of(query, slot),
        .part = query->part,
        .slot = slot,
        .place = place,
        .order = index_order(query->index, query->part, place),
        .billionths = billionths,
    };
}

struct ranked rank_slot(const struct scoring *scoring, uint32_t slot)
{
    struct match_block block;
    int64_t billionths;
    block.count = 1;
    block.slots[0] = slot;
    scoring_block(scoring, &block, &billionths);
    return ranked_of(scoring->query, slot, billionths);
}

void scoring_values(const struct scoring *scoring, uint32_t slot, double values[CRITERION_COUNT])
{
    const struct match_query *query = scoring->query;
    struct match_block block;
    block.count = 1;
    block.slots[0] = slot;
    wanted_fill(&query->wanted, query->segment, &block, scoring->fits, scoring->flags);
    for (size_t i = 0; i < CRITERION_COUNT; i++) {
        values[i] = 0;
        if (scoring->weighing.applies[i])
            criterion_table[i]->score(query, &block, &values[i]);
    }
}

struct ranked rank_best_of(const struct scoring *scoring, uint32_t place, bool eligible)
{
    const struct segment *segment = scoring->query->segment;
    struct ranked best = {.slot = SLOT_NONE};
    for (uint32_t i = segment->first_slot[place]; i < segment->first_slot[place + 1]; i++) {
        uint32_t slot = segment->slots_of[i];
        if (eligible && !match_query_passes(scoring->query, slot))
            continue;
        struct ranked ranked = rank_slot(scoring, slot);
        if (best.slot == SLOT_NONE || better_slot(scoring->query->index, &ranked, &best))
            best = ranked;
    }
    return best;
}

/* ---- the best k ---- */

/* Puts it where it belongs from a free place downwards. */
static void sift_down(struct top *top, size_t i, struct ranked ranked)
{
    unsigned __int128 rank = rank_of(&ranked);
    for (size_t child; (child = 2 * i + 1) < top->count; i = child) {
        if (child + 1 < top->count)
            child += ranked_before(&top->items[child], &top->items[child + 1]);
        if (rank_of(&top->items[child]) < rank)
            break;
        top->items[i] = top->items[child];
    }
    top->items[i] = ranked;
}

/* The same upwards. */
static void sift_up(struct top *top, size_t i, struct ranked ranked)
{
    for (; i && ranked_before(&top->items[(i - 1) / 2], &ranked); i = (i - 1) / 2)
        top->items[i] = top->items[(i - 1) / 2];
    top->items[i] = ranked;
}

static struct ranked *find_organisation(const struct top *top, const struct ranked *ranked)
{
    for (size_t i = 0; i < top->count; i++)
        if (top->items[i].order == ranked->order)
            return &top->items[i];
    return NULL;
}

void top_push(struct top *top, const struct match_index *index, const struct ranked *ranked, bool shared)
{
    bool full = top->count == top->capacity;
    if (!top->capacity ||
        (full && top->items[0].order != ranked->order && !ranked_before(ranked, &top->items[0])))
        return;
    struct ranked *own = shared ? find_organisation(top, ranked) : NULL;
    if (own) {
        if (!better_slot(index, ranked, own))
            return;
        sift_down(top, (size_t)(own - top->items), *ranked);
    } else if (full) {
        sift_down(top, 0, *ranked);
    } else {
        top->count++;
        sift_up(top, top->count - 1, *ranked);
    }
}

/* The worst of those that are left goes behind them, until none is. */
void top_sort(struct top *top)
{
    size_t count = top->count;
    while (top->count > 1) {
        struct ranked worst = top->items[0];
        top->count--;
        sift_down(top, 0, top->items[top->count]);
        top->items[top->count] = worst;
    }
    top->count = count;
}
