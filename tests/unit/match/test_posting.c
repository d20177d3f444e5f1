#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/posting.h"
#include "match/support_world.h"
#include "match/weave.h"

/* Few slots of a value here and many there: lists, bits, and chunks without any. */
static bool holds(uint32_t value, uint32_t slot)
{
    uint32_t mixed = (slot * 2654435761u ^ value * 40503u) >> 7;
    switch (value) {
    case 0:
        return mixed % 3 == 0; /* dense */
    case 1:
        return slot / CHUNK_SLOTS == 4 && mixed % 2; /* one chunk alone */
    case 2:
        return slot >= 40 * CHUNK_SLOTS - 3000 && mixed % 5; /* ends in a chunk that is not whole */
    case 3:
        return mixed % 997 == 0; /* a thin list */
    case 4:
        return slot / CHUNK_SLOTS == 2 || mixed % 499 == 0; /* bits between lists */
    default:
        return false;
    }
}

static void a_union_reads_what_any_posting_holds_of_a_stretch(void **)
{
    enum { VALUES = 6, SLOTS = 40 * CHUNK_SLOTS + 77, CHUNKS = 41 };
    struct random random = {.state = 7};
    struct posting_pairs pairs = {0};
    struct arena *arena = arena_new(0);
    size_t kept[2] = {0};
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        for (uint32_t value = 0; value < VALUES; value++)
            if (holds(value, slot))
                posting_pairs_add(&pairs, value, slot);
    struct posting_table table = posting_table_make(arena, &pairs, VALUES, SLOTS);
    for (uint32_t value = 0; value < VALUES; value++) {
        struct posting posting = posting_of(&table, value);
        for (uint32_t i = 0; i < posting.chunk_count; i++)
            kept[posting_chunk_bits(posting.data, &posting.chunks[i]) != NULL]++;
    }
    assert_true(kept[false] > 0 && kept[true] > 0);
    for (uint32_t set = 0; set < 1u << VALUES; set += 5) {
        struct posting_union all = {0};
        for (uint32_t value = 0; value < VALUES; value++)
            if (set >> value & 1)
                posting_union_add(&all, arena, posting_of(&table, value));
        uint64_t marked[1] = {0};
        posting_union_mark(&all, marked);
        for (size_t chunk = 0; chunk < CHUNKS; chunk++) {
            uint64_t scratch[CHUNK_WORDS];
            if (random_chance(&random, 30))
                continue; /* chunks may be passed over */
            struct stretch stretch = {chunk, random_below(&random, CHUNK_WORDS), CHUNK_WORDS};
            stretch.end -= random_below(&random, (uint32_t)stretch_words(&stretch));
            const uint64_t *bits = posting_union_read(&all, &stretch, scratch);
            assert_int_equal(bits != NULL, bits_has(marked, chunk));
            for (size_t i = stretch.first * 64; i < stretch.end * 64 && chunk * CHUNK_SLOTS + i < SLOTS;
                 i++) {
                bool expected = false;
                for (uint32_t value = 0; value < VALUES; value++)
                    expected |= (set >> value & 1) && holds(value, (uint32_t)(chunk * CHUNK_SLOTS + i));
                if ((bits && bits_has(bits, i)) != expected)
                    fail_msg("set %u slot %zu", set, chunk * CHUNK_SLOTS + i);
            }
        }
    }
    posting_pairs_fini(&pairs);
    arena_free(arena);
}

/* The table of some slots, each of which has the values that it had elsewhere. */
static struct posting_table table_of(struct arena *arena, const uint32_t *slots, uint32_t count,
                                     uint32_t values)
{
    struct posting_pairs pairs = {0};
    for (uint32_t slot = 0; slot < count; slot++)
        for (uint32_t value = 0; value < values; value++)
            if (holds(value, slots[slot]))
                posting_pairs_add(&pairs, value, slot);
    struct posting_table table = posting_table_make(arena, &pairs, values, count);
    posting_pairs_fini(&pairs);
    return table;
}

static void assert_same_tables(const struct posting_table *one, const struct posting_table *other)
{
    assert_int_equal(one->value_count, other->value_count);
    for (uint32_t value = 0; value < one->value_count; value++) {
        struct posting left = posting_of(one, value), right = posting_of(other, value);
        assert_int_equal(left.count, right.count);
        assert_int_equal(left.chunk_count, right.chunk_count);
        for (uint32_t i = 0; i < left.chunk_count; i++) {
            const struct posting_chunk *a = &left.chunks[i], *b = &right.chunks[i];
            assert_int_equal(a->chunk, b->chunk);
            assert_int_equal(a->last, b->last);
            size_t bytes = posting_chunk_bits(left.data, a) ? CHUNK_WORDS * sizeof(uint64_t)
                                                            : (a->last + 1u) * sizeof *left.data;
            assert_memory_equal(left.data + a->at, right.data + b->at, bytes);
        }
    }
}

static void a_woven_table_is_that_of_all_that_is_left_and_came(void **)
{
    enum { VALUES = 6, OLD = 7 * CHUNK_SLOTS + 100, NEW = 1000, AWAY = 40 * CHUNK_SLOTS };
    struct random random = {.state = 11};
    struct arena *arena = arena_new(0);
    uint32_t *old = arena_array(arena, OLD, sizeof *old), *new = arena_array(arena, NEW, sizeof *new);
    uint32_t *all = arena_array(arena, OLD + NEW, sizeof *all), before[NEW], count = 0;
    uint64_t *dead = arena_array(arena, bits_words(OLD), sizeof *dead);
    for (uint32_t i = 0; i < NEW; i++) {
        before[i] = (uint32_t)((uint64_t)OLD * i / NEW) / 50 * 50; /* some at the same place */
        new[i] = AWAY - i * 37;
    }
    for (uint32_t slot = 0, i = 0; slot <= OLD; slot++) {
        while (i < NEW && before[i] == slot)
            all[count++] = new[i++];
        if (slot == OLD)
            break;
        old[slot] = slot;
        if (random_chance(&random, 3))
            bits_set(dead, slot);
        else
            all[count++] = slot;
    }
    struct weave weave = weave_new(OLD, dead, before, NEW);
    assert_int_equal(weave.count, count);
    struct posting_table left = table_of(arena, old, OLD, VALUES), come = table_of(arena, new, NEW, VALUES),
                         whole = table_of(arena, all, count, VALUES),
                         woven = posting_table_weave(arena, &weave, &left, &come, VALUES);
    assert_same_tables(&woven, &whole);
    weave_free(&weave);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_union_reads_what_any_posting_holds_of_a_stretch),
        cmocka_unit_test(a_woven_table_is_that_of_all_that_is_left_and_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
