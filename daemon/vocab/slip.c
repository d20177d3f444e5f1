#include "vocab/slip.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { PIECES_HURT_BY_A_SLIP = 3 }; /* by a swap; by any other slip two */

unsigned slip_allowance(size_t letters)
{
    return letters < 4 ? 0 : letters < 8 ? 1 : 2;
}

size_t slip_letters(const char *word, uint32_t letters[SLIP_LETTERS_MOST + 1])
{
    size_t count = 0;
    for (const unsigned char *at = (const unsigned char *)word; *at && count <= SLIP_LETTERS_MOST; count++) {
        uint32_t letter =
            *at++; /* the lead byte and its followers: one number a letter, no need for the code point */
        while ((*at & 0xc0) == 0x80)
            letter = letter << 8 | *at++;
        letters[count] = letter;
    }
    return count;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned slip_distance(const uint32_t *left, size_t left_count, const uint32_t *right, size_t right_count,
                       unsigned most)
{
    size_t apart = left_count > right_count ? left_count - right_count : right_count - left_count;
    if (apart > most || left_count > SLIP_LETTERS_MOST || right_count > SLIP_LETTERS_MOST)
        return most + 1;
    unsigned rows[3][SLIP_LETTERS_MOST + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= right_count; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= left_count; i++) {
        unsigned smallest = row[0] = (unsigned)i;
        for (size_t j = 1; j <= right_count; j++) {
            unsigned cost =
                least(least(last[j], row[j - 1]) + 1, last[j - 1] + (left[i - 1] != right[j - 1]));
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                cost = least(cost, before[j - 2] + 1);
            row[j] = cost;
            smallest = least(smallest, cost);
        }
        if (smallest > most)
            return most + 1;
        unsigned *oldest = before;
        before = last, last = row, row = oldest;
    }
    return least(last[right_count], most + 1);
}

static uint32_t bucket_of(uint32_t first, uint32_t second, uint32_t mask)
{
    uint64_t hash = ((uint64_t)first << 32 | second) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32) & mask;
}

/* The pairs of neighbours in a word that has a blank before and after it: one more than letters. */
static size_t pieces_of(const uint32_t *letters, size_t count, uint32_t mask,
                        uint32_t buckets[SLIP_LETTERS_MOST + 1])
{
    if (count > SLIP_LETTERS_MOST)
        return 0;
    for (size_t i = 0; i <= count; i++)
        buckets[i] = bucket_of(i ? letters[i - 1] : ' ', i < count ? letters[i] : ' ', mask);
    return count + 1;
}

void slip_index_build(struct slip_index *index, struct arena *arena, const char *const *words, uint32_t count)
{
    uint32_t bucket_count = 256, buckets[SLIP_LETTERS_MOST + 1], letters[SLIP_LETTERS_MOST + 1];
    while (bucket_count < count && bucket_count < 1 << 12)
        bucket_count *= 2;
    uint32_t mask = bucket_count - 1, *starts = arena_array(arena, bucket_count + 1, sizeof *starts);
    uint8_t *sizes = arena_array(arena, count, sizeof *sizes);
    for (uint32_t word = 0; word < count; word++) {
        sizes[word] = (uint8_t)slip_letters(words[word], letters);
        size_t pieces = pieces_of(letters, sizes[word], mask, buckets);
        for (size_t i = 0; i < pieces; i++)
            starts[buckets[i] + 1]++;
    }
    for (uint32_t i = 0; i < bucket_count; i++)
        starts[i + 1] += starts[i];
    uint32_t *items = arena_array(arena, starts[bucket_count], sizeof *items);
    uint32_t *ends = heap_alloc(bucket_count * sizeof *ends);
    memcpy(ends, starts, bucket_count * sizeof *ends);
    for (uint32_t word = 0; word < count; word++) {
        size_t pieces = pieces_of(letters, slip_letters(words[word], letters), mask, buckets);
        for (size_t i = 0; i < pieces; i++)
            items[ends[buckets[i]]++] = word;
    }
    free(ends);
    *index = (struct slip_index){words, sizes, count, mask, starts, items};
}

static int compare_hits(const void *left, const void *right)
{
    const struct slip_hit *a = left, *b = right;
    if (a->slips != b->slips)
        return a->slips < b->slips ? -1 : 1;
    return (a->word > b->word) - (a->word < b->word);
}

/* What a look-up needs of the word that is looked for. */
struct wanted {
    uint32_t letters[SLIP_LETTERS_MOST + 1];
    size_t count;
    unsigned most;
};

struct hits {
    struct arena *arena;
    struct slip_hit *items;
    size_t count, capacity;
};

static void hits_add(struct hits *hits, struct slip_hit hit)
{
    if (hits->count == hits->capacity) {
        size_t larger = hits->capacity ? hits->capacity * 2 : 16, bytes = sizeof *hits->items;
        hits->items = arena_grow(hits->arena, hits->items, hits->count * bytes, larger * bytes);
        hits->capacity = larger;
    }
    hits->items[hits->count++] = hit;
}

static void check_candidate(const struct slip_index *index, const struct wanted *wanted, uint32_t candidate,
                            struct hits *hits)
{
    uint32_t letters[SLIP_LETTERS_MOST + 1];
    size_t count = slip_letters(index->words[candidate], letters);
    unsigned slips = slip_distance(wanted->letters, wanted->count, letters, count, wanted->most);
    if (slips > 0 && slips <= wanted->most)
        hits_add(hits, (struct slip_hit){candidate, slips});
}

size_t slip_index_find(const struct slip_index *index, struct arena *arena, const char *word,
                       const struct slip_hit **ret_hits)
{
    struct wanted wanted;
    struct hits hits = {.arena = arena};
    uint32_t buckets[SLIP_LETTERS_MOST + 1];
    wanted.count = slip_letters(word, wanted.letters);
    wanted.most = slip_allowance(wanted.count);
    *ret_hits = NULL;
    if (!wanted.most || wanted.count > SLIP_LETTERS_MOST || !index->word_count)
        return 0;
    size_t pieces = pieces_of(wanted.letters, wanted.count, index->bucket_mask, buckets);
    size_t enough = pieces - PIECES_HURT_BY_A_SLIP * wanted.most;
    uint8_t *shared = heap_zalloc(index->word_count);
    for (size_t i = 0; i < pieces; i++) {
        for (uint32_t at = index->starts[buckets[i]]; at < index->starts[buckets[i] + 1]; at++) {
            uint32_t candidate = index->items[at];
            if (index->sizes[candidate] + wanted.most < wanted.count ||
                index->sizes[candidate] > wanted.count + wanted.most || shared[candidate] >= enough)
                continue;
            if (++shared[candidate] == enough)
                check_candidate(index, &wanted, candidate, &hits);
        }
    }
    free(shared);
    if (hits.count)
        qsort(hits.items, hits.count, sizeof *hits.items, compare_hits);
    *ret_hits = hits.items;
    return hits.count;
}
