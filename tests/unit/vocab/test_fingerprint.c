#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "vocab/fingerprint.h"
#include "vocab/vocabulary.h"

/* Two outcomes, of which the second is what it says. */
struct outcome {
    const char *code, *reuse, *broader, *related, *language, *label, *other, *description;
    bool is_first;
};

static const struct outcome plain = {.code = "urn:b",
                                     .reuse = "transversal",
                                     .broader = "urn:a",
                                     .related = "urn:none",
                                     .language = "en",
                                     .label = "weld pipes",
                                     .other = "join pipes",
                                     .description = "by heat"};

static void add(struct vocabulary_builder *builder, const struct outcome *from)
{
    struct concept_words words = {.language = from->language,
                                  .label = from->label,
                                  .other_labels = {&from->other, 1},
                                  .description = from->description};
    struct concept_source source = {.scheme = SCHEME_OUTCOME,
                                    .code = from->code,
                                    .vocabulary = "TEST 1",
                                    .reuse = from->reuse,
                                    .broader = {&from->broader, 1},
                                    .related = {&from->related, 1},
                                    .words = &words,
                                    .words_count = 1};
    vocabulary_builder_add(builder, &source);
}

static uint64_t fingerprint_of(const struct outcome *outcome)
{
    struct outcome other = plain;
    other.code = "urn:a";
    other.broader = other.related = "urn:none";
    struct vocabulary_builder *builder = vocabulary_builder_new();
    add(builder, outcome->is_first ? outcome : &other);
    add(builder, outcome->is_first ? &other : outcome);
    struct vocabulary *vocabulary = vocabulary_builder_finish(builder);
    uint64_t fingerprint = vocabulary_fingerprint(vocabulary);
    vocabulary_release(vocabulary);
    return fingerprint;
}

static void whatever_matching_sees_of_a_concept_shows(void **)
{
    struct outcome changed[] = {plain, plain, plain, plain, plain, plain, plain, plain};
    changed[0].code = "urn:c";
    changed[1].reuse = "cross-sector";
    changed[2].broader = "urn:none";
    changed[3].related = "urn:a";
    changed[4].language = "de";
    changed[5].label = "weld tubes";
    changed[6].other = "join tubes";
    changed[7].description = "by force";
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        assert_true(fingerprint_of(&changed[i]) != fingerprint_of(&plain));
}

static void the_order_of_loading_does_not_show(void **)
{
    struct outcome first = plain;
    first.is_first = true;
    assert_true(fingerprint_of(&first) == fingerprint_of(&plain));
}

static void no_vocabulary_is_not_an_empty_one(void **)
{
    struct vocabulary *empty = vocabulary_builder_finish(vocabulary_builder_new());
    assert_true(vocabulary_fingerprint(NULL) != vocabulary_fingerprint(empty));
    vocabulary_release(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_matching_sees_of_a_concept_shows),
        cmocka_unit_test(the_order_of_loading_does_not_show),
        cmocka_unit_test(no_vocabulary_is_not_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
