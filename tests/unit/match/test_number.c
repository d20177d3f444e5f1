#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/arena.h"
#include "match/number.h"
#include "match/sector_wish.h"

static void letters_come_back_as_they_went(void **)
{
    char code[3];
    number_country_code(number_of_country("PT"), code);
    assert_string_equal(code, "PT");
    number_language_code(number_of_language("zz"), code);
    assert_string_equal(code, "zz");
    assert_true(number_of_language("zz") < LANGUAGE_VALUES);
    assert_true(number_of_country("AA") > 0);
}

static void what_is_no_code_has_number_0(void **)
{
    static const char *const bad[] = {"", "D", "de", "DEU", "D1", "\xc3\x84"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(number_of_country(bad[i]), 0);
    assert_int_equal(number_of_sector("7"), 0);
    assert_int_equal(number_of_sector("07155"), 0);
    assert_int_equal(number_of_sector("07x"), 0);
}

static void sectors_keep_their_digits(void **)
{
    static const char *const codes[] = {"00", "07", "071", "0715", "0000", "9999", "99", "000"};
    char code[5];
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        number_sector_code(number_of_sector(codes[i]), code);
        assert_string_equal(code, codes[i]);
        assert_true(number_of_sector(codes[i]) < SECTOR_VALUES);
    }
    assert_int_equal(number_sector_prefix(number_of_sector("0715"), 3), number_of_sector("071"));
    assert_int_equal(number_sector_prefix(number_of_sector("07"), 3), 0);
}

static void common_digits_are_those_of_the_shorter_code(void **)
{
    assert_int_equal(number_sector_common(number_of_sector("0715"), number_of_sector("0715")), 4);
    assert_int_equal(number_sector_common(number_of_sector("07"), number_of_sector("0715")), 2);
    assert_int_equal(number_sector_common(number_of_sector("0715"), number_of_sector("071")), 3);
    assert_int_equal(number_sector_common(number_of_sector("0715"), number_of_sector("0716")), 0);
    assert_int_equal(number_sector_common(number_of_sector("04"), number_of_sector("004")), 0);
}

static void a_wish_finds_the_best_pair_of_sectors(void **)
{
    struct arena *arena = arena_new(0);
    char *wanted[] = {(char *)(uintptr_t) "04", (char *)(uintptr_t) "0715", (char *)(uintptr_t) "00"};
    char *offered[] = {(char *)(uintptr_t) "041", (char *)(uintptr_t) "071", (char *)(uintptr_t) "10"};
    struct sector_wish wish;
    uint16_t own = 0, other = 0;
    sector_wish_init(&wish, arena, numbers_of_sectors(arena, wanted, 3));
    assert_int_equal(sector_wish_digits(&wish, numbers_of_sectors(arena, offered, 3)), 3);
    assert_int_equal(sector_wish_digits(&wish, numbers_of_sectors(arena, offered, 1)), 2);
    assert_int_equal(sector_wish_digits(&wish, numbers_of_sectors(arena, offered + 2, 1)), 0);
    assert_true(sector_wish_pair(&wish, numbers_of_sectors(arena, offered, 3), &own, &other));
    assert_int_equal(own, number_of_sector("0715"));
    assert_int_equal(other, number_of_sector("071"));
    arena_free(arena);
}

static void a_region_is_found_by_its_beginning(void **)
{
    uint64_t region = number_of_region("EL301");
    assert_true((region & number_region_mask("EL3")) == number_of_region("EL3"));
    assert_true((region & number_region_mask("EL30")) == number_of_region("EL30"));
    assert_false((region & number_region_mask("EL4")) == number_of_region("EL4"));
    assert_false((number_of_region("EL3") & number_region_mask("EL30")) == number_of_region("EL30"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_come_back_as_they_went),
        cmocka_unit_test(what_is_no_code_has_number_0),
        cmocka_unit_test(sectors_keep_their_digits),
        cmocka_unit_test(common_digits_are_those_of_the_shorter_code),
        cmocka_unit_test(a_wish_finds_the_best_pair_of_sectors),
        cmocka_unit_test(a_region_is_found_by_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
