#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "vocab/industry.h"
#include "vocab/language.h"
#include "vocab/place.h"
#include "vocab/sector.h"

static void a_sector_code_has_two_to_four_digits(void **)
{
    assert_true(sector_is_valid("07") && sector_is_valid("071") && sector_is_valid("0715"));
    assert_false(sector_is_valid("") || sector_is_valid("7") || sector_is_valid("07150"));
    assert_false(sector_is_valid("07a") || sector_is_valid(" 07") || sector_is_valid("07 "));
}

static void all_220_sectors_are_known_and_no_others(void **)
{
    struct text_list codes = sector_codes();
    assert_int_equal(codes.count, 220);
    for (size_t i = 0; i < codes.count; i++) {
        assert_true(sector_is_valid(codes.items[i]) && sector_is_known(codes.items[i]));
        assert_true(i == 0 || strcmp(codes.items[i - 1], codes.items[i]) < 0);
    }
    assert_true(sector_is_known("0000") && sector_is_known("9999") && sector_is_known("0788"));
    assert_false(sector_is_known("0717") || sector_is_known("12") || sector_is_known("") ||
                 sector_is_known("071x"));
}

static void every_sector_lies_in_one_that_is_known(void **)
{
    struct text_list codes = sector_codes();
    for (size_t i = 0; i < codes.count; i++) {
        char parent[5];
        strcpy(parent, codes.items[i]);
        if (strlen(parent) > 2) {
            parent[strlen(parent) - 1] = '\0';
            assert_true(sector_is_known(parent));
        }
    }
}

static void sectors_are_compatible_when_one_is_a_prefix_of_the_other(void **)
{
    assert_int_equal(sector_shared_digits("07", "0715"), 2);
    assert_int_equal(sector_shared_digits("0715", "071"), 3);
    assert_int_equal(sector_shared_digits("0715", "0715"), 4);
    assert_int_equal(sector_shared_digits("0715", "0716"), 0);
    assert_int_equal(sector_shared_digits("0715", "0"), 1);
    assert_true(sector_is_compatible("071", "0715"));
    assert_false(sector_is_compatible("071", "0725"));
    assert_false(sector_is_compatible("", "0725"));
}

static void a_country_is_two_capitals(void **)
{
    assert_true(country_is_valid("DE") && country_is_valid("EL"));
    assert_false(country_is_valid("de") || country_is_valid("D") || country_is_valid("DEU") ||
                 country_is_valid(""));
    assert_true(country_is_known("DE") && country_is_known("GR") && country_is_known("XK"));
    assert_false(country_is_known("EL") || country_is_known("UK") || country_is_known("ZZ"));
}

static void el_and_uk_are_read_as_gr_and_gb(void **)
{
    assert_string_equal(country_normalise("EL"), "GR");
    assert_string_equal(country_normalise("UK"), "GB");
    assert_string_equal(country_normalise("FR"), "FR");
}

static void a_record_names_a_region_of_level_one_to_three(void **)
{
    assert_true(region_is_valid("DE2") && region_is_valid("DE21") && region_is_valid("ITC4C"));
    assert_false(region_is_valid("DE") || region_is_valid("DE2123") || region_is_valid("de21"));
    assert_false(region_is_valid("") || region_is_valid("D") || region_is_valid("1E2") ||
                 region_is_valid("DE 1"));
    assert_true(region_is_wanted("DE") && region_is_wanted("DE212"));
    assert_false(region_is_wanted("") || region_is_wanted("D") || region_is_wanted("DE2123"));
}

static void wanted_regions_are_read_as_nuts_writes_them(void **)
{
    struct arena *arena = arena_new(0);
    assert_string_equal(region_normalise_wanted(arena, "GR30"), "EL30");
    assert_string_equal(region_normalise_wanted(arena, "GB"), "UK");
    assert_string_equal(region_normalise_wanted(arena, "UKC"), "UKC");
    arena_free(arena);
}

static void a_region_knows_its_country(void **)
{
    char country[3];
    region_country("EL30", country);
    assert_string_equal(country, "GR");
    region_country("UKC11", country);
    assert_string_equal(country, "GB");
    region_country("PL21", country);
    assert_string_equal(country, "PL");
}

static void a_region_lies_in_what_it_starts_with(void **)
{
    assert_true(region_is_in("DE212", "DE2") && region_is_in("DE2", "DE2"));
    assert_false(region_is_in("DE2", "DE21") || region_is_in("DE2", "FR") || region_is_in("", "DE"));
}

static void languages_are_those_of_iso_639_1(void **)
{
    assert_true(language_is_valid("de") && language_is_valid("zz"));
    assert_false(language_is_valid("DE") || language_is_valid("deu") || language_is_valid("d") ||
                 language_is_valid(""));
    assert_int_equal(language_codes().count, 183);
    assert_true(language_is_known("en") && language_is_known("mt") && language_is_known("aa") &&
                language_is_known("zu"));
    assert_false(language_is_known("zz") || language_is_known("xx") || language_is_known(""));
}

static void industries_have_the_forms_of_nace(void **)
{
    assert_true(industry_is_valid("A") && industry_is_valid("V") && industry_is_valid("25"));
    assert_true(industry_is_valid("25.1") && industry_is_valid("25.11"));
    assert_false(industry_is_valid("") || industry_is_valid("W") || industry_is_valid("a") ||
                 industry_is_valid("2"));
    assert_false(industry_is_valid("25.") || industry_is_valid("251") || industry_is_valid("25.111"));
    assert_false(industry_is_valid("2511") || industry_is_valid("25,1") || industry_is_valid("A1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sector_code_has_two_to_four_digits),
        cmocka_unit_test(all_220_sectors_are_known_and_no_others),
        cmocka_unit_test(every_sector_lies_in_one_that_is_known),
        cmocka_unit_test(sectors_are_compatible_when_one_is_a_prefix_of_the_other),
        cmocka_unit_test(a_country_is_two_capitals),
        cmocka_unit_test(el_and_uk_are_read_as_gr_and_gb),
        cmocka_unit_test(a_record_names_a_region_of_level_one_to_three),
        cmocka_unit_test(wanted_regions_are_read_as_nuts_writes_them),
        cmocka_unit_test(a_region_knows_its_country),
        cmocka_unit_test(a_region_lies_in_what_it_starts_with),
        cmocka_unit_test(languages_are_those_of_iso_639_1),
        cmocka_unit_test(industries_have_the_forms_of_nace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
