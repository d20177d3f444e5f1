#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "match/support_case.h"

/* Runs every file of tests/cases: the answer, written out as expectations are, must be theirs line by line. */

typedef Partner__V1__FindHostsResponse find_response;

/* The criteria named in a case are told; the others are left out. */
static bool is_named(const struct match_case *from, const char *name)
{
    for (size_t i = 0; i < from->expected_count; i++) {
        const char *text = from->expected[i].text;
        if (strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == ':')
            return true;
    }
    return false;
}

static void write_match(const struct match_case *from, struct text_buffer *out, size_t number,
                        const Partner__V1__Match *match)
{
    text_buffer_format(out, "%zu. %s%s%s scores %.3f\n", number, match->organisation_id,
                       *match->offer_id ? " with " : "", match->offer_id, match->score);
    for (size_t i = 0; i < match->n_criteria; i++)
        if (is_named(from, match->criteria[i]->name))
            text_buffer_format(out, "%s: %s\n", match->criteria[i]->name, match->criteria[i]->reason);
    if (is_named(from, "free places"))
        text_buffer_format(out, "free places: %u\n", match->free_places);
}

static void write_answer(const struct match_case *from, const find_response *response,
                         struct text_buffer *out)
{
    for (size_t i = 0; i < response->n_matches; i++)
        write_match(from, out, i + 1, response->matches[i]);
    for (size_t i = 0; i < response->n_relaxations; i++)
        text_buffer_format(out, "without %s: %llu instead of %llu\n", response->relaxations[i]->filter,
                           (unsigned long long)response->relaxations[i]->eligible,
                           (unsigned long long)response->eligible);
    for (size_t i = 0; i < response->n_interpretations; i++)
        text_buffer_format(out, "\"%s\" is read as %s\n", response->interpretations[i]->text,
                           response->interpretations[i]->confidence >= 0.5
                               ? response->interpretations[i]->label
                               : "nothing");
}

static void run_case(const char *path)
{
    struct match_case from;
    case_read(&from, path);
    struct match_index *index = match_builder_publish(from.builder);
    find_response response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    assert_true(status_ok(match_find_hosts(index, from.arena, &from.question, &response)));
    struct text_buffer expected = {0}, answer = {0};
    for (size_t i = 0; i < from.expected_count; i++)
        text_buffer_format(&expected, "%s\n", from.expected[i].text);
    write_answer(&from, &response, &answer);
    if (strcmp(answer.bytes ? answer.bytes : "", expected.bytes ? expected.bytes : "") != 0) {
        print_error("%s: expected\n%sbut the answer is\n%s", path, expected.bytes, answer.bytes);
        fail();
    }
    text_buffer_fini(&expected);
    text_buffer_fini(&answer);
    match_index_release(index);
    case_fini(&from);
}

static void every_case_is_answered_as_written(void **)
{
    glob_t files;
    assert_int_equal(glob(SOURCE_DIR "/tests/cases/*.case", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        run_case(files.gl_pathv[i]);
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_is_answered_as_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
