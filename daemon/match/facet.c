#include "match/facet.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/search.h"

enum { BROAD_SECTORS = 100 };

struct facet_counts {
    struct arena *arena;
    uint64_t countries[COUNTRY_VALUES], sectors[BROAD_SECTORS + 1];
    /* This part's slots: of bodies with one slot as a set, the others listed until the end. */
    uint64_t *single;
    uint32_t *shared;
    size_t shared_count, shared_capacity;
};

struct facet_counts *facet_counts_new(struct arena *arena)
{
    struct facet_counts *facets = arena_zalloc(arena, sizeof *facets);
    facets->arena = arena;
    return facets;
}

void facet_add(struct facet_counts *facets, uint32_t slot)
{
    if (facets->shared_count == facets->shared_capacity) {
        size_t old = facets->shared_capacity;
        facets->shared_capacity = old ? old * 2 : 256;
        facets->shared = arena_grow(facets->arena, facets->shared, old * sizeof *facets->shared,
                                    facets->shared_capacity * sizeof *facets->shared);
    }
    facets->shared[facets->shared_count++] = slot;
}

void facet_add_chunk(struct facet_counts *facets, const struct match_query *query,
                     const struct stretch *stretch, const uint64_t *slots)
{
    const struct segment *segment = query->segment;
    if (!facets->single)
        facets->single = arena_array(facets->arena, bits_words(segment->slot_count), sizeof *facets->single);
    for (size_t i = stretch->first; i < stretch->end; i++) {
        uint32_t slot = stretch_slot(stretch, i);
        facets->single[slot / 64] = slots[i] & ~segment->shared[slot / 64];
        for (uint64_t rest = slots[i] & segment->shared[slot / 64]; rest; rest &= rest - 1)
            facet_add(facets, slot + (uint32_t)__builtin_ctzll(rest));
    }
}

static uint64_t count_in_chunk(const uint64_t *slots, size_t words, const uint16_t *data,
                               const struct posting_chunk *chunk)
{
    const uint64_t *bits = posting_chunk_bits(data, chunk);
    uint64_t count = 0;
    for (size_t i = 0; bits && i < words; i++)
        count += (uint64_t)__builtin_popcountll(slots[i] & bits[i]);
    for (uint32_t i = 0; !bits && i <= chunk->last; i++)
        count += bits_has(slots, data[chunk->at + i]);
    return count;
}

static uint64_t count_both(const uint64_t *slots, struct posting posting, size_t words)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < posting.chunk_count; i++) {
        const struct posting_chunk *chunk = &posting.chunks[i];
        size_t word = (size_t)chunk->chunk * CHUNK_WORDS, left = words - word;
        count += count_in_chunk(slots + word, left < CHUNK_WORDS ? left : CHUNK_WORDS, posting.data, chunk);
    }
    return count;
}

/* A body's value, so that it counts once. */
struct mark {
    uint32_t place;
    uint16_t value;
};

static int compare_marks(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;
    int order = (a->place > b->place) - (a->place < b->place);
    return order ? order : (a->value > b->value) - (a->value < b->value);
}

static void count_marks(struct mark *marks, size_t count, uint64_t *counts)
{
    qsort(marks, count, sizeof *marks, compare_marks);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_marks(&marks[i], &marks[i - 1]) != 0)
            counts[marks[i].value]++;
}

static void count_shared(struct facet_counts *facets, const struct segment *segment)
{
    size_t sector_count = 0;
    for (size_t i = 0; i < facets->shared_count; i++)
        sector_count += segment_sectors(segment, facets->shared[i]).count;
    struct mark *countries = arena_array(facets->arena, facets->shared_count, sizeof *countries);
    struct mark *sectors = arena_array(facets->arena, sector_count, sizeof *sectors);
    sector_count = 0;
    for (size_t i = 0; i < facets->shared_count; i++) {
        uint32_t slot = facets->shared[i], place = segment->slot_organisation[slot];
        struct numbers offered = segment_sectors(segment, slot);
        countries[i] = (struct mark){place, segment_host(segment, slot)->country};
        for (uint32_t j = 0; j < offered.count; j++)
            sectors[sector_count++] = (struct mark){place, number_sector_prefix(offered.items[j], 2)};
    }
    count_marks(countries, facets->shared_count, facets->countries);
    count_marks(sectors, sector_count, facets->sectors);
}

void facet_part_end(struct facet_counts *facets, const struct match_query *query)
{
    const struct segment *segment = query->segment;
    size_t words = bits_words(segment->slot_count);
    for (uint16_t i = 1; facets->single && i < COUNTRY_VALUES; i++)
        facets->countries[i] += count_both(facets->single, posting_of(&segment->country, i), words);
    for (uint16_t i = 1; facets->single && i <= BROAD_SECTORS; i++)
        facets->sectors[i] += count_both(facets->single, posting_of(&segment->sector_under, i), words);
    count_shared(facets, segment);
    facets->single = NULL;
    facets->shared_count = 0;
}

static void answer_one(Partner__V1__FindHostsResponse *response, struct arena *arena, const char *field,
                       const char *value, uint64_t count)
{
    if (!count)
        return;
    Partner__V1__Facet *to = arena_alloc(arena, sizeof *to);
    partner__v1__facet__init(to);
    to->field = arena_strdup(arena, field);
    to->value = arena_strdup(arena, value);
    to->eligible = count;
    response->facets[response->n_facets++] = to;
}

void facet_answer(const struct facet_counts *facets, struct arena *arena,
                  Partner__V1__FindHostsResponse *response)
{
    char code[5];
    response->facets = arena_array(arena, COUNTRY_VALUES + BROAD_SECTORS, sizeof *response->facets);
    for (uint16_t i = 1; i < COUNTRY_VALUES; i++) {
        number_country_code(i, code);
        answer_one(response, arena, "countries", code, facets->countries[i]);
    }
    for (uint16_t i = 1; i <= BROAD_SECTORS; i++) {
        number_sector_code(i, code);
        answer_one(response, arena, "sectors", code, facets->sectors[i]);
    }
}
