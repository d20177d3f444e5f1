#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "vocab/lookup.h"
#include "vocab/support_vocab.h"

static const struct small_concept few[] = {
    {SCHEME_OUTCOME, "o:01", "operate welding equipment", "weld with machines",
     "Joins pieces of metal by heat.", "", "", ""},
    {SCHEME_OUTCOME, "o:02", "operate drilling equipment", "drill holes", "Makes holes in walls.", "", "",
     ""},
    {SCHEME_OUTCOME, "o:03", "prepare pastries", "bake cakes", "Makes dough and fillings.", "", "", ""},
    {SCHEME_OUTCOME, "o:04", "écrire des programmes", "", "", "", "", ""},
    {SCHEME_OUTCOME, "o:05", "C++", "", "", "", "", ""},
    {SCHEME_OUTCOME, "o:06", "C#", "", "", "", "", ""},
    {SCHEME_OUTCOME, "o:07", "groom horses", "", "Brushes the coat of an animal.", "", "", ""},
    {SCHEME_OUTCOME, "o:08", "repair engines", "", "", "", "", ""},
    {SCHEME_OUTCOME, "o:09", "repair gearboxes", "", "", "", "", ""},
    {SCHEME_OUTCOME, "o:10", "same words", "", "", "", "", ""},
    {SCHEME_OUTCOME, "o:11", "words, same", "", "", "", "", ""},
    {SCHEME_OUTCOME, "o:12", "plan a day", "same words", "", "", "", ""},
    {SCHEME_COUNTRY, "GB", "United Kingdom", "", "", "", "", ""},
    {SCHEME_COUNTRY, "GR", "Greece", "", "", "", "", ""},
    {SCHEME_SECTOR, "0715", "mechanics and metal trades", "welding", "", "", "", ""},
};

struct fixture {
    struct vocabulary *vocabulary;
    struct arena *arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.vocabulary = support_vocabulary(few, sizeof few / sizeof *few);
    fixture.arena = arena_new(0);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    vocabulary_release(fixture->vocabulary);
    arena_free(fixture->arena);
    return 0;
}

static const char *first_code(struct fixture *fixture, const char *query, double *ret_score)
{
    struct lookup_hit hit;
    size_t count = lookup_search(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, query, "", &hit, 1);
    *ret_score = count ? hit.score : 0;
    return count ? vocabulary_code(fixture->vocabulary, hit.concept) : "none";
}

static void assert_first(void **state, const char *query, const char *code, double least, double most)
{
    double score;
    const char *found = first_code(*state, query, &score);
    if (strcmp(found, code) != 0 || score < least || score > most)
        fail_msg("\"%s\" finds %s with %f", query, found, score);
}

static void assert_read(void **state, const char *text, const char *code, double least, double most)
{
    struct fixture *fixture = *state;
    struct lookup_hit hit = lookup_interpret(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, text);
    const char *found =
        hit.concept == CONCEPT_NONE ? "none" : vocabulary_code(fixture->vocabulary, hit.concept);
    if (strcmp(found, code) != 0 || hit.score < least || hit.score > most)
        fail_msg("\"%s\" is read as %s with %f", text, found, hit.score);
}

static void a_label_itself_scores_one(void **state)
{
    assert_first(state, "operate welding equipment", "o:01", 1, 1);
    assert_first(state, "bake cakes", "o:03", 1, 1);
    assert_first(state, "  prepare   pastries ", "o:03", 1, 1);
}

static void case_accents_order_and_plural_do_not_matter(void **state)
{
    assert_first(state, "OPERATE Welding EQUIPMENT", "o:01", 1, 1);
    assert_first(state, "equipment, welding: operate", "o:01", 1, 1);
    assert_first(state, "Ecrire dès programmes", "o:04", 1, 1);
    assert_first(state, "prepare pastry", "o:03", 1, 1);
    assert_first(state, "repair engine", "o:08", 1, 1);
    assert_first(state, "repairs gearbox", "o:09", 1, 1);
    assert_first(state, "groom horse", "o:07", 1, 1);
}

static void small_slips_are_forgiven(void **state)
{
    assert_first(state, "operate weldign equipment", "o:01", 0.9, 0.999); /* swapped */
    assert_first(state, "operate weling equipment", "o:01", 0.9, 0.999);  /* left out */
    assert_first(state, "operate wellding equipment", "o:01", 0.9, 0.999);
    assert_first(state, "operate wolding equipment", "o:01", 0.9, 0.999);
    assert_first(state, "preprae pasteries", "o:03", 0.7, 0.999);
    assert_first(state, "operate driling equimpent", "o:02", 0.85, 0.999);
    assert_first(state, "groom hrose", "o:07", 0.85, 0.999);
}

static void short_words_must_be_right(void **state)
{
    struct fixture *fixture = *state;
    struct lookup_hit hits[5];
    assert_int_equal(lookup_search(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, "dax", "", hits, 5),
                     0);
}

static void unfinished_words_find_too(void **state)
{
    assert_first(state, "operate wel", "o:01", 0.3, 0.999);
    assert_first(state, "pastr", "o:03", 0.3, 0.999);
}

static void words_of_one_family_find_each_other(void **state)
{
    assert_first(state, "welder", "o:01", 0.2, 0.999);
    assert_first(state, "bakery", "o:03", 0.2, 0.999);
}

static void labels_teach_which_words_stand_for_each_other(void **)
{
    static const struct small_concept sellers[] = {
        {SCHEME_OUTCOME, "s:1", "sell vehicles", "trade vehicles", "", "", "", ""},
        {SCHEME_OUTCOME, "s:2", "sell houses", "trade houses", "", "", "", ""},
        {SCHEME_OUTCOME, "s:3", "sell boats", "", "", "", "", ""},
        {SCHEME_OUTCOME, "s:4", "clean boats", "", "", "", "", ""},
        {SCHEME_OUTCOME, "s:5", "build boats", "", "", "", "", ""},
    };
    struct vocabulary *vocabulary = support_vocabulary(sellers, sizeof sellers / sizeof *sellers);
    struct arena *arena = arena_new(0);
    struct lookup_hit read = lookup_interpret(vocabulary, arena, SCHEME_OUTCOME, "trade boats");
    assert_string_equal(vocabulary_code(vocabulary, read.concept), "s:3");
    assert_true(read.score > 0.6 && read.score < 1);
    arena_free(arena);
    vocabulary_release(vocabulary);
}

static void words_may_be_written_in_one_or_in_two(void **state)
{
    assert_first(state, "repair gear boxes", "o:09", 1, 1);
    assert_first(state, "drillholes", "o:02", 1, 1);
    assert_first(state, "groomhorses", "o:07", 1, 1);
    assert_read(state, "gear box repair", "o:09", 1, 1);
}

static void rarer_words_weigh_more(void **state)
{
    assert_first(state, "repair gearboxes equipment", "o:09", 0.3, 0.999);
    assert_first(state, "operate engines", "o:08", 0.2, 0.999);
}

static void descriptions_are_found_with_a_lower_score(void **state)
{
    assert_first(state, "brushes", "o:07", 0.05, 0.5);
    assert_first(state, "dough", "o:03", 0.05, 0.5);
}

static void what_is_typed_as_it_stands_comes_first(void **state)
{
    assert_first(state, "C#", "o:06", 1, 1);
    assert_first(state, "c++", "o:05", 1, 1);
}

static void equal_scores_are_ordered_by_label_and_code(void **state)
{
    struct fixture *fixture = *state;
    struct lookup_hit hits[10];
    size_t count =
        lookup_search(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, "words same", "", hits, 10);
    assert_int_equal(count, 3);
    assert_string_equal(vocabulary_code(fixture->vocabulary, hits[0].concept), "o:10");
    assert_string_equal(vocabulary_code(fixture->vocabulary, hits[1].concept), "o:11");
    assert_string_equal(vocabulary_code(fixture->vocabulary, hits[2].concept), "o:12");
}

static void no_more_hits_than_asked_for_and_none_twice(void **state)
{
    struct fixture *fixture = *state;
    struct lookup_hit hits[12];
    assert_int_equal(
        lookup_search(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, "repair", "", hits, 1), 1);
    assert_int_equal(
        lookup_search(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, "repair", "", hits, 0), 0);
    size_t count =
        lookup_search(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, "repair operate", "", hits, 12);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        assert_true(hits[i].score > 0 && hits[i].score <= 1);
        assert_true(i == 0 || hits[i - 1].score >= hits[i].score);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(hits[i].concept, hits[j].concept);
    }
}

static void a_code_is_found_whatever_its_case(void **state)
{
    struct fixture *fixture = *state;
    assert_first(state, "O:03", "o:03", 1, 1);
    struct lookup_hit hit;
    assert_int_equal(lookup_search(fixture->vocabulary, fixture->arena, SCHEME_COUNTRY, "uk", "", &hit, 1),
                     1);
    assert_string_equal(vocabulary_code(fixture->vocabulary, hit.concept), "GB");
    assert_int_equal(lookup_search(fixture->vocabulary, fixture->arena, SCHEME_COUNTRY, "el", "", &hit, 1),
                     1);
    assert_string_equal(vocabulary_code(fixture->vocabulary, hit.concept), "GR");
    assert_int_equal(lookup_interpret(fixture->vocabulary, fixture->arena, SCHEME_SECTOR, "0715").score, 1);
}

static void nothing_comes_of_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct lookup_hit hits[3];
    static const char *const queries[] = {"", " ", "!?", "xyzzyplugh"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        assert_int_equal(
            lookup_search(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, queries[i], "", hits, 3), 0);
        struct lookup_hit read =
            lookup_interpret(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, queries[i]);
        assert_int_equal(read.concept, CONCEPT_NONE);
        assert_true(read.score == 0);
    }
    assert_int_equal(lookup_search(fixture->vocabulary, fixture->arena, SCHEME_REGION, "repair", "", hits, 3),
                     0);
    assert_int_equal(lookup_interpret(fixture->vocabulary, fixture->arena, SCHEME_NONE, "repair").concept,
                     CONCEPT_NONE);
}

static void a_long_query_is_answered(void **state)
{
    struct fixture *fixture = *state;
    char query[2001];
    for (size_t i = 0; i < 2000; i++)
        query[i] = i % 7 == 6 ? ' ' : (char)('a' + (i * i + i / 7) % 26);
    query[2000] = '\0';
    struct lookup_hit hits[3];
    lookup_search(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, query, "", hits, 3);
    assert_true(lookup_interpret(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME, query).score < 0.5);
}

static void words_are_read_with_the_confidence_they_deserve(void **state)
{
    assert_read(state, "Operate welding equipment", "o:01", 1, 1);
    assert_read(state, "weld with machine", "o:01", 1, 1);
    assert_read(state, "operate weldign equipment", "o:01", 0.85, 0.99);
    assert_read(state, "bake nice cakes", "o:03", 0.5, 0.95);
    struct fixture *fixture = *state;
    assert_true(lookup_interpret(fixture->vocabulary, fixture->arena, SCHEME_OUTCOME,
                                 "repair a broken combine harvester quickly")
                    .score < 0.5);
}

static struct vocabulary *translated(void)
{
    static const char *const german_others[] = {"Lichtbogen schweißen"};
    struct concept_words weld[] = {
        {.language = "en", .label = "welding"},
        {.language = "de", .label = "Schweißtechnik", .other_labels = {german_others, 1}},
        {.language = "it", .label = "saldatura"},
    };
    struct concept_words school[] = {
        {.language = "en", .label = "run a school"},
        {.language = "de", .label = "Schulen leiten"},
        {.language = "el", .label = "διεύθυνση σχολείου"},
    };
    struct vocabulary_builder *builder = vocabulary_builder_new();
    vocabulary_builder_add(
        builder,
        &(struct concept_source){.scheme = SCHEME_OUTCOME, .code = "w", .words = weld, .words_count = 3});
    vocabulary_builder_add(
        builder,
        &(struct concept_source){.scheme = SCHEME_OUTCOME, .code = "s", .words = school, .words_count = 3});
    return vocabulary_builder_finish(builder);
}

static size_t hits_in(const struct vocabulary *vocabulary, const char *query, const char *language,
                      double *ret_score)
{
    struct arena *arena = arena_new(0);
    struct lookup_hit hits[2];
    size_t count = lookup_search(vocabulary, arena, SCHEME_OUTCOME, query, language, hits, 2);
    *ret_score = count ? hits[0].score : 0;
    arena_free(arena);
    return count;
}

static void a_search_reads_the_language_asked_for_and_english(void **)
{
    struct vocabulary *vocabulary = translated();
    double score;
    assert_int_equal(hits_in(vocabulary, "schweisstechnik", "de", &score), 1);
    assert_int_equal(hits_in(vocabulary, "schweisstechnik", "de-CH", &score), 1);
    assert_int_equal(hits_in(vocabulary, "welding", "de", &score), 1);
    assert_int_equal(hits_in(vocabulary, "saldatura", "de", &score), 0);
    assert_int_equal(hits_in(vocabulary, "saldatura", "", &score), 1);
    assert_int_equal(hits_in(vocabulary, "saldatura", NULL, &score), 1);
    vocabulary_release(vocabulary);
}

static void plurals_of_other_languages_are_the_same_word(void **)
{
    struct vocabulary *vocabulary = translated();
    double score;
    assert_int_equal(hits_in(vocabulary, "Schule leiten", "de", &score), 1);
    assert_true(score == 1);
    assert_int_equal(hits_in(vocabulary, "διευθυνση σχολειο", "el", &score), 1);
    assert_true(score > 0.6);
    vocabulary_release(vocabulary);
}

/* Words made of syllables, each concept with its own. */
static void make_label(unsigned number, char label[64])
{
    static const char *const syllables[] = {"ba", "ke", "li", "mo", "nu",  "ra",
                                            "se", "ti", "vo", "zu", "dre", "stin"};
    static const char *const verbs[] = {"operate", "repair", "prepare", "plan", "clean", "test", "sell"};
    unsigned a = number * 7919u % 20736u;
    snprintf(label, 64, "%s %s%s%s%s", verbs[number % 7], syllables[a % 12], syllables[a / 12 % 12],
             syllables[a / 144 % 12], syllables[a / 1728 % 12]);
}

static void fourteen_thousand_concepts_are_told_apart(void **)
{
    enum { COUNT = 14000 };
    struct vocabulary_builder *builder = vocabulary_builder_new();
    char label[64], code[16];
    for (unsigned i = 0; i < COUNT; i++) {
        make_label(i, label);
        snprintf(code, sizeof code, "g:%05u", i);
        support_add(builder, &(struct small_concept){SCHEME_OUTCOME, code, label, "", "It is done with care.",
                                                     "", "", ""});
    }
    struct vocabulary *vocabulary = vocabulary_builder_finish(builder);
    struct arena *arena = arena_new(0);
    for (unsigned i = 0; i < COUNT; i += 97) {
        struct lookup_hit hits[5];
        make_label(i, label);
        snprintf(code, sizeof code, "g:%05u", i);
        arena_reset(arena);
        assert_true(lookup_search(vocabulary, arena, SCHEME_OUTCOME, label, "", hits, 5) > 0);
        assert_string_equal(vocabulary_code(vocabulary, hits[0].concept), code);
        assert_true(hits[0].score == 1);
        char *swapped = strchr(label, ' ') + 3, letter = swapped[0];
        swapped[0] = swapped[1];
        swapped[1] = letter;
        struct lookup_hit read = lookup_interpret(vocabulary, arena, SCHEME_OUTCOME, label);
        assert_int_not_equal(read.concept, CONCEPT_NONE);
        assert_true(read.score >= 0.7);
    }
    arena_free(arena);
    vocabulary_release(vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_itself_scores_one),
        cmocka_unit_test(case_accents_order_and_plural_do_not_matter),
        cmocka_unit_test(small_slips_are_forgiven),
        cmocka_unit_test(short_words_must_be_right),
        cmocka_unit_test(unfinished_words_find_too),
        cmocka_unit_test(words_of_one_family_find_each_other),
        cmocka_unit_test(labels_teach_which_words_stand_for_each_other),
        cmocka_unit_test(words_may_be_written_in_one_or_in_two),
        cmocka_unit_test(rarer_words_weigh_more),
        cmocka_unit_test(descriptions_are_found_with_a_lower_score),
        cmocka_unit_test(what_is_typed_as_it_stands_comes_first),
        cmocka_unit_test(equal_scores_are_ordered_by_label_and_code),
        cmocka_unit_test(no_more_hits_than_asked_for_and_none_twice),
        cmocka_unit_test(a_code_is_found_whatever_its_case),
        cmocka_unit_test(nothing_comes_of_nothing),
        cmocka_unit_test(a_long_query_is_answered),
        cmocka_unit_test(words_are_read_with_the_confidence_they_deserve),
        cmocka_unit_test(a_search_reads_the_language_asked_for_and_english),
        cmocka_unit_test(plurals_of_other_languages_are_the_same_word),
        cmocka_unit_test(fourteen_thousand_concepts_are_told_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
