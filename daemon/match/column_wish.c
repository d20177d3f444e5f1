#include "match/column_wish.h"

#include <string.h>

#include "match/filter/filter.h"
#include "match/search.h"
#include "match/segment.h"
#include "match/wide.h"

/* ---- what to compare with ---- */

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

bool column_wish_read(struct column_wish *wish, const struct match_query *query)
{
    enum { MOST_DAYS = 10000 };
    bool days = filter_duration.stated(query);
    uint32_t places = match_query_places(query);
    *wish = (struct column_wish){
        .windows_stated = filter_period.stated(query) || filter_learners.stated(query),
    };
    if (query->max_days > MOST_DAYS || query->min_days > MOST_DAYS || places >= COLUMN_MOST ||
        query->today == INT32_MIN || query->today == INT32_MAX || !column_of(query->today, &wish->today) ||
        query->start == INT32_MAX || query->end == INT32_MIN || !column_of(query->start, &wish->start) ||
        !column_of(query->end, &wish->end))
        return false;
    wish->min_days = (int16_t)query->min_days;
    wish->days_least = days ? wish->min_days : COLUMN_LEAST;
    wish->days_most = days ? (int16_t)query->max_days : COLUMN_MOST;
    wish->places = (int16_t)places;
    return true;
}

/* ---- slot by slot ---- */

static bool window_holds(const struct column_wish *wish, struct window_column window, int days)
{
    int start = window.start > wish->start ? window.start : wish->start;
    int end = window.end < wish->end ? window.end : wish->end;
    return start + (days > 1 ? days : 1) - 1 <= end && window.places >= wish->places;
}

/* The same for one slot as below for many. */
static bool columns_hold(const struct column_wish *wish, const struct segment *segment, size_t slot)
{
    if (segment->valid_until[slot] < wish->today)
        return false;
    int min = segment->min_days[slot];
    if (min > wish->days_most || segment->max_days[slot] < wish->days_least)
        return false;
    if (!wish->windows_stated || segment->window_places[slot] == COLUMN_MOST)
        return true;
    struct window_column all = {segment->window_start[slot], segment->window_end[slot],
                                segment->window_places[slot]};
    return window_holds(wish, all, min > wish->min_days ? min : wish->min_days);
}

/* ---- 64 slots at once ---- */

#define INLINE static inline __attribute__((always_inline))

/* The lowest bits of 64 bytes. */
INLINE uint64_t bits_of(const uint8_t bytes[64])
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t part;
        memcpy(&part, bytes + 8 * i, sizeof part);
        bits |= (part * 0x0102040810204080u >> 56) << (8 * i);
    }
    return bits;
}

INLINE int16_t larger(int16_t left, int16_t right)
{
    return left > right ? left : right;
}

INLINE int16_t smaller(int16_t left, int16_t right)
{
    return left < right ? left : right;
}

/* Which slots of a word fail: plain loops of one width, which the compiler turns into ones over wide registers. Days are so few
 * that sums of them stay within 16 bits. */

WIDE static void days_fail(const struct column_wish *wish, const struct segment *segment, size_t slot,
                           uint8_t fail[64])
{
    const int16_t *min = segment->min_days + slot, *max = segment->max_days + slot,
                  *until = segment->valid_until + slot;
    const struct column_wish own = *wish;
    for (unsigned i = 0; i < 64; i++) {
        int16_t fails = until[i] < own.today ? 1 : 0;
        fails |= min[i] > own.days_most ? 1 : 0;
        fails |= max[i] < own.days_least ? 1 : 0;
        fail[i] = (uint8_t)fails;
    }
}

WIDE static void days_or_windows_fail(const struct column_wish *wish, const struct segment *segment,
                                      size_t slot, uint8_t fail[64])
{
    const int16_t *min = segment->min_days + slot, *max = segment->max_days + slot,
                  *until = segment->valid_until + slot, *start = segment->window_start + slot,
                  *end = segment->window_end + slot, *places = segment->window_places + slot;
    const struct column_wish own = *wish;
    const int16_t least_days = own.min_days > 1 ? own.min_days : 1;
    for (unsigned i = 0; i < 64; i++) {
        int16_t after = (int16_t)(larger(start[i], own.start) + larger(min[i], least_days) - 1);
        int16_t fails = after > smaller(end[i], own.end) ? 1 : 0;
        fails |= places[i] < own.places ? 1 : 0;
        fails &= places[i] != COLUMN_MOST ? 1 : 0;
        fails |= until[i] < own.today ? 1 : 0;
        fails |= min[i] > own.days_most ? 1 : 0;
        fails |= max[i] < own.days_least ? 1 : 0;
        fail[i] = (uint8_t)fails;
    }
}

static uint64_t word_fails(const struct column_wish *wish, const struct segment *segment, size_t slot)
{
    uint8_t fail[64];
    (wish->windows_stated ? days_or_windows_fail : days_fail)(wish, segment, slot, fail);
    return bits_of(fail);
}

static uint64_t each_holds(const struct column_wish *wish, const struct segment *segment, size_t slot,
                           uint64_t slots)
{
    for (uint64_t rest = slots; rest; rest &= rest - 1)
        if (!columns_hold(wish, segment, slot + (size_t)__builtin_ctzll(rest)))
            slots &= ~(rest & -rest);
    return slots;
}

/* Of a slot with several windows; what spans them holds. */
static bool several_hold(const struct column_wish *wish, const struct segment *segment, uint32_t slot,
                         uint32_t number)
{
    int min = segment->min_days[slot], days = min > wish->min_days ? min : wish->min_days;
    const struct window_column *at = segment->windows + segment->window_first[number],
                               *end = segment->windows + segment->window_first[number + 1];
    while (at < end && !window_holds(wish, *at, days))
        at++;
    return at < end;
}

/* Slots with several windows, some at a time: these lie anywhere, so that where they are and then they themselves are fetched
 * before any is looked at. */
enum { BATCH_SLOTS = 64 };
struct batch {
    uint32_t count, slots[BATCH_SLOTS], numbers[BATCH_SLOTS];
};

static void batch_flush(struct batch *batch, const struct column_wish *wish, const struct segment *segment,
                        size_t word, uint64_t *slots)
{
    for (uint32_t i = 0; i < batch->count; i++)
        __builtin_prefetch(&segment->windows[segment->window_first[batch->numbers[i]]]);
    for (uint32_t i = 0; i < batch->count; i++)
        if (!several_hold(wish, segment, batch->slots[i], batch->numbers[i]))
            bits_clear(slots, batch->slots[i] - word * 64);
    batch->count = 0;
}

/* Those of a word; slots begin with the first word. */
INLINE void batch_add(struct batch *batch, const struct column_wish *wish, const struct segment *segment,
                      size_t first_word, size_t word, uint64_t *slots)
{
    uint64_t several = slots[word - first_word] & segment->several_windows.bits[word];
    for (; several; several &= several - 1) {
        uint32_t slot = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(several);
        uint32_t number = numbered_set_number(&segment->several_windows, slot);
        __builtin_prefetch(&segment->window_first[number]);
        batch->slots[batch->count] = slot;
        batch->numbers[batch->count++] = number;
        if (batch->count == BATCH_SLOTS)
            batch_flush(batch, wish, segment, first_word, slots);
    }
}

WIDE void column_wish_narrow(const struct column_wish *wish, const struct segment *segment, size_t word,
                             size_t words, uint64_t *slots)
{
    enum { FEW = 4 };
    struct batch batch;
    batch.count = 0;
    for (size_t i = 0; i < words; i++) {
        size_t slot = (word + i) * 64;
        if (!slots[i])
            continue;
        if (__builtin_popcountll(slots[i]) > FEW)
            slots[i] &= ~word_fails(wish, segment, slot);
        else
            slots[i] = each_holds(wish, segment, slot, slots[i]);
        if (wish->windows_stated)
            batch_add(&batch, wish, segment, word, word + i, slots);
    }
    batch_flush(&batch, wish, segment, word, slots);
}
