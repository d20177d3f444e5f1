#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/posting.h"
#include "match/support_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_union_reads_what_any_posting_holds_of_a_stretch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
