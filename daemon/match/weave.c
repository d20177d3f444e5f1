#include "match/weave.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/give_way.h"
#include "match/bits.h"
#include "match/entry.h"
#include "match/numbered_set.h"

/* ---- making ---- */

/* The next run, which continues the last one where it may. */
static void add_run(struct weave *weave, uint32_t side, uint32_t from, uint32_t count)
{
    struct weave_run *last = weave->run_count ? &weave->runs[weave->run_count - 1] : NULL;
    if (!count)
        return;
    if (last && last->side == side && last->from + last->count == from)
        last->count += count;
    else
        weave->runs[weave->run_count++] = (struct weave_run){side, from, weave->count, count};
    weave->count += count;
}

/* Of the old ones from `first` up to `end` those that are left. */
static void add_left(struct weave *weave, const uint64_t *dead, uint32_t first, uint32_t end)
{
    while (first < end) {
        size_t next = bits_next(dead, end, first); /* in the last word also one behind the end */
        uint32_t last = next < end ? (uint32_t)next : end;
        add_run(weave, WEAVE_OLD, first, last - first);
        first = last + 1;
    }
}

/* Where each item went. */
static uint32_t *places_of(const struct weave *weave, uint32_t side, uint32_t count)
{
    uint32_t *to = heap_alloc(((size_t)count + 1) * sizeof *to);
    memset(to, 0xff, count * sizeof *to);
    for (const struct weave_run *run = weave->runs; run < weave->runs + weave->run_count; run++) {
        give_way_at((size_t)(run - weave->runs));
        for (uint32_t i = 0; run->side == side && i < run->count; i++)
            to[run->from + i] = run->to + i;
    }
    return to;
}

struct weave weave_new(uint32_t old_count, const uint64_t *dead, const uint32_t *before, uint32_t new_count)
{
    size_t dead_count = bits_count(dead, bits_words(old_count));
    struct weave weave = {.runs = heap_alloc((dead_count + 2 * (size_t)new_count + 1) * sizeof *weave.runs)};
    uint32_t first = 0;
    for (uint32_t i = 0; i < new_count; first = before[i++]) {
        add_left(&weave, dead, first, before[i]);
        add_run(&weave, WEAVE_NEW, i, 1);
    }
    add_left(&weave, dead, first, old_count);
    weave.to[WEAVE_OLD] = places_of(&weave, WEAVE_OLD, old_count);
    weave.to[WEAVE_NEW] = places_of(&weave, WEAVE_NEW, new_count);
    return weave;
}

struct weave weave_of_lists(const struct weave *weave, const uint32_t *old_first, const uint32_t *new_first)
{
    const uint32_t *const firsts[WEAVE_SIDES] = {old_first, new_first};
    struct weave lists = {.runs = heap_alloc(((size_t)weave->run_count + 1) * sizeof *lists.runs)};
    for (const struct weave_run *run = weave->runs; run < weave->runs + weave->run_count; run++) {
        const uint32_t *first = firsts[run->side] + run->from;
        add_run(&lists, run->side, first[0], first[run->count] - first[0]);
    }
    return lists;
}

/* How many of a set come before an item; of all items: all. */
static uint32_t members_before(const struct numbered_set *set, uint32_t item, uint32_t count)
{
    if (item < count)
        return numbered_set_number(set, item);
    return count ? numbered_set_number(set, count - 1) + bits_has(set->bits, count - 1) : 0;
}

struct weave weave_of_members(const struct weave *weave, const struct numbered_set *old, uint32_t old_count,
                              const struct numbered_set *new, uint32_t new_count)
{
    const struct numbered_set *const sets[WEAVE_SIDES] = {old, new};
    const uint32_t counts[WEAVE_SIDES] = {old_count, new_count};
    struct weave members = {.runs = heap_alloc(((size_t)weave->run_count + 1) * sizeof *members.runs)};
    for (const struct weave_run *run = weave->runs; run < weave->runs + weave->run_count; run++) {
        const struct numbered_set *set = sets[run->side];
        uint32_t first = members_before(set, run->from, counts[run->side]);
        uint32_t end = members_before(set, run->from + run->count, counts[run->side]);
        add_run(&members, run->side, first, end - first);
    }
    return members;
}

void weave_free(struct weave *weave)
{
    free(weave->runs);
    for (int side = 0; side < WEAVE_SIDES; side++)
        free(weave->to[side]);
    *weave = (struct weave){0};
}

/* ---- copying ---- */

void weave_copy(const struct weave *weave, void *to, const void *old, const void *new, size_t bytes)
{
    const char *const sides[WEAVE_SIDES] = {old, new};
    for (const struct weave_run *run = weave->runs; run < weave->runs + weave->run_count; run++) {
        give_way_at((size_t)(run - weave->runs));
        memcpy((char *)to + run->to * bytes, sides[run->side] + run->from * bytes, run->count * bytes);
    }
}

/* Up to 64 bits from any place on, lowest first; only words that have some of them are read. */
static uint64_t read_bits(const uint64_t *bits, size_t from, size_t count)
{
    uint64_t value = bits[from / 64] >> from % 64;
    if (from % 64 + count > 64)
        value |= bits[from / 64 + 1] << (64 - from % 64);
    return count < 64 ? value & (((uint64_t)1 << count) - 1) : value;
}

void weave_copy_bits(const struct weave *weave, uint64_t *to, const uint64_t *old, const uint64_t *new)
{
    const uint64_t *const sides[WEAVE_SIDES] = {old, new};
    for (const struct weave_run *run = weave->runs; run < weave->runs + weave->run_count; run++) {
        give_way_at((size_t)(run - weave->runs));
        for (uint32_t done = 0, step; done < run->count; done += step) {
            uint32_t at = run->to + done, room = 64 - at % 64, left = run->count - done;
            step = left < room ? left : room;
            to[at / 64] |= read_bits(sides[run->side], run->from + done, step) << at % 64;
        }
    }
}

void weave_copy_firsts(const struct weave *weave, uint32_t *to, const uint32_t *old, const uint32_t *new)
{
    const uint32_t *const sides[WEAVE_SIDES] = {old, new};
    uint32_t at = 0;
    for (const struct weave_run *run = weave->runs; run < weave->runs + weave->run_count; run++) {
        const uint32_t *first = sides[run->side] + run->from;
        uint32_t moved = at - first[0];
        give_way_at((size_t)(run - weave->runs));
        for (uint32_t i = 0; i < run->count; i++)
            to[run->to + i] = first[i] + moved;
        at = first[run->count] + moved;
    }
    to[weave->count] = at;
}

void weave_copy_numbers(const struct weave *weave, uint32_t *to, const uint32_t *old, const uint32_t *new,
                        const struct weave *numbers)
{
    const uint32_t *const sides[WEAVE_SIDES] = {old, new};
    for (const struct weave_run *run = weave->runs; run < weave->runs + weave->run_count; run++) {
        const uint32_t *from = sides[run->side] + run->from, *where = numbers->to[run->side];
        give_way_at((size_t)(run - weave->runs));
        for (uint32_t i = 0; i < run->count; i++)
            to[run->to + i] = from[i] == PLACE_NONE ? PLACE_NONE : where[from[i]];
    }
}
