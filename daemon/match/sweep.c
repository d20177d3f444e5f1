#include "match/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/give_way.h"
#include "match/bound.h"
#include "match/facet.h"
#include "match/index_data.h"
#include "match/wide.h"

/* ---- counting ---- */

/* Bodies that were met whose slots don't lie together, by first member: open addressing. Each with the best of its records'
 * preferences, by which it is shown. */
struct met {
    struct body_of_several *rows; /* body PLACE_NONE: free */
    uint32_t mask, count;
};

static struct body_of_several *met_find(const struct met *met, uint32_t body)
{
    uint32_t row = body * 2654435761u & met->mask;
    while (met->rows[row].body != PLACE_NONE && met->rows[row].body != body)
        row = (row + 1) & met->mask;
    return &met->rows[row];
}

static void met_grow(struct met *met, struct arena *arena)
{
    struct met old = *met;
    size_t size = old.rows ? ((size_t)old.mask + 1) * 4 : 64;
    met->mask = (uint32_t)size - 1;
    met->rows = arena_alloc(arena, size * sizeof *met->rows);
    memset(met->rows, 0xff, size * sizeof *met->rows);
    for (uint32_t i = 0; old.rows && i <= old.mask; i++)
        if (old.rows[i].body != PLACE_NONE)
            *met_find(met, old.rows[i].body) = old.rows[i];
}

static void met_add(struct met *met, struct arena *arena, struct body_of_several own)
{
    if (!met->rows || met->count >= met->mask / 2)
        met_grow(met, arena);
    struct body_of_several *row = met_find(met, own.body);
    met->count += row->body == PLACE_NONE;
    if (row->body == PLACE_NONE || own.preference < row->preference)
        *row = own;
}

struct tally {
    uint64_t together; /* bodies whose slots lie together */
    struct met apart;  /* the others */
};

/* Counts bodies whose slots lie together; *ret_apart: whether there are others. */
WIDE static uint64_t count_together(const uint64_t *slots, const uint64_t *second, const uint64_t *apart,
                                    size_t words, uint64_t *ret_apart)
{
    uint64_t count = 0, any = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t again = slots[i] & slots[i] << 1 & second[i], others = slots[i] & apart[i];
        count += (uint64_t)__builtin_popcountll(slots[i] & ~again & ~others);
        any |= others;
    }
    *ret_apart = any;
    return count;
}

static void tally_chunk(struct tally *tally, const struct match_query *query, const struct stretch *stretch,
                        const uint64_t *slots)
{
    const struct segment *segment = query->segment;
    size_t word = stretch_word(stretch), words = stretch_words(stretch);
    uint64_t any;
    slots += stretch->first;
    const uint64_t *apart = segment->apart + word;
    tally->together += count_together(slots, segment->second + word, apart, words, &any);
    for (size_t i = 0; any && i < words; i++)
        for (uint64_t rest = slots[i] & apart[i]; rest; rest &= rest - 1)
            segment_fetch_body(segment, (uint32_t)((word + i) * 64 + (size_t)__builtin_ctzll(rest)));
    for (size_t i = 0; any && i < words; i++)
        for (uint64_t rest = slots[i] & apart[i]; rest; rest &= rest - 1) {
            uint32_t slot = (uint32_t)((word + i) * 64 + (size_t)__builtin_ctzll(rest));
            met_add(&tally->apart, query->arena, segment_body_preferring(segment, slot));
        }
}

uint64_t sweep_count(struct match_query *query)
{
    uint64_t bodies = 0, slots[CHUNK_WORDS];
    for (int part = BASE; part < query->index->segment_count; part++) {
        struct tally tally = {0};
        struct sieve sieve;
        struct stretch stretch;
        match_query_enter(query, part);
        if (!query->segment->slot_count)
            continue;
        sieve_init(&sieve, query);
        while (sieve_next(&sieve, &stretch, slots))
            tally_chunk(&tally, query, &stretch, slots);
        bodies += tally.together + tally.apart.count;
    }
    return bodies;
}

/* ---- ranking ---- */

/* A walk over one part. */
struct sweep {
    struct match_query *query;
    struct scoring *scoring;
    const struct sweep_sink *sink;
    /* Once slots are worth bounding: their bounds, and those of bodies in the sender's network, which are scored. */
    bool is_bounding;
    struct bound bound;
    struct slot_set tied;
    /* Slots of bodies with several records, until all are known, with what their scores can be at most. */
    struct put_off {
        struct bounded bounded;
        struct body_of_several own;
    } * several;
    size_t several_count, several_capacity;
};

/* Where their slots are is brought near for many at once: most networks are no larger. */
static void find_tied(struct sweep *sweep)
{
    enum { AT_ONCE = 64, STEPS = 2 };
    const struct match_query *query = sweep->query;
    const struct network *network = query->network;
    uint32_t count = network->tie_count;
    for (uint32_t from = 0; from < count; from += AT_ONCE) {
        uint32_t end = count - from < AT_ONCE ? count : from + AT_ONCE;
        for (unsigned step = 0; step < STEPS; step++)
            for (uint32_t i = from; i < end; i++)
                slot_set_fetch_body(query, network->ties[i].body, step);
        for (uint32_t i = from; i < end; i++)
            if (network->ties[i].body != network->sender_body)
                slot_set_add_body(&sweep->tied, query, network->ties[i].body);
    }
    slot_set_end(&sweep->tied, query);
}

/* `read`: the bound has read the slots' chunk. */
static void score_block(const struct sweep *sweep, struct match_block *block, bool read)
{
    int64_t billionths[BLOCK_SLOTS];
    const struct match_query *query = sweep->query;
    const struct sweep_sink *sink = sweep->sink;
    if (read) {
        bound_fill(&sweep->bound, block);
        scoring_filled(sweep->scoring, block, billionths);
    } else {
        scoring_block(sweep->scoring, block, billionths);
    }
    for (uint32_t i = 0; i < block->count; i++) {
        if (!query->keep && billionths[i] < sink->least(sink->context))
            continue;
        struct ranked ranked = ranked_of(query, block->slots[i], billionths[i]);
        sink->take(sink->context, &ranked, bits_has(query->segment->shared, block->slots[i]));
    }
    block->count = 0;
    give_way();
}

static void score_all(const struct sweep *sweep, const struct stretch *stretch, const uint64_t *slots,
                      bool read)
{
    struct match_block block;
    block.count = 0;
    for (size_t i = stretch->first; i < stretch->end; i++)
        for (uint64_t rest = slots[i]; rest; rest &= rest - 1) {
            block.slots[block.count++] = stretch_slot(stretch, i) + (uint32_t)__builtin_ctzll(rest);
            if (block.count == BLOCK_SLOTS)
                score_block(sweep, &block, read);
        }
    if (block.count)
        score_block(sweep, &block, read);
}

static int sum_for(const struct sweep *sweep, int64_t least)
{
    return least == INT64_MIN ? 0 : least == INT64_MAX ? BOUND_MOST + 1 : bound_sum_of(&sweep->bound, least);
}

/* Those that fill the page are scored first where there are more, so that few of the others need to come at all; of these the best come
 * first, in small blocks. */
static void score_bounded(struct sweep *sweep, const struct stretch *stretch, uint64_t *slots,
                          size_t slot_count)
{
    const struct sweep_sink *sink = sweep->sink;
    enum { AT_ONCE = 16, FEW = 128 };
    uint64_t reach[CHUNK_WORDS];
    int64_t least = sink->least(sink->context);
    if (least == INT64_MIN && slot_count > FEW) {
        bound_reach(&sweep->bound, slots, bound_highest(&sweep->bound, slots, sink->wanted), reach);
        score_all(sweep, stretch, reach, true);
        for (size_t i = stretch->first; i < stretch->end; i++)
            slots[i] &= ~reach[i];
        least = sink->least(sink->context);
    }
    size_t count = bound_reach(&sweep->bound, slots, sum_for(sweep, least), reach), i = 0;
    if (!count)
        return;
    bound_order(&sweep->bound, reach, count);
    const struct bounded *list = sweep->bound.ordered;
    struct match_block block;
    while (i < count && list[i].sum >= sum_for(sweep, sink->least(sink->context))) {
        for (block.count = 0; i < count && block.count < AT_ONCE; i++)
            block.slots[block.count++] = list[i].slot;
        score_block(sweep, &block, true);
    }
}

/* Moves slots of bodies with several records from a chunk's into `several`; returns how many. */
static size_t part_several(const struct segment *segment, const struct stretch *stretch, uint64_t *slots,
                           uint64_t *several)
{
    size_t first = stretch->first, words = stretch_words(stretch);
    memset(several, 0, CHUNK_WORDS * sizeof *several);
    if (!wide_both(several + first, slots + first, segment->several_records.bits + stretch_word(stretch),
                   words))
        return 0;
    for (size_t i = first; i < stretch->end; i++)
        slots[i] ^= several[i];
    return wide_count(several + first, words);
}

static struct put_off *put_off_new(struct sweep *sweep)
{
    if (sweep->several_count == sweep->several_capacity) {
        size_t old = sweep->several_capacity;
        sweep->several_capacity = old ? old * 2 : 64;
        sweep->several = arena_grow(sweep->query->arena, sweep->several, old * sizeof *sweep->several,
                                    sweep->several_capacity * sizeof *sweep->several);
    }
    return &sweep->several[sweep->several_count++];
}

static void put_off(struct sweep *sweep, const struct stretch *stretch, const uint64_t *several, bool read)
{
    for (size_t i = stretch->first; i < stretch->end; i++)
        for (uint64_t rest = several[i]; rest; rest &= rest - 1) {
            uint32_t slot = stretch_slot(stretch, i) + (uint32_t)__builtin_ctzll(rest);
            *put_off_new(sweep) = (struct put_off){
                .bounded = {slot, read ? bound_sum_at(&sweep->bound, slot) : BOUND_MOST},
                .own = segment_body_preferring(sweep->query->segment, slot),
            };
        }
}

/* Whether it saves work to bound so many of a chunk's slots, of which those are scored anyway that fill the page. */
static bool is_worth_bounding(struct sweep *sweep, size_t count)
{
    const struct sweep_sink *sink = sweep->sink;
    int64_t least = sink->least(sink->context);
    size_t filling = least == INT64_MIN ? sink->wanted : 0;
    if (least == INT64_MAX || count < filling + BOUND_LEAST_SLOTS)
        return false;
    if (!sweep->is_bounding) {
        sweep->is_bounding = true;
        bound_init(&sweep->bound, sweep->scoring);
        if (sweep->bound.useful) {
            network_spread(sweep->query->network);
            find_tied(sweep);
        }
    }
    return sweep->bound.useful && count >= filling + sweep->bound.least_slots;
}

static void rank_chunk(struct sweep *sweep, const struct stretch *stretch, uint64_t *slots,
                       const uint64_t *several, size_t several_count)
{
    size_t count = wide_count(slots + stretch->first, stretch_words(stretch));
    bool is_bounded = is_worth_bounding(sweep, count + several_count);
    if (is_bounded) {
        uint64_t tied[CHUNK_WORDS] = {0};
        if (slot_set_take(&sweep->tied, stretch->chunk, slots, tied))
            score_all(sweep, stretch, tied, false);
        bound_read(&sweep->bound, stretch, slots, several);
    }
    if (several_count)
        put_off(sweep, stretch, several, is_bounded);
    if (is_bounded)
        score_bounded(sweep, stretch, slots, count);
    else if (count)
        score_all(sweep, stretch, slots, false);
}

/* ---- bodies with several records ---- */

/* Scores the slots of each body's shown record: of those that have any the one with the most offers, ties by id. */
static void rank_several(struct sweep *sweep, const struct met *met, struct facet_counts *facets)
{
    struct match_block block;
    block.count = 0;
    for (const struct put_off *at = sweep->several; at < sweep->several + sweep->several_count; at++) {
        if (at->own.preference != met_find(met, at->own.body)->preference)
            continue;
        uint32_t slot = at->bounded.slot;
        struct tie tie;
        if (facets)
            facet_add(facets, slot);
        if (at->bounded.sum < sum_for(sweep, sweep->sink->least(sweep->sink->context)) &&
            !network_ask(sweep->query->network, match_query_body(sweep->query, slot), &tie))
            continue;
        block.slots[block.count++] = slot;
        if (block.count == BLOCK_SLOTS)
            score_block(sweep, &block, false);
    }
    if (block.count)
        score_block(sweep, &block, false);
}

static uint64_t sweep_part(struct sweep *sweep, struct facet_counts *facets)
{
    struct tally tally = {0};
    struct sieve sieve;
    uint64_t slots[CHUNK_WORDS], several[CHUNK_WORDS];
    struct stretch stretch;
    sieve_init(&sieve, sweep->query);
    while (sieve_next(&sieve, &stretch, slots)) {
        tally_chunk(&tally, sweep->query, &stretch, slots);
        size_t several_count = part_several(sweep->query->segment, &stretch, slots, several);
        if (facets)
            facet_add_chunk(facets, sweep->query, &stretch, slots);
        rank_chunk(sweep, &stretch, slots, several, several_count);
        give_way();
    }
    rank_several(sweep, &tally.apart, facets);
    if (facets)
        facet_part_end(facets, sweep->query);
    return tally.together + tally.apart.count;
}

uint64_t sweep_rank(struct match_query *query, struct scoring *scoring, const struct sweep_sink *sink,
                    struct facet_counts *facets)
{
    uint64_t bodies = 0;
    for (int part = BASE; part < query->index->segment_count; part++) {
        struct sweep sweep = {.query = query, .scoring = scoring, .sink = sink};
        match_query_enter(query, part);
        if (query->segment->slot_count)
            bodies += sweep_part(&sweep, facets);
    }
    return bodies;
}
