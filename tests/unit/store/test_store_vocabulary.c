#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "store/feed.h"
#include "store/support_bench.h"
#include "store/support_database.h"
#include "store/support_mirror.h"
#include "store/vocabulary.h"
#include "store/vocabulary_load.h"

static int setup(void **)
{
    bench_open(&bench, database_new_migrated());
    return 0;
}

struct outcome {
    struct status status;
    struct store_vocabulary_result result;
};

static void on_done(void *context, struct status status, const struct store_vocabulary_result *result)
{
    struct outcome *outcome = context;
    outcome->status = status;
    if (result)
        outcome->result = *result;
    bench.open_count--;
    loop_stop(bench.loop);
}

static struct outcome load_with(struct store_vocabulary vocabulary, const unsigned char *seed)
{
    struct outcome outcome = {0};
    bench.open_count++;
    vocabulary_load(bench.store, bench.arena, &vocabulary, seed, on_done, &outcome);
    bench_wait(&bench);
    return outcome;
}

/* Concepts by their codes, labels the same. */
static struct outcome load(const char *name, const char *codes, struct store_vocabulary options,
                           const unsigned char *seed)
{
    struct store_concept *concepts = arena_array(bench.arena, strlen(codes), sizeof *concepts);
    for (size_t i = 0; codes[i]; i++)
        concepts[i] = (struct store_concept){
            .code = arena_strndup(bench.arena, codes + i, 1),
            .label = arena_format(bench.arena, "%s%c", options.language ? options.language : "", codes[i]),
            .description = "",
            .reuse = "",
        };
    options.vocabulary = name;
    options.scheme = SCHEME_OUTCOME;
    options.concepts = concepts;
    options.concept_count = strlen(codes);
    struct outcome outcome = load_with(options, seed);
    return outcome;
}

static void assert_counts(struct outcome outcome, uint64_t created, uint64_t updated, uint64_t deleted,
                          uint64_t rejected)
{
    assert_int_equal(outcome.status.code, STATUS_OK);
    assert_int_equal(outcome.result.created, created);
    assert_int_equal(outcome.result.updated, updated);
    assert_int_equal(outcome.result.deleted, deleted);
    assert_int_equal(outcome.result.rejected, rejected);
}

static const struct store_vocabulary plain, german = {.language = "de", .labels_only = true};

static void a_load_replaces_what_its_name_had(void **)
{
    assert_counts(load("Mine 1", "abc", plain, NULL), 3, 0, 0, 0);
    struct outcome again = load("Mine 1", "abc", plain, NULL);
    assert_counts(again, 0, 0, 0, 0);
    assert_int_equal(again.result.revision, 1);
    struct outcome next = load("Mine 2", "bcd", plain, NULL);
    assert_counts(next, 1, 0, 1, 0);
    assert_int_equal(next.result.revision, 2);
    assert_int_equal(bench_number("SELECT count(*) FROM concept"), 3);
    assert_int_equal(bench_number("SELECT count(*) FROM concept_words"), 3);
    assert_int_equal(bench_number("SELECT version FROM vocabulary"), 2);
    struct outcome version = load("Mine 3", "bcd", plain, NULL);
    assert_counts(version, 0, 0, 0, 0);
    assert_int_equal(version.result.revision, 3);
}

static void what_another_vocabulary_holds_is_rejected(void **)
{
    assert_counts(load("Mine 1", "ab", plain, NULL), 2, 0, 0, 0);
    struct outcome other = load("Other 1", "bcc", plain, NULL);
    assert_counts(other, 1, 0, 0, 2);
    assert_int_equal(other.result.reason_count, 2);
    assert_string_equal(other.result.reasons[0], "b: vocabulary Mine holds the code already");
    assert_string_equal(other.result.reasons[1], "c: the code comes twice");
    assert_counts(load("Mine 1", "a", plain, NULL), 0, 0, 1, 0);
    assert_int_equal(bench_number("SELECT count(*) FROM concept"), 2);
}

static void a_long_code_is_cut_between_letters(void **)
{
    enum {
        LETTERS = 101,
        SHOWN_LETTERS = 99
    }; /* of two bytes each, behind an "x": 199 bytes, of up to 200 */
    char code[2 + 2 * LETTERS] = "x", expected[300] = "x";
    for (int i = 0; i < LETTERS; i++)
        strcat(code, "é");
    for (int i = 0; i < SHOWN_LETTERS; i++)
        strcat(expected, "é");
    strcat(expected, ": the label is empty");
    struct store_concept concept = {.code = code, .label = "", .description = "", .reuse = ""};
    struct outcome outcome = load_with(
        (struct store_vocabulary){
            .vocabulary = "Mine 1", .scheme = SCHEME_OUTCOME, .concepts = &concept, .concept_count = 1},
        NULL);
    assert_counts(outcome, 0, 0, 0, 1);
    assert_string_equal(outcome.result.reasons[0], expected);
}

static void labels_in_another_language_leave_the_concepts_alone(void **)
{
    assert_counts(load("Mine 1", "abc", plain, NULL), 3, 0, 0, 0);
    assert_counts(load("Mine 1", "abx", german, NULL), 0, 2, 0, 1);
    assert_counts(load("Mine 1", "ab", german, NULL), 0, 0, 0, 0);
    assert_int_equal(bench_number("SELECT count(*) FROM concept"), 3);
    assert_int_equal(bench_number("SELECT count(*) FROM concept_words"), 5);
    assert_counts(load("Mine 1", "ab", plain, NULL), 0, 0, 1, 0);
    assert_int_equal(bench_number("SELECT count(*) FROM concept_words"), 4);
}

static void a_dry_run_counts_and_writes_nothing(void **)
{
    assert_counts(load("Mine 1", "ab", (struct store_vocabulary){.dry_run = true}, NULL), 2, 0, 0, 0);
    assert_int_equal(
        bench_number("SELECT (SELECT count(*) FROM concept) + (SELECT newest FROM revision_line)"), 0);
}

static void a_name_without_version_is_refused(void **)
{
    const char *const names[] = {"", "Mine", "Mine ", " 1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct outcome outcome = load(names[i], "a", plain, NULL);
        assert_int_equal(outcome.status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(outcome.status.field, "vocabulary");
    }
}

static void the_programs_own_file_comes_once_and_gives_way_to_an_admins(void **)
{
    const unsigned char first[SEED_CHECKSUM_BYTES] = {1}, second[SEED_CHECKSUM_BYTES] = {2};
    assert_counts(load("Mine 1", "ab", plain, first), 2, 0, 0, 0);
    assert_counts(load("Mine 1", "abc", plain, first), 0, 0, 0, 0);
    assert_counts(load("Mine 2", "abc", plain, second), 1, 0, 0, 0);
    assert_counts(load("Mine 2", "abc", plain, NULL), 0, 0, 0, 0);
    assert_counts(load("Mine 3", "a", plain, first), 0, 0, 0, 0);
    assert_int_equal(bench_number("SELECT count(*) FROM concept"), 3);
}

static void any_text_and_any_lists_come_back(void **)
{
    struct mirror mirror;
    const char *const codes[] = {"{\"x\\", "NULL", "", "ü, b"};
    struct store_concept concept = {.code = "urn:\"a\"",
                                    .label = "{x}",
                                    .description = "line\nbreak",
                                    .reuse = "transversal",
                                    .other_labels = {codes, 4},
                                    .broader = {codes, 2},
                                    .related = {codes + 3, 1}};
    struct store_vocabulary vocabulary = {
        .vocabulary = "A b c 1", .scheme = SCHEME_OUTCOME, .concepts = &concept, .concept_count = 1};
    assert_counts(load_with(vocabulary, NULL), 1, 0, 0, 0);
    assert_int_equal(
        bench_number(
            "SELECT count(*) FROM concept_words WHERE other_labels = ARRAY['{\"x\\', 'NULL', '', 'ü, b']"),
        1);
    mirror_open(&mirror, &bench);
    mirror_wait(&mirror, 1);
    assert_int_equal(mirror.word_count, 1);
    assert_string_equal(mirror.last_concept,
                        "A b c 1|urn:\"a\"|{\"x\\,NULL|ü, b||{x}|{\"x\\,NULL,,ü, b|line\nbreak");
    mirror_close(&mirror);
}

static void fourteen_thousand_concepts_are_loaded_once(void **)
{
    enum { COUNT = 14000 };
    struct store_concept *concepts = arena_array(bench.arena, COUNT, sizeof *concepts);
    const char *labels[] = {"one label", "another label", "a third label that is somewhat longer"};
    for (unsigned i = 0; i < COUNT; i++)
        concepts[i] = (struct store_concept){
            .code = arena_format(bench.arena, "http://data.example/skill/%u", i),
            .label = arena_format(bench.arena, "skill %u", i),
            .description = "A sentence that says what the skill is about, of about the usual length of such.",
            .reuse = "cross-sector",
            .other_labels = {labels, 3},
            .broader = {(const char *const *)&concepts[i / 10].code, 1},
        };
    struct store_vocabulary vocabulary = {
        .vocabulary = "Big 1", .scheme = SCHEME_OUTCOME, .concepts = concepts, .concept_count = COUNT};
    assert_counts(load_with(vocabulary, NULL), COUNT, 0, 0, 0);
    assert_counts(load_with(vocabulary, NULL), 0, 0, 0, 0);
    vocabulary.concept_count = 0;
    assert_counts(load_with(vocabulary, NULL), 0, 0, COUNT, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_load_replaces_what_its_name_had),
        TEST(what_another_vocabulary_holds_is_rejected),
        TEST(a_long_code_is_cut_between_letters),
        TEST(labels_in_another_language_leave_the_concepts_alone),
        TEST(a_dry_run_counts_and_writes_nothing),
        TEST(a_name_without_version_is_refused),
        TEST(the_programs_own_file_comes_once_and_gives_way_to_an_admins),
        TEST(any_text_and_any_lists_come_back),
        TEST(fourteen_thousand_concepts_are_loaded_once),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
