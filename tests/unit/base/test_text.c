#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"

static struct arena *arena;

static int set_up(void **)
{
    arena = arena_new(0);
    return 0;
}

static int tear_down(void **)
{
    arena_free(arena);
    return 0;
}

static bool is_utf8(const char *text)
{
    return text_is_utf8(text, strlen(text));
}

static void utf8_is_told_from_what_is_not(void **)
{
    assert_true(is_utf8("") && is_utf8("abc") && is_utf8("Łódź") && is_utf8("日本") &&
                is_utf8("\xf0\x9f\x98\x80"));
    assert_false(is_utf8("\xff") || is_utf8("a\xc3") || is_utf8("\xc0\x80") || is_utf8("\xed\xa0\x80"));
    assert_false(is_utf8("\xe2\x82") || is_utf8("\xf4\x90\x80\x80") || is_utf8("\x80"));
    assert_false(text_is_utf8("a\0b", 3));
    assert_true(text_is_utf8("a\0b", 1));
}

/* Texts are read in words: no place of a text, whatever its length, is left out. */
static void one_bad_byte_is_found_wherever_it_stands(void **)
{
    for (size_t size = 1; size < 30; size++) {
        for (size_t bad = 0; bad < size; bad++) {
            char text[32] = {0};
            memset(text, 'x', size);
            assert_true(text_is_utf8(text, size) && text_is_plain(text) && !text_has_control(text, false));
            text[bad] = '\x1f';
            assert_true(text_is_utf8(text, size) && !text_is_plain(text) && text_has_control(text, true));
            text[bad] = '\xff';
            assert_false(text_is_utf8(text, size) || text_is_plain(text) || text_has_control(text, false));
            text[bad] = '\0';
            assert_false(text_is_utf8(text, size));
        }
    }
}

static void normal_form_c_puts_letters_together(void **)
{
    assert_string_equal(text_nfc(arena, "plain"), "plain");
    assert_string_equal(text_nfc(arena, "e\xcc\x81tude"), "\xc3\xa9tude");
    assert_string_equal(text_nfc(arena, "\xc3\xa9tude"), "\xc3\xa9tude");
    assert_string_equal(text_nfc(arena, ""), "");
}

static void folding_leaves_what_people_compare(void **)
{
    static const char *const pairs[][2] = {
        {"Čeština, I.", "cestina i"},
        {"Straße", "strasse"},
        {"  Łódź--Øst ", "lodz ost"},
        {"ΑΘΗΝΑ Αθήνα", "αθηνα αθηνα"},
        {"ÆØÅ œuvre þing ðal", "aeoa oeuvre thing dal"},
        {"ﬁne ①", "fine 1"},
        {"\xc2\xa0non\xc2\xa0"
         "breaking",
         "non breaking"},
        {"l'École n°3", "l ecole n 3"},
        {"МОСКВА", "москва"},
        {"İstanbul ISPARTA ısı", "istanbul isparta isi"},
        {"soft\xc2\xad"
         "hyphen",
         "softhyphen"},
        {"C++", "c"},
        {"", ""},
        {" ,.", ""},
        {"A-1", "a 1"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_string_equal(text_fold(arena, pairs[i][0]), pairs[i][1]);
}

static void folding_twice_changes_nothing_more(void **)
{
    static const char *const texts[] = {"Čeština, I.",     "ß",       "MÁLAGA (ES)",
                                        "Ökonomie – Ünlü", "Σίσυφος", "ｆｕｌｌ"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *once = text_fold(arena, texts[i]);
        assert_string_equal(text_fold(arena, once), once);
    }
}

static void ascii_folds_as_other_text_does(void **)
{
    char text[128], other[160];
    for (unsigned c = 1; c < 128; c++) {
        snprintf(text, sizeof text, "%cX%c%cyZ%c", (char)c, (char)c, (char)c, (char)c);
        snprintf(other, sizeof other, "é%s", text); /* one letter that makes it take the long way */
        const char *slow = text_fold(arena, other), *fast = text_fold(arena, text);
        if (strcmp(slow + 1, fast) != 0 && strcmp(slow + 2, fast) != 0)
            fail_msg("character %u folds to \"%s\" and \"%s\"", c, fast, slow);
    }
}

static void trimming_takes_blanks_at_the_ends_alone(void **)
{
    assert_string_equal(text_trim(arena, " \t a b \r\n"), "a b");
    assert_string_equal(text_trim(arena, "\xc2\xa0 x\xc2\xa0"), "x");
    assert_string_equal(text_trim(arena, " \xc2\xa0\n"), "");
    assert_string_equal(text_trim(arena, ""), "");
    assert_string_equal(text_trim(arena, "à"), "à"); /* ends in A0 */
}

static void control_characters_are_seen(void **)
{
    assert_false(text_has_control("plain é", false));
    assert_true(text_has_control("a\nb", false));
    assert_false(text_has_control("a\nb\tc", true));
    assert_true(text_has_control("a\rb", true) || text_has_control("\x01", true));
    assert_true(text_has_control("\x7f", true));
    assert_true(text_has_control("\xc2\x85", true));
    assert_false(text_has_control("\xc2\xa0", true));
}

static void lines_end_in_one_way(void **)
{
    char text[] = "\r\na\r\n\r\nb\rc\r\r\nd\n\r", plain[] = "plain", empty[] = "";
    assert_string_equal(text_unify_newlines(text), "\na\n\nb\rc\r\nd\n\r");
    assert_string_equal(text_unify_newlines(plain), "plain");
    assert_string_equal(text_unify_newlines(empty), "");
}

/* Long texts are looked through in words. */
static void every_byte_counts_at_every_place_of_a_long_text(void **)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        for (size_t place = 0; place < 20; place++) {
            char text[] = "abcdefghijklmnopqrst";
            text[place] = (char)byte;
            bool is_control = byte < 0x20 || byte == 0x7f;
            assert_int_equal(text_has_control(text, false), is_control);
            assert_int_equal(text_has_control(text, true), is_control && byte != '\n' && byte != '\t');
            assert_int_equal(is_utf8(text), byte < 0x80);
            text[place] = '\0';
            assert_false(text_is_utf8(text, 20));
        }
    }
}

static void width_is_in_columns(void **)
{
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("Łódź"), 4);
    assert_int_equal(text_width("e\xcc\x81"), 1);
    assert_int_equal(text_width("日本"), 4);
    assert_int_equal(text_width(""), 0);
}

static void cutting_never_halves_a_letter(void **)
{
    assert_int_equal(text_cut("abc", 5), 3);
    assert_int_equal(text_cut("abc", 3), 3);
    assert_int_equal(text_cut("abc", 2), 2);
    assert_int_equal(text_cut("aé", 2), 1);
    assert_int_equal(text_cut("日本", 5), 3);
    assert_int_equal(text_cut("日", 2), 0);
}

static void text_is_compared_as_bytes_or_without_case(void **)
{
    assert_true(text_equal("a", "a") && !text_equal("a", "A"));
    assert_true(text_equal_ascii_case("Ab1", "aB1") && !text_equal_ascii_case("ab", "abc"));
    assert_false(text_equal_ascii_case("[", "{"));
    assert_true(text_starts_with("abc", "ab") && text_starts_with("abc", "") &&
                !text_starts_with("ab", "abc"));
    const char *a = "a", *b = "b";
    assert_true(text_compare(&a, &b) < 0 && text_compare(&b, &a) > 0 && text_compare(&a, &a) == 0);
}

static void numbers_are_digits_alone_and_within_the_most(void **)
{
    unsigned long long number = 5;
    assert_true(text_to_u64("0", 10, &number) && number == 0);
    assert_true(text_to_u64("007", 10, &number) && number == 7);
    assert_true(text_to_u64("18446744073709551615", UINT64_MAX, &number) && number == UINT64_MAX);
    number = 5;
    assert_false(text_to_u64("18446744073709551616", UINT64_MAX, &number));
    assert_false(text_to_u64("11", 10, &number) || text_to_u64("", 10, &number) ||
                 text_to_u64("-1", 10, &number));
    assert_false(text_to_u64("1 ", 10, &number) || text_to_u64("+1", 10, &number) ||
                 text_to_u64("1x", 99, &number));
    assert_true(number == 5);
}

static void a_buffer_grows_and_is_emptied(void **)
{
    struct text_buffer buffer = {0};
    for (int i = 0; i < 1000; i++)
        text_buffer_format(&buffer, "%d,", i % 10);
    text_buffer_add(&buffer, "end");
    text_buffer_append(&buffer, "\0x", 2);
    assert_int_equal(buffer.size, 2005);
    assert_int_equal(buffer.bytes[buffer.size], '\0');
    assert_memory_equal(buffer.bytes + 1998, "9,end\0x", 7);
    text_buffer_clear(&buffer);
    assert_string_equal(buffer.bytes, "");
    text_buffer_format(&buffer, "%s", "");
    assert_string_equal(buffer.bytes, "");
    text_buffer_fini(&buffer);
    assert_null(buffer.bytes);
    text_buffer_append(&buffer, "", 0);
    assert_string_equal(buffer.bytes, "");
    text_buffer_fini(&buffer);
    text_buffer_fini(&buffer);
}

static void assert_json(const char *text, size_t most, const char *json)
{
    struct text_buffer buffer = {0};
    text_buffer_add_json(&buffer, text, most);
    assert_string_equal(buffer.bytes, json);
    text_buffer_fini(&buffer);
}

static void json_text_is_escaped_and_cut(void **)
{
    assert_json("plain é", 0, "\"plain é\"");
    assert_json("a\"b\\c/\n\r\t\b\f", 0, "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\"");
    assert_json("\x01\x1f\x7f", 0, "\"\\u0001\\u001f\\u007f\"");
    assert_json("a\xff z\xc3", 0, "\"a\xef\xbf\xbd z\xef\xbf\xbd\"");
    assert_json("abcé", 4, "\"abc\"");
    assert_json("", 0, "\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_told_from_what_is_not),
        cmocka_unit_test(one_bad_byte_is_found_wherever_it_stands),
        cmocka_unit_test(normal_form_c_puts_letters_together),
        cmocka_unit_test(folding_leaves_what_people_compare),
        cmocka_unit_test(folding_twice_changes_nothing_more),
        cmocka_unit_test(ascii_folds_as_other_text_does),
        cmocka_unit_test(trimming_takes_blanks_at_the_ends_alone),
        cmocka_unit_test(control_characters_are_seen),
        cmocka_unit_test(lines_end_in_one_way),
        cmocka_unit_test(every_byte_counts_at_every_place_of_a_long_text),
        cmocka_unit_test(width_is_in_columns),
        cmocka_unit_test(cutting_never_halves_a_letter),
        cmocka_unit_test(text_is_compared_as_bytes_or_without_case),
        cmocka_unit_test(numbers_are_digits_alone_and_within_the_most),
        cmocka_unit_test(a_buffer_grows_and_is_emptied),
        cmocka_unit_test(json_text_is_escaped_and_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
