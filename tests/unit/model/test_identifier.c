#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "model/identifier.h"

static void four_schemes_are_strong(void **)
{
    assert_true(identifier_is_strong("oid"));
    assert_true(identifier_is_strong("pic"));
    assert_true(identifier_is_strong("schac"));
    assert_true(identifier_is_strong("vat"));
    assert_false(identifier_is_strong("erasmus"));
    assert_false(identifier_is_strong("url"));
    assert_false(identifier_is_strong("OID"));
    assert_false(identifier_is_strong(""));
}

static void a_strong_identifier_is_compared_in_one_spelling(void **)
{
    static const struct {
        const char *scheme, *written, *compared;
    } rows[] = {
        {"oid", "E10000001", "E10000001"},
        {"oid", " e 1000 0001 ", "E10000001"},
        {"oid",
         "E1000\xc2\xa0"
         "0001",
         "E10000001"},
        {"pic", "999 999 999", "999999999"},
        {"schac", "Uni.Example.ORG", "uni.example.org"},
        {"schac", "a-b.xn--9.eu", "a-b.xn--9.eu"},
        {"vat", "es a12 34", "ESA1234"},
        {"vat", "DE12", "DE12"},
        {"vat", "XX1234567890123", "XX1234567890123"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char value[STRONG_IDENTIFIER_BYTES + 1];
        assert_true(strong_identifier_normalise(rows[i].scheme, rows[i].written, value));
        assert_string_equal(value, rows[i].compared);
    }
}

static void a_strong_identifier_has_its_schemes_form(void **)
{
    static const char *const rows[][2] = {
        {"oid", ""},
        {"oid", "E1000000"},
        {"oid", "E100000012"},
        {"oid", "F10000001"},
        {"oid", "10000001"},
        {"oid", "E1000000x"},
        {"pic", "99999999"},
        {"pic", "9999999999"},
        {"pic", "99999999a"},
        {"schac", ""},
        {"schac", "localhost"},
        {"schac", "a..b"},
        {"schac", ".a.b"},
        {"schac", "a.b."},
        {"schac", "-a.b"},
        {"schac", "a-.b"},
        {"schac", "a_b.eu"},
        {"schac", "\xc3\xa9.eu"},
        {"schac", "http://a.eu"},
        {"vat", "ES"},
        {"vat", "ES1"},
        {"vat", "E11234"},
        {"vat", "XX12345678901234"},
        {"vat", "ES-1234"},
        {"erasmus", "E BARCELO01"},
        {"schac", "a234567890123456789012345678901234567890123456789012345678901234.eu"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char value[STRONG_IDENTIFIER_BYTES + 1] = "untouched";
        assert_false(strong_identifier_normalise(rows[i][0], rows[i][1], value));
        assert_string_equal(value, "untouched");
    }
}

static void a_domain_name_is_at_most_253_bytes(void **)
{
    char name[400] = "", value[STRONG_IDENTIFIER_BYTES + 1];
    for (size_t i = 0; i < 252; i += 2)
        memcpy(name + i, "a.", 2);
    name[252] = 'a';
    assert_true(strong_identifier_normalise("schac", name, value));
    memcpy(name + 253, "b", 2);
    assert_false(strong_identifier_normalise("schac", name, value));
}

static void a_key_is_what_joins_two_records(void **)
{
    struct arena *arena = arena_new(0);
    pb_identifier identifier = PARTNER__V1__IDENTIFIER__INIT;
    identifier.scheme = (char *)"vat";
    identifier.value = (char *)"es a1234";
    assert_string_equal(identifier_key(arena, &identifier), "vat:ESA1234");
    identifier.former = 1;
    assert_null(identifier_key(arena, &identifier));
    identifier.former = 0;
    identifier.scheme = (char *)"erasmus";
    assert_null(identifier_key(arena, &identifier));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_schemes_are_strong),
        cmocka_unit_test(a_strong_identifier_is_compared_in_one_spelling),
        cmocka_unit_test(a_strong_identifier_has_its_schemes_form),
        cmocka_unit_test(a_domain_name_is_at_most_253_bytes),
        cmocka_unit_test(a_key_is_what_joins_two_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
