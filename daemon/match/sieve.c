#include "match/sieve.h"

#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/arena.h"
#include "match/filter/filter.h"
#include "match/index_data.h"
#include "match/search.h"
#include "match/wide.h"

/* ---- slots taken one by one ---- */

void slot_set_add(struct slot_set *set, const struct match_query *query, uint32_t slot)
{
    if (!set->bits && set->count < SLOT_SET_FEW) {
        set->few[set->count++] = slot;
        return;
    }
    if (!set->bits) {
        set->bits = arena_array(query->arena, bits_words(query->segment->slot_count) + CHUNK_WORDS,
                                sizeof *set->bits);
        for (uint32_t i = 0; i < set->count; i++)
            bits_set(set->bits, set->few[i]);
    }
    set->count++;
    bits_set(set->bits, slot);
}

void slot_set_add_body(struct slot_set *set, const struct match_query *query, uint32_t body)
{
    struct members members;
    index_members(query->index, body, &members);
    const struct segment *segment = query->segment;
    if (members.segment != query->part)
        return;
    for (uint32_t i = 0; i < members.count; i++)
        for (uint32_t j = segment->first_slot[members.places[i]];
             j < segment->first_slot[members.places[i] + 1]; j++)
            slot_set_add(set, query, segment->slots_of[j]);
}

void slot_set_take(const struct slot_set *set, size_t word, size_t words, uint64_t *slots, uint64_t *taken)
{
    if (set->bits)
        for (size_t i = 0; i < words; i++) {
            if (taken)
                taken[i] |= slots[i] & set->bits[word + i];
            slots[i] &= ~set->bits[word + i];
        }
    for (uint32_t i = 0; !set->bits && i < set->count; i++) {
        size_t at = set->few[i] - word * 64;
        if (set->few[i] < word * 64 || at >= words * 64 || !bits_has(slots, at))
            continue;
        bits_clear(slots, at);
        if (taken)
            bits_set(taken, at);
    }
}

/* ---- what to compare columns with ---- */

static bool column_of(int32_t day, int16_t *ret_column)
{
    if (day == INT32_MIN || day == INT32_MAX)
        *ret_column = day == INT32_MIN ? COLUMN_LEAST : COLUMN_MOST;
    else if (day < DAY_MIDDLE - DAY_REACH || day >= DAY_MIDDLE + DAY_REACH)
        return false;
    else
        *ret_column = (int16_t)(day - DAY_MIDDLE);
    return true;
}

/* False: something doesn't fit, and entries must be looked at. */
static bool read_columns(struct sieve *sieve)
{
    const struct match_query *query = sieve->query;
    enum { MOST_DAYS = 10000 };
    sieve->days_stated = filter_duration.stated(query);
    sieve->windows_stated = filter_period.stated(query) || filter_learners.stated(query);
    uint32_t places = match_query_places(query);
    if (query->max_days > MOST_DAYS || query->min_days > MOST_DAYS || places >= COLUMN_MOST ||
        query->today == INT32_MIN || query->today == INT32_MAX || !column_of(query->today, &sieve->today) ||
        query->start == INT32_MAX || query->end == INT32_MIN || !column_of(query->start, &sieve->start) ||
        !column_of(query->end, &sieve->end))
        return false;
    sieve->min_days = (int16_t)query->min_days;
    sieve->max_days = (int16_t)query->max_days;
    sieve->places = (int16_t)places;
    return true;
}

static int compare_unions(const void *left, const void *right)
{
    const struct posting_union *a = left, *b = right;
    return (a->total > b->total) - (a->total < b->total);
}

void sieve_init(struct sieve *sieve, const struct match_query *query)
{
    size_t most = FILTER_COUNT + query->wanted.count;
    *sieve = (struct sieve){
        .query = query,
        .unions = arena_array(query->arena, most, sizeof *sieve->unions),
        .each = arena_array(query->arena, FILTER_COUNT, sizeof *sieve->each),
        .odd_each = arena_array(query->arena, FILTER_COUNT, sizeof *sieve->odd_each),
    };
    sieve->by_columns = read_columns(sieve);
    for (size_t i = 0; i < FILTER_COUNT; i++) {
        const struct filter *filter = filter_table[i];
        if (!filter->stated(query))
            continue;
        if (filter->unite)
            filter->unite(query, sieve);
        else if (filter->in_columns && sieve->by_columns)
            sieve->odd_each[sieve->odd_each_count++] = filter;
        else
            sieve->each[sieve->each_count++] = filter;
    }
    qsort(sieve->unions, sieve->union_count, sizeof *sieve->unions, compare_unions);
}

struct posting_union *sieve_union(struct sieve *sieve)
{
    return &sieve->unions[sieve->union_count++];
}

void sieve_exclude_body(struct sieve *sieve, uint32_t body)
{
    slot_set_add_body(&sieve->excluded, sieve->query, body);
}

/* ---- columns ---- */

/* Of some days and places as columns have them. */
static bool window_holds(const struct sieve *sieve, struct window_column window, int days)
{
    int start = window.start > sieve->start ? window.start : sieve->start;
    int end = window.end < sieve->end ? window.end : sieve->end;
    return start + (days > 1 ? days : 1) - 1 <= end && window.places >= sieve->places;
}

/* Whether one of several windows holds, where what spans them does. */
static bool several_hold(const struct sieve *sieve, size_t slot)
{
    const struct segment *segment = sieve->query->segment;
    int min = segment->min_days[slot], days = min > sieve->min_days ? min : sieve->min_days;
    const struct window_column *end, *at = segment_window_columns(segment, (uint32_t)slot, &end);
    while (at < end && !window_holds(sieve, *at, days))
        at++;
    return at < end;
}

/* The same for one slot as below for many. */
static bool columns_hold(const struct sieve *sieve, size_t slot)
{
    const struct segment *segment = sieve->query->segment;
    if (segment->valid_until[slot] < sieve->today)
        return false;
    int min = segment->min_days[slot], places = segment->window_places[slot];
    if (sieve->days_stated && (min > sieve->max_days || sieve->min_days > segment->max_days[slot]))
        return false;
    if (!sieve->windows_stated || places == COLUMN_MOST)
        return true;
    struct window_column all = {segment->window_start[slot], segment->window_end[slot], (int16_t)places};
    return window_holds(sieve, all, min > sieve->min_days ? min : sieve->min_days);
}

#ifdef __SSE2__
static __m128i load(const int16_t *column, size_t slot)
{
    __m128i lanes;
    memcpy(&lanes, column + slot, sizeof lanes);
    return lanes;
}

/* Which of eight slots fail, all bits of a lane set. */
static __m128i eight_fail(const struct sieve *sieve, const struct segment *segment, size_t slot)
{
    __m128i fail = _mm_cmpgt_epi16(_mm_set1_epi16(sieve->today), load(segment->valid_until, slot));
    __m128i min = load(segment->min_days, slot), asked = _mm_set1_epi16(sieve->min_days);
    if (sieve->days_stated) {
        __m128i above = _mm_cmpgt_epi16(min, _mm_set1_epi16(sieve->max_days));
        __m128i below = _mm_cmpgt_epi16(asked, load(segment->max_days, slot));
        fail = _mm_or_si128(fail, _mm_or_si128(above, below));
    }
    if (sieve->windows_stated) {
        __m128i one = _mm_set1_epi16(1), places = load(segment->window_places, slot);
        __m128i days = _mm_sub_epi16(_mm_max_epi16(_mm_max_epi16(min, asked), one), one);
        __m128i start = _mm_max_epi16(load(segment->window_start, slot), _mm_set1_epi16(sieve->start));
        __m128i end = _mm_min_epi16(load(segment->window_end, slot), _mm_set1_epi16(sieve->end));
        __m128i bad = _mm_or_si128(_mm_cmpgt_epi16(_mm_adds_epi16(start, days), end),
                                   _mm_cmpgt_epi16(_mm_set1_epi16(sieve->places), places));
        __m128i none = _mm_cmpeq_epi16(places, _mm_set1_epi16(COLUMN_MOST));
        fail = _mm_or_si128(fail, _mm_andnot_si128(none, bad));
    }
    return fail;
}

static uint64_t word_holds(const struct sieve *sieve, const struct segment *segment, size_t slot)
{
    uint64_t fail = 0;
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i pair =
            _mm_packs_epi16(eight_fail(sieve, segment, slot + i), eight_fail(sieve, segment, slot + i + 8));
        fail |= (uint64_t)(uint32_t)_mm_movemask_epi8(pair) << i;
    }
    return ~fail;
}
#else
static uint64_t word_holds(const struct sieve *sieve, const struct segment *, size_t slot)
{
    uint64_t holds = 0;
    for (unsigned i = 0; i < 64; i++)
        holds |= (uint64_t)columns_hold(sieve, slot + i) << i;
    return holds;
}
#endif

static uint64_t ask_each(const struct sieve *sieve, size_t slot, uint64_t slots,
                         const struct filter **filters, size_t count)
{
    for (uint64_t rest = slots; rest; rest &= rest - 1) {
        unsigned at = (unsigned)__builtin_ctzll(rest);
        for (size_t i = 0; i < count; i++)
            if (!filters[i]->holds(sieve->query, (uint32_t)(slot + at))) {
                slots &= ~((uint64_t)1 << at);
                break;
            }
    }
    return slots;
}

static uint64_t narrow_word(const struct sieve *sieve, size_t word, uint64_t slots)
{
    enum { FEW = 4 };
    const struct segment *segment = sieve->query->segment;
    if (!sieve->by_columns) {
        return ask_each(sieve, word * 64, slots, sieve->each, sieve->each_count);
    } else if (__builtin_popcountll(slots) > FEW) {
        slots &= word_holds(sieve, segment, word * 64);
    } else {
        for (uint64_t rest = slots; rest; rest &= rest - 1)
            if (!columns_hold(sieve, word * 64 + (size_t)__builtin_ctzll(rest)))
                slots &= ~(rest & -rest);
    }
    uint64_t several = sieve->windows_stated ? slots & segment->several_windows[word] : 0;
    for (; several; several &= several - 1)
        if (!several_hold(sieve, word * 64 + (size_t)__builtin_ctzll(several)))
            slots &= ~(several & -several);
    uint64_t odd = slots & segment->odd[word];
    if (odd)
        slots ^= odd ^ ask_each(sieve, word * 64, odd, sieve->odd_each, sieve->odd_each_count);
    return sieve->each_count ? ask_each(sieve, word * 64, slots, sieve->each, sieve->each_count) : slots;
}

bool sieve_read(struct sieve *sieve, size_t word, uint64_t *slots)
{
    const struct match_query *query = sieve->query;
    size_t words = bits_words(query->segment->slot_count) - word;
    uint64_t scratch[CHUNK_WORDS], any;
    words = words < CHUNK_WORDS ? words : CHUNK_WORDS;
    memcpy(slots, query->index->live[query->part] + word, words * sizeof *slots);
    memset(slots + words, 0, (CHUNK_WORDS - words) * sizeof *slots);
    for (uint32_t i = 0; i < sieve->union_count; i++) {
        const uint64_t *hold = posting_union_read(&sieve->unions[i], word, words, scratch);
        if (!wide_and(slots, hold, words))
            return false;
    }
    if (sieve->excluded.count)
        slot_set_take(&sieve->excluded, word, words, slots, NULL);
    any = 0;
    for (size_t i = 0; i < words; i++)
        if (slots[i])
            any |= slots[i] = narrow_word(sieve, word + i, slots[i]);
    return any;
}
