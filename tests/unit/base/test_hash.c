#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/hash.h"

static void the_same_bytes_have_the_same_hash_wherever_they_stand(void **)
{
    char bytes[80];
    for (size_t offset = 0; offset < 8; offset++)
        for (size_t size = 0; size < 40; size++) {
            memset(bytes, 'x', sizeof bytes);
            for (size_t i = 0; i < size; i++)
                bytes[offset + i] = (char)i;
            char copy[40];
            memcpy(copy, bytes + offset, size);
            assert_true(hash_bytes(bytes + offset, size) == hash_bytes(copy, size));
        }
    assert_true(hash_text("abc") == hash_bytes("abc", 3));
}

static void nearly_equal_bytes_have_other_hashes(void **)
{
    enum { COUNT = 4096 };
    static uint32_t seen[COUNT];
    char text[32];
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "es/E%08u", i);
        seen[i] = (uint32_t)hash_text(text);
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(seen[i], seen[j]);
    }
    assert_true(hash_bytes("\0", 1) != hash_bytes("\0\0", 2) && hash_bytes("", 0) != hash_bytes("\0", 1));
}

static void a_map_gives_what_was_set_last(void **)
{
    struct text_map map;
    text_map_init(&map);
    assert_int_equal(text_map_get(&map, "a"), TEXT_MAP_NONE);
    text_map_remove(&map, "a");
    text_map_set(&map, "a", 1);
    text_map_set(&map, "", 2);
    text_map_set(&map, "a", 3);
    assert_int_equal(text_map_get(&map, "a"), 3);
    assert_int_equal(text_map_get(&map, ""), 2);
    assert_int_equal(text_map_get(&map, "ab"), TEXT_MAP_NONE);
    assert_int_equal(text_map_get_bytes(&map, "abc", 1), 3);
    assert_int_equal(text_map_get_bytes(&map, "abc", 2), TEXT_MAP_NONE);
    assert_int_equal(map.count, 2);
    text_map_fini(&map);
    assert_int_equal(text_map_get(&map, "a"), TEXT_MAP_NONE);
}

static void it_stays_right_while_thousands_come_and_go(void **)
{
    enum { KEYS = 3000, STEPS = 60000 };
    struct arena *arena = arena_new(0);
    struct text_map map;
    text_map_init(&map);
    const char **keys = arena_array(arena, KEYS, sizeof *keys);
    uint32_t *values = arena_array(arena, KEYS, sizeof *values);
    for (unsigned i = 0; i < KEYS; i++) {
        keys[i] = arena_format(arena, "key %u", i);
        values[i] = TEXT_MAP_NONE;
    }
    uint32_t random = 1;
    size_t count = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 1664525u + 1013904223u;
        unsigned i = (random >> 8) % KEYS;
        assert_int_equal(text_map_get(&map, keys[i]), values[i]);
        if (random >> 30 == 0) {
            count -= values[i] != TEXT_MAP_NONE;
            values[i] = TEXT_MAP_NONE;
            text_map_remove(&map, keys[i]);
        } else {
            count += values[i] == TEXT_MAP_NONE;
            values[i] = step;
            text_map_set(&map, keys[i], step);
        }
        assert_int_equal(map.count, count);
    }
    for (unsigned i = 0; i < KEYS; i++)
        assert_int_equal(text_map_get(&map, keys[i]), values[i]);
    text_map_fini(&map);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_have_the_same_hash_wherever_they_stand),
        cmocka_unit_test(nearly_equal_bytes_have_other_hashes),
        cmocka_unit_test(a_map_gives_what_was_set_last),
        cmocka_unit_test(it_stays_right_while_thousands_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
