#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "vocab/slip.h"
#include "vocab/stem.h"

static unsigned distance(const char *left, const char *right, unsigned most)
{
    uint32_t a[SLIP_LETTERS_MOST + 1], b[SLIP_LETTERS_MOST + 1];
    size_t m = slip_letters(left, a), n = slip_letters(right, b);
    return slip_distance(a, m, b, n, most);
}

static void each_kind_of_slip_counts_one(void **)
{
    assert_int_equal(distance("weld", "weld", 2), 0);
    assert_int_equal(distance("wed", "weld", 2), 1);
    assert_int_equal(distance("wield", "weld", 2), 1);
    assert_int_equal(distance("wold", "weld", 2), 1);
    assert_int_equal(distance("wedl", "weld", 2), 1);
    assert_int_equal(distance("ewdl", "weld", 2), 2);
    assert_int_equal(distance("", "ab", 2), 2);
    assert_int_equal(distance("abc", "xyz", 2), 3);
    assert_int_equal(distance("школа", "школы", 2), 1);
}

static void beyond_what_is_allowed_it_stops(void **)
{
    assert_int_equal(distance("kitten", "sitting", 1), 2);
    assert_int_equal(distance("a", "abcdef", 2), 3);
}

static void longer_words_are_forgiven_more(void **)
{
    assert_int_equal(slip_allowance(3), 0);
    assert_int_equal(slip_allowance(4), 1);
    assert_int_equal(slip_allowance(7), 1);
    assert_int_equal(slip_allowance(8), 2);
}

enum { WORDS = 600 };

static void make_word(unsigned number, char word[16])
{
    unsigned state = number * 2654435761u + 12345u, size = 3 + number % 9;
    for (unsigned i = 0; i < size; i++) {
        state = state * 1103515245u + 12345u;
        word[i] = "aeioulrst"[state >> 16 & 7];
    }
    word[size] = '\0';
}

static void the_index_finds_just_what_a_plain_loop_finds(void **)
{
    struct arena *arena = arena_new(0);
    const char **words = arena_array(arena, WORDS, sizeof *words);
    for (unsigned i = 0; i < WORDS; i++) {
        char word[16];
        make_word(i, word);
        words[i] = arena_strdup(arena, word);
    }
    struct slip_index index;
    slip_index_build(&index, arena, words, WORDS);
    for (unsigned query = 0; query < 2 * WORDS; query++) {
        char word[16];
        make_word(query * 31 + 7, word);
        const struct slip_hit *hits;
        size_t count = slip_index_find(&index, arena, word, &hits), expected = 0;
        unsigned most = slip_allowance(strlen(word));
        for (unsigned i = 0; i < WORDS; i++) {
            unsigned slips = distance(word, words[i], most);
            expected += most && slips > 0 && slips <= most;
        }
        assert_int_equal(count, expected);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(hits[i].slips, distance(word, words[hits[i].word], most));
            assert_true(i == 0 || hits[i - 1].slips < hits[i].slips ||
                        (hits[i - 1].slips == hits[i].slips && hits[i - 1].word < hits[i].word));
        }
    }
    arena_free(arena);
}

static void words_beyond_all_measure_are_left_alone(void **)
{
    struct arena *arena = arena_new(0);
    char longest[200];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *words[] = {longest, "short"};
    struct slip_index index;
    slip_index_build(&index, arena, words, 2);
    const struct slip_hit *hits;
    assert_int_equal(slip_index_find(&index, arena, longest, &hits), 0);
    assert_int_equal(slip_index_find(&index, arena, "shrot", &hits), 1);
    assert_int_equal(slip_index_find(&index, arena, "", &hits), 0);
    arena_free(arena);
}

static void assert_singular(const char *plural, const char *singular)
{
    char a[32], b[32];
    strcpy(a, plural);
    strcpy(b, singular);
    a[stem_singular(a, strlen(a))] = '\0';
    b[stem_singular(b, strlen(b))] = '\0';
    assert_string_equal(a, b);
}

static void plurals_and_singulars_become_the_same(void **)
{
    static const char *const pairs[][2] = {
        {"welders", "welder"},   {"pastries", "pastry"}, {"boxes", "box"},       {"classes", "class"},
        {"horses", "horse"},     {"houses", "house"},    {"watches", "watch"},   {"potatoes", "potato"},
        {"machines", "machine"}, {"movies", "movie"},    {"workmen", "workman"}, {"children", "child"},
        {"nurses", "nurse"},     {"brushes", "brush"},   {"trees", "tree"},      {"axes", "axe"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_singular(pairs[i][0], pairs[i][1]);
}

static void words_that_only_look_plural_stay(void **)
{
    static const char *const words[] = {"bus", "gas", "glass", "status", "tennis", "analysis"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char word[32];
        strcpy(word, words[i]);
        assert_int_equal(stem_singular(word, strlen(word)), strlen(words[i]));
    }
}

static void families_share_a_root(void **)
{
    static const char *const pairs[][2] = {
        {"weld", "welder"}, {"welding", "weld"},     {"manage", "management"}, {"plan", "planning"},
        {"bake", "bakery"}, {"baking", "baker"},     {"sprache", "sprachen"},  {"saldatore", "saldatori"},
        {"школа", "школы"}, {"organise", "organize"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char a[32] = "", b[32] = "";
        a[stem_root(pairs[i][0], strlen(pairs[i][0]), a)] = '\0';
        b[stem_root(pairs[i][1], strlen(pairs[i][1]), b)] = '\0';
        assert_string_equal(a, b);
    }
    assert_int_equal(stem_kinship("sprache", "sprachen"), KIN_INFLECTED);
    assert_int_equal(stem_kinship("школа", "школы"), KIN_INFLECTED);
    assert_int_equal(stem_kinship("weld", "welding"), KIN_DERIVED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_slip_counts_one),
        cmocka_unit_test(beyond_what_is_allowed_it_stops),
        cmocka_unit_test(longer_words_are_forgiven_more),
        cmocka_unit_test(the_index_finds_just_what_a_plain_loop_finds),
        cmocka_unit_test(words_beyond_all_measure_are_left_alone),
        cmocka_unit_test(plurals_and_singulars_become_the_same),
        cmocka_unit_test(words_that_only_look_plural_stay),
        cmocka_unit_test(families_share_a_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
