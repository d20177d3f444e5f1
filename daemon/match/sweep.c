#include "match/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/bound.h"
#include "match/facet.h"
#include "match/index_data.h"
#include "match/wide.h"

/* ---- counting ---- */

/* Bodies with several slots are counted at the first. */
struct tally {
    uint64_t bodies;
    uint64_t *seen; /* by first member; made when it is needed */
};

static void tally_shared(struct tally *tally, const struct match_query *query, size_t word, uint64_t slots)
{
    const struct segment *segment = query->segment;
    if (!tally->seen)
        tally->seen = arena_array(query->arena, bits_words(segment->organisation_count), sizeof *tally->seen);
    for (; slots; slots &= slots - 1) {
        uint32_t body = segment_body(segment, (uint32_t)(word * 64 + (size_t)__builtin_ctzll(slots)));
        tally->bodies += !bits_has(tally->seen, body);
        bits_set(tally->seen, body);
    }
}

static void tally_chunk(struct tally *tally, const struct match_query *query, size_t word,
                        const uint64_t *slots)
{
    const struct segment *segment = query->segment;
    size_t words = bits_words(segment->slot_count) - word;
    words = words < CHUNK_WORDS ? words : CHUNK_WORDS;
    for (size_t i = 0; i < words; i++) {
        if (!slots[i])
            continue;
        uint64_t shared = slots[i] & segment->shared[word + i];
        tally->bodies += (uint64_t)__builtin_popcountll(slots[i] ^ shared);
        if (shared)
            tally_shared(tally, query, word + i, shared);
    }
}

uint64_t sweep_count(struct match_query *query)
{
    uint64_t bodies = 0, slots[CHUNK_WORDS];
    for (int part = 0; part < SEGMENTS; part++) {
        struct tally tally = {0};
        struct sieve sieve;
        match_query_enter(query, part);
        sieve_init(&sieve, query);
        for (size_t word = 0; word < bits_words(query->segment->slot_count); word += CHUNK_WORDS)
            if (sieve_read(&sieve, word, slots))
                tally_chunk(&tally, query, word, slots);
        bodies += tally.bodies;
    }
    return bodies;
}

/* ---- ranking ---- */

/* A walk over one part. */
struct sweep {
    struct match_query *query;
    struct scoring *scoring;
    const struct sweep_sink *sink;
    struct bound bound;
    struct slot_set tied; /* of bodies in the sender's network: each is scored */
    /* Slots of bodies with several records, until all are known. */
    uint32_t *several;
    size_t several_count, several_capacity;
};

static void find_tied(struct sweep *sweep)
{
    const struct match_query *query = sweep->query;
    for (uint32_t i = 0; i < query->network.tie_count; i++)
        if (query->network.ties[i].body != query->network.sender_body)
            slot_set_add_body(&sweep->tied, query, query->network.ties[i].body);
}

static void score_block(const struct sweep *sweep, struct match_block *block)
{
    int64_t billionths[BLOCK_SLOTS];
    const struct match_query *query = sweep->query;
    const struct sweep_sink *sink = sweep->sink;
    scoring_block(sweep->scoring, block, billionths);
    for (uint32_t i = 0; i < block->count; i++) {
        if (!query->keep && billionths[i] < sink->least(sink->context))
            continue;
        struct ranked ranked = ranked_of(query, block->slots[i], billionths[i]);
        sink->take(sink->context, &ranked, bits_has(query->segment->shared, block->slots[i]));
    }
    block->count = 0;
}

static void score_all(const struct sweep *sweep, size_t word, const uint64_t *slots)
{
    struct match_block block;
    block.count = 0;
    for (size_t i = 0; i < CHUNK_WORDS; i++)
        for (uint64_t rest = slots[i]; rest; rest &= rest - 1) {
            block.slots[block.count++] = (uint32_t)((word + i) * 64 + (size_t)__builtin_ctzll(rest));
            if (block.count == BLOCK_SLOTS)
                score_block(sweep, &block);
        }
    if (block.count)
        score_block(sweep, &block);
}

/* The highest sum that enough of the slots may reach: they come first, so that the others need not. */
static int first_sum(const struct sweep *sweep, const uint64_t *slots, uint64_t *reach)
{
    int low = 0, high = BOUND_MOST + 1;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (bound_reach(&sweep->bound, slots, middle, reach) >= sweep->sink->wanted)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int sum_for(const struct sweep *sweep, int64_t least)
{
    return least == INT64_MIN ? 0 : least == INT64_MAX ? BOUND_MOST + 1 : bound_sum_of(&sweep->bound, least);
}

/* The best come first, in small blocks, so that soon the others need not come at all. */
static void score_bounded(struct sweep *sweep, size_t word, uint64_t *slots)
{
    const struct sweep_sink *sink = sweep->sink;
    enum { AT_ONCE = 16 };
    uint64_t reach[CHUNK_WORDS];
    int64_t least = sink->least(sink->context);
    if (least == INT64_MAX)
        return;
    bound_read(&sweep->bound, word, slots);
    if (least == INT64_MIN) {
        bound_reach(&sweep->bound, slots, first_sum(sweep, slots, reach), reach);
        score_all(sweep, word, reach);
        for (size_t i = 0; i < CHUNK_WORDS; i++)
            slots[i] &= ~reach[i];
        least = sink->least(sink->context);
    }
    if (!bound_reach(&sweep->bound, slots, sum_for(sweep, least), reach))
        return;
    struct bounded *list = sweep->bound.ordered;
    uint32_t count = bound_order(&sweep->bound, word, reach, list), i = 0;
    struct match_block block;
    while (i < count && list[i].sum >= sum_for(sweep, sink->least(sink->context))) {
        for (block.count = 0; i < count && block.count < AT_ONCE; i++)
            block.slots[block.count++] = list[i].slot;
        score_block(sweep, &block);
    }
}

static void put_off_several(struct sweep *sweep, size_t word, uint64_t *slots)
{
    const struct segment *segment = sweep->query->segment;
    size_t words = bits_words(segment->slot_count) - word;
    words = words < CHUNK_WORDS ? words : CHUNK_WORDS;
    for (size_t i = 0; i < words; i++) {
        uint64_t several = slots[i] & segment->several_records[word + i];
        slots[i] ^= several;
        for (; several; several &= several - 1) {
            if (sweep->several_count == sweep->several_capacity) {
                size_t old = sweep->several_capacity;
                sweep->several_capacity = old ? old * 2 : 256;
                sweep->several = arena_grow(sweep->query->arena, sweep->several, old * sizeof *sweep->several,
                                            sweep->several_capacity * sizeof *sweep->several);
            }
            sweep->several[sweep->several_count++] =
                (uint32_t)((word + i) * 64 + (size_t)__builtin_ctzll(several));
        }
    }
}

static void rank_chunk(struct sweep *sweep, size_t word, uint64_t *slots)
{
    if (sweep->tied.count) {
        uint64_t taken[CHUNK_WORDS] = {0};
        size_t words = bits_words(sweep->query->segment->slot_count) - word;
        slot_set_take(&sweep->tied, word, words < CHUNK_WORDS ? words : CHUNK_WORDS, slots, taken);
        score_all(sweep, word, taken);
    }
    size_t count = wide_count(slots, CHUNK_WORDS);
    if (count && (!sweep->bound.useful || count < sweep->bound.least_slots))
        score_all(sweep, word, slots);
    else if (count)
        score_bounded(sweep, word, slots);
}

/* ---- bodies with several records ---- */

struct choice {
    uint32_t body, preference, slot;
};

static int compare_choices(const void *left, const void *right)
{
    const struct choice *a = left, *b = right;
    int order = (a->body > b->body) - (a->body < b->body);
    if (!order)
        order = (a->preference > b->preference) - (a->preference < b->preference);
    return order ? order : (a->slot > b->slot) - (a->slot < b->slot);
}

/* Scores the slots of each body's shown record: of those that have any the one with the most offers, ties by id. */
static void rank_several(struct sweep *sweep, struct facet_counts *facets)
{
    const struct segment *segment = sweep->query->segment;
    struct choice *choices = arena_array(sweep->query->arena, sweep->several_count, sizeof *choices);
    for (size_t i = 0; i < sweep->several_count; i++) {
        const struct several *several =
            bodies_find(&segment->bodies, segment->slot_organisation[sweep->several[i]]);
        choices[i] =
            (struct choice){segment->bodies.members[several->first], several->preference, sweep->several[i]};
    }
    qsort(choices, sweep->several_count, sizeof *choices, compare_choices);
    struct match_block block;
    block.count = 0;
    for (size_t i = 0, first = 0; i < sweep->several_count; i++) {
        if (choices[i].body != choices[first].body)
            first = i;
        if (choices[i].preference != choices[first].preference)
            continue;
        if (facets)
            facet_add(facets, sweep->query, choices[i].slot);
        block.slots[block.count++] = choices[i].slot;
        if (block.count == BLOCK_SLOTS)
            score_block(sweep, &block);
    }
    if (block.count)
        score_block(sweep, &block);
}

static uint64_t sweep_part(struct sweep *sweep, struct facet_counts *facets)
{
    struct tally tally = {0};
    struct sieve sieve;
    uint64_t slots[CHUNK_WORDS];
    sieve_init(&sieve, sweep->query);
    bound_init(&sweep->bound, sweep->scoring);
    find_tied(sweep);
    for (size_t word = 0; word < bits_words(sweep->query->segment->slot_count); word += CHUNK_WORDS) {
        if (!sieve_read(&sieve, word, slots))
            continue;
        tally_chunk(&tally, sweep->query, word, slots);
        put_off_several(sweep, word, slots);
        if (facets)
            facet_add_chunk(facets, sweep->query, word, slots);
        rank_chunk(sweep, word, slots);
    }
    rank_several(sweep, facets);
    if (facets)
        facet_part_end(facets, sweep->query);
    return tally.bodies;
}

uint64_t sweep_rank(struct match_query *query, struct scoring *scoring, const struct sweep_sink *sink,
                    struct facet_counts *facets)
{
    uint64_t bodies = 0;
    for (int part = 0; part < SEGMENTS; part++) {
        struct sweep sweep = {.query = query, .scoring = scoring, .sink = sink};
        match_query_enter(query, part);
        bodies += sweep_part(&sweep, facets);
    }
    return bodies;
}
