#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void blocks_are_aligned_and_do_not_overlap(void **)
{
    struct arena *arena = arena_new(0);
    unsigned char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = arena_alloc(arena, 1 + i * 7);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, 1 + i * 7);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < 1 + i * 7; j++)
            assert_int_equal(blocks[i][j], i);
    arena_free(arena);
}

static void a_block_larger_than_any_before_fits(void **)
{
    struct arena *arena = arena_new(0);
    memset(arena_alloc(arena, 5 << 20), 1, 5 << 20);
    memset(arena_alloc(arena, 3), 1, 3);
    assert_int_equal(arena_used(arena), (5 << 20) + 3);
    arena_free(arena);
}

static void memory_of_a_freed_arena_is_the_next_ones(void **)
{
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    struct arena *arena = arena_new(0);
    const void *small = arena_alloc(arena, 10), *large = arena_alloc(arena, 200 << 10);
    arena_free(arena);
    arena = arena_new(0);
    assert_ptr_equal(arena_alloc(arena, 10), small);
    assert_ptr_equal(arena_alloc(arena, 200 << 10), large);
    arena_free(arena);
}

static void zeroed_memory_is_zero_after_a_reset_too(void **)
{
    struct arena *arena = arena_new(0);
    memset(arena_alloc(arena, 4000), 0xff, 4000);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    const unsigned char *zeroed = arena_zalloc(arena, 4000);
    for (size_t i = 0; i < 4000; i++)
        assert_int_equal(zeroed[i], 0);
    const uint64_t *array = arena_array(arena, 100, sizeof *array);
    for (size_t i = 0; i < 100; i++)
        assert_true(array[i] == 0);
    arena_free(arena);
}

static void a_reset_arena_goes_on_after_many_blocks(void **)
{
    struct arena *arena = arena_new(0);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 1000; i++)
            memset(arena_alloc(arena, 500), round, 500);
        arena_reset(arena);
    }
    arena_reset(arena);
    arena_free(arena);
}

static void a_large_arena_keeps_what_is_put_before_and_after_its_largest_array(void **)
{
    enum { NUMBERS = 1000, PIECE = 5000, LARGE = 70 << 20 };
    struct arena *arena = arena_new(0);
    for (int round = 0; round < 2; round++) {
        unsigned char *pieces[NUMBERS], *large = NULL;
        for (int i = 0; i < NUMBERS; i++) {
            pieces[i] = memset(arena_alloc(arena, PIECE), i, PIECE);
            if (i == NUMBERS / 2)
                large = memset(arena_alloc(arena, LARGE), 0xaa, LARGE);
        }
        for (int i = 0; i < NUMBERS; i++)
            assert_true(pieces[i][0] == (unsigned char)i && pieces[i][PIECE - 1] == (unsigned char)i);
        assert_true(large[0] == 0xaa && large[LARGE - 1] == 0xaa);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void growing_keeps_what_was_there(void **)
{
    struct arena *arena = arena_new(0);
    int *numbers = arena_grow(arena, NULL, 0, 2 * sizeof *numbers);
    numbers[0] = 7, numbers[1] = 8;
    int *more = arena_grow(arena, numbers, 2 * sizeof *numbers, 400 * sizeof *numbers);
    assert_true(more[0] == 7 && more[1] == 8);
    arena_free(arena);
}

static void text_is_copied_and_ended(void **)
{
    struct arena *arena = arena_new(0);
    char text[] = "welding";
    char *copy = arena_strdup(arena, text), *part = arena_strndup(arena, text, 4);
    char *bytes = arena_copy(arena, text, sizeof text);
    text[0] = 'x';
    assert_string_equal(copy, "welding");
    assert_string_equal(part, "weld");
    assert_string_equal(bytes, "welding");
    assert_string_equal(arena_strdup(arena, ""), "");
    arena_free(arena);
}

static void formatted_text_may_be_short_or_long(void **)
{
    struct arena *arena = arena_new(0);
    assert_string_equal(arena_format(arena, "%d of %s", 4, "five"), "4 of five");
    assert_string_equal(arena_format(arena, "%s", ""), "");
    const char *volatile nothing = NULL;
    assert_string_equal(arena_format(arena, "%s of %u", nothing, 2u), "(null) of 2");
    assert_string_equal(arena_format(arena, "%d, %d, %d", INT_MIN, 0, INT_MAX), "-2147483648, 0, 2147483647");
    assert_string_equal(arena_format(arena, "%u %zu", UINT_MAX, SIZE_MAX), "4294967295 18446744073709551615");
    assert_string_equal(arena_format(arena, "%llu%% of %s", ULLONG_MAX, "all"),
                        "18446744073709551615% of all");
    assert_string_equal(arena_format(arena, "%s %03d %ld", "a", 7, -1l), "a 007 -1");
    for (int length = 250; length < 262; length++) {
        const char *text = arena_format(arena, "%0*d", length, 1);
        assert_int_equal(strlen(text), length);
        assert_int_equal(text[length - 1], '1');
    }
    arena_free(arena);
}

static void beyond_the_cap_only_the_message_allocator_is_refused(void **)
{
    struct arena *arena = arena_new(1000);
    ProtobufCAllocator *allocator = arena_protobuf(arena);
    assert_non_null(allocator->alloc(allocator->allocator_data, 600));
    assert_false(arena_refused(arena));
    assert_null(allocator->alloc(allocator->allocator_data, 401));
    assert_true(arena_refused(arena));
    assert_non_null(allocator->alloc(allocator->allocator_data, 400));
    assert_null(allocator->alloc(allocator->allocator_data, SIZE_MAX));
    allocator->free(allocator->allocator_data, NULL);
    arena_reset(arena);
    assert_false(arena_refused(arena));
    assert_non_null(allocator->alloc(allocator->allocator_data, 1000));
    arena_free(arena);
}

static void without_a_cap_the_message_allocator_is_not_refused(void **)
{
    struct arena *arena = arena_new(0);
    ProtobufCAllocator *allocator = arena_protobuf(arena);
    assert_non_null(allocator->alloc(allocator->allocator_data, 1 << 20));
    assert_false(arena_refused(arena));
    arena_free(arena);
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_do_not_overlap),
        cmocka_unit_test(a_block_larger_than_any_before_fits),
        cmocka_unit_test(memory_of_a_freed_arena_is_the_next_ones),
        cmocka_unit_test(zeroed_memory_is_zero_after_a_reset_too),
        cmocka_unit_test(a_reset_arena_goes_on_after_many_blocks),
        cmocka_unit_test(a_large_arena_keeps_what_is_put_before_and_after_its_largest_array),
        cmocka_unit_test(growing_keeps_what_was_there),
        cmocka_unit_test(text_is_copied_and_ended),
        cmocka_unit_test(formatted_text_may_be_short_or_long),
        cmocka_unit_test(beyond_the_cap_only_the_message_allocator_is_refused),
        cmocka_unit_test(without_a_cap_the_message_allocator_is_not_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
