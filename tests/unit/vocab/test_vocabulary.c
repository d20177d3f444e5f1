#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vocab/support_vocab.h"
#include "vocab/vocabulary.h"

static const struct small_concept few[] = {
    {SCHEME_OUTCOME, "o:weld", "weld metal", "", "", "o:metal|o:gone", "o:cut", "sector-specific"},
    {SCHEME_OUTCOME, "o:metal", "work metal", "", "", "", "", "cross-sector"},
    {SCHEME_OUTCOME, "o:cut", "cut metal", "", "", "o:metal|o:metal|o:cut", "o:absent", ""},
    {SCHEME_SECTOR, "0715", "mechanics", "", "", "071", "", ""},
    {SCHEME_SECTOR, "071", "engineering", "", "", "07", "", ""},
    {SCHEME_OCCUPATION, "b:welder", "welder", "", "", "", "o:weld", ""},
};

static struct vocabulary *few_made(void)
{
    return support_vocabulary(few, sizeof few / sizeof *few);
}

static void assert_codes(struct text_list list, const char *const *codes, size_t count)
{
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list.items[i], codes[i]);
}

static void concepts_are_found_by_scheme_and_code(void **)
{
    struct vocabulary *vocabulary = few_made();
    uint32_t weld = vocabulary_find(vocabulary, SCHEME_OUTCOME, "o:weld");
    assert_int_not_equal(weld, CONCEPT_NONE);
    assert_string_equal(vocabulary_code(vocabulary, weld), "o:weld");
    assert_int_equal(vocabulary_find(vocabulary, SCHEME_SECTOR, "o:weld"), CONCEPT_NONE);
    assert_int_equal(vocabulary_find(vocabulary, SCHEME_OUTCOME, "o:gone"), CONCEPT_NONE);
    assert_int_equal(vocabulary_find(vocabulary, SCHEME_NONE, "o:weld"), CONCEPT_NONE);
    assert_int_equal(vocabulary_find(vocabulary, SCHEME_COUNT, "o:weld"), CONCEPT_NONE);
    assert_int_equal(vocabulary_concept_count(vocabulary), 6);
    assert_int_equal(vocabulary_scheme_count(vocabulary, SCHEME_OUTCOME), 3);
    assert_int_equal(vocabulary_scheme_count(vocabulary, SCHEME_REGION), 0);
    vocabulary_release(vocabulary);
}

static void a_view_keeps_links_to_what_is_not_there(void **)
{
    struct vocabulary *vocabulary = few_made();
    struct concept_view view;
    vocabulary_concept(vocabulary, vocabulary_find(vocabulary, SCHEME_OUTCOME, "o:weld"), &view);
    assert_codes(view.broader, (const char *const[]){"o:metal", "o:gone"}, 2);
    assert_codes(view.related, (const char *const[]){"o:cut"}, 1);
    assert_string_equal(view.vocabulary, "Small 1");
    assert_string_equal(view.reuse_name, "sector-specific");
    assert_int_equal(view.reuse, REUSE_SECTOR_SPECIFIC);
    vocabulary_concept(vocabulary, vocabulary_find(vocabulary, SCHEME_OUTCOME, "o:cut"), &view);
    assert_codes(view.related, (const char *const[]){"o:absent", "o:weld"}, 2);
    vocabulary_concept(vocabulary, vocabulary_find(vocabulary, SCHEME_OUTCOME, "o:metal"), &view);
    assert_codes(view.narrower, (const char *const[]){"o:cut", "o:weld"}, 2);
    vocabulary_concept(vocabulary, vocabulary_find(vocabulary, SCHEME_OCCUPATION, "b:welder"), &view);
    assert_codes(view.related, (const char *const[]){"o:weld"}, 1);
    vocabulary_release(vocabulary);
}

static void only_links_to_concepts_of_the_scheme_count(void **)
{
    struct vocabulary *vocabulary = few_made();
    uint32_t weld = vocabulary_find(vocabulary, SCHEME_OUTCOME, "o:weld");
    uint32_t metal = vocabulary_find(vocabulary, SCHEME_OUTCOME, "o:metal");
    uint32_t cut = vocabulary_find(vocabulary, SCHEME_OUTCOME, "o:cut");
    struct concept_list list = vocabulary_broader(vocabulary, weld);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0], metal);
    list = vocabulary_broader(vocabulary, cut);
    assert_int_equal(list.count, 1); /* named twice; and itself is not one */
    list = vocabulary_narrower(vocabulary, metal);
    assert_int_equal(list.count, 2);
    assert_true(list.items[0] == cut && list.items[1] == weld);
    assert_int_equal(vocabulary_related(vocabulary, weld).items[0], cut);
    assert_int_equal(vocabulary_related(vocabulary, cut).items[0], weld);
    assert_int_equal(vocabulary_related(vocabulary, cut).count, 1);
    assert_int_equal(
        vocabulary_related(vocabulary, vocabulary_find(vocabulary, SCHEME_OCCUPATION, "b:welder")).count, 0);
    assert_int_equal(vocabulary_broader(vocabulary, metal).count, 0);
    vocabulary_release(vocabulary);
}

static void numbers_do_not_depend_on_the_order_of_loading(void **)
{
    size_t count = sizeof few / sizeof *few;
    struct small_concept reversed[sizeof few / sizeof *few];
    for (size_t i = 0; i < count; i++)
        reversed[i] = few[count - 1 - i];
    struct vocabulary *one = few_made(), *other = support_vocabulary(reversed, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(vocabulary_find(one, few[i].scheme, few[i].code),
                         vocabulary_find(other, few[i].scheme, few[i].code));
    vocabulary_release(one);
    vocabulary_release(other);
}

static void of_a_code_twice_in_one_scheme_the_first_stays(void **)
{
    struct small_concept twice[] = {
        {SCHEME_OUTCOME, "x", "first", "", "", "", "", ""},
        {SCHEME_OUTCOME, "x", "second", "", "", "", "", ""},
        {SCHEME_OCCUPATION, "x", "third", "", "", "", "", ""},
    };
    struct vocabulary *vocabulary = support_vocabulary(twice, 3);
    assert_int_equal(vocabulary_concept_count(vocabulary), 2);
    uint32_t x = vocabulary_find(vocabulary, SCHEME_OUTCOME, "x");
    assert_string_equal(vocabulary_words(vocabulary, x, "en")->label, "first");
    x = vocabulary_find(vocabulary, SCHEME_OCCUPATION, "x");
    assert_string_equal(vocabulary_words(vocabulary, x, "en")->label, "third");
    vocabulary_release(vocabulary);
}

static struct vocabulary *translated(void)
{
    struct concept_words words[] = {
        {.language = "de", .label = "Schweißen"},
        {.language = "EN", .label = "welding"},
        {.language = "pt-BR", .label = "soldagem"},
    };
    struct concept_words french = {.language = "fr", .label = "cuisine"};
    struct vocabulary_builder *builder = vocabulary_builder_new();
    vocabulary_builder_add(
        builder,
        &(struct concept_source){
            .scheme = SCHEME_OUTCOME, .code = "weld", .vocabulary = "B 2", .words = words, .words_count = 3});
    vocabulary_builder_add(builder, &(struct concept_source){.scheme = SCHEME_OUTCOME,
                                                             .code = "cook",
                                                             .vocabulary = "A 1",
                                                             .words = &french,
                                                             .words_count = 1});
    return vocabulary_builder_finish(builder);
}

static void words_come_in_the_language_asked_for_or_in_english(void **)
{
    struct vocabulary *vocabulary = translated();
    uint32_t weld = vocabulary_find(vocabulary, SCHEME_OUTCOME, "weld");
    assert_string_equal(vocabulary_words(vocabulary, weld, "de")->label, "Schweißen");
    assert_string_equal(vocabulary_words(vocabulary, weld, "DE-at")->label, "Schweißen");
    assert_string_equal(vocabulary_words(vocabulary, weld, "pt-br")->label, "soldagem");
    assert_string_equal(vocabulary_words(vocabulary, weld, "fr")->label, "welding");
    assert_string_equal(vocabulary_words(vocabulary, weld, "")->label, "welding");
    assert_string_equal(vocabulary_words(vocabulary, weld, NULL)->label, "welding");
    uint32_t cook = vocabulary_find(vocabulary, SCHEME_OUTCOME, "cook");
    assert_string_equal(vocabulary_words(vocabulary, cook, "de")->label, "cuisine");
    vocabulary_release(vocabulary);
}

static void the_names_of_vocabularies_are_sorted_and_distinct(void **)
{
    struct vocabulary *vocabulary = translated();
    assert_codes(vocabulary_names(vocabulary), (const char *const[]){"A 1", "B 2"}, 2);
    vocabulary_release(vocabulary);
    vocabulary = few_made();
    assert_codes(vocabulary_names(vocabulary), (const char *const[]){"Small 1"}, 1);
    vocabulary_release(vocabulary);
}

static void an_empty_vocabulary_has_nothing_and_finds_nothing(void **)
{
    struct vocabulary *vocabulary = support_vocabulary(NULL, 0);
    assert_int_equal(vocabulary_concept_count(vocabulary), 0);
    assert_int_equal(vocabulary_names(vocabulary).count, 0);
    assert_int_equal(vocabulary_find(vocabulary, SCHEME_OUTCOME, "x"), CONCEPT_NONE);
    vocabulary_release(vocabulary);
}

static void it_lives_until_its_last_owner_lets_go(void **)
{
    struct vocabulary *vocabulary = few_made();
    struct vocabulary *second = vocabulary_acquire(vocabulary);
    vocabulary_release(vocabulary);
    assert_int_equal(vocabulary_concept_count(second), 6);
    vocabulary_release(second);
    vocabulary_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concepts_are_found_by_scheme_and_code),
        cmocka_unit_test(a_view_keeps_links_to_what_is_not_there),
        cmocka_unit_test(only_links_to_concepts_of_the_scheme_count),
        cmocka_unit_test(numbers_do_not_depend_on_the_order_of_loading),
        cmocka_unit_test(of_a_code_twice_in_one_scheme_the_first_stays),
        cmocka_unit_test(words_come_in_the_language_asked_for_or_in_english),
        cmocka_unit_test(the_names_of_vocabularies_are_sorted_and_distinct),
        cmocka_unit_test(an_empty_vocabulary_has_nothing_and_finds_nothing),
        cmocka_unit_test(it_lives_until_its_last_owner_lets_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
