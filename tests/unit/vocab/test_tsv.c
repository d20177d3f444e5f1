#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "vocab/tsv.h"

#define HEADER "code\tlabel\tother_labels\tdescription\tbroader\trelated\treuse\tsectors\n"

/* Writes down what comes, one line a concept. */
static void note(void *context, const struct concept_source *concept)
{
    char *out = context;
    out += strlen(out);
    out += sprintf(out, "%d %s %s/%s/%s;", (int)concept->scheme, concept->vocabulary, concept->code,
                   concept->words->label, concept->words->description);
    const struct text_list lists[] = {concept->words->other_labels, concept->broader, concept->related,
                                      concept->sectors};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < lists[i].count; j++)
            out += sprintf(out, "%s,", lists[i].items[j]);
        out += sprintf(out, ";");
    }
    sprintf(out, "%s %s\n", concept->reuse, concept->words->language);
}

static struct status read_text(struct arena *arena, const char *text, size_t size, char notes[2000])
{
    notes[0] = '\0';
    struct tsv_options options = {.scheme = SCHEME_SECTOR, .vocabulary = "V 1", .language = "en"};
    return tsv_read(arena, text, size, &options, note, notes);
}

static void assert_notes(const char *text, const char *expected)
{
    struct arena *arena = arena_new(0);
    char notes[2000];
    assert_true(status_ok(read_text(arena, text, strlen(text), notes)));
    assert_string_equal(notes, expected);
    arena_free(arena);
}

static void assert_refused(const char *text, size_t size, const char *part)
{
    struct arena *arena = arena_new(0);
    char notes[2000];
    struct status status = read_text(arena, text, size, notes);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, part));
    arena_free(arena);
}

static void each_line_is_a_concept(void **)
{
    assert_notes(HEADER "07\teng\t\t\t\t\t\t\n071\tmech\ta|b\tdesc\t07\tx|y\ttransversal\t01|02\n",
                 "1 V 1 07/eng/;;;;; en\n1 V 1 071/mech/desc;a,b,;07,;x,y,;01,02,;transversal en\n");
}

static void cells_at_the_end_may_be_missing_and_lines_end_either_way(void **)
{
    assert_notes(HEADER "07\teng\r\n\n08\tagri\tfarm",
                 "1 V 1 07/eng/;;;;; en\n1 V 1 08/agri/;farm,;;;; en\n");
}

static void columns_may_stand_in_any_order(void **)
{
    assert_notes("label\tunknown\tcode\neng\tzzz\t07\n", "1 V 1 07/eng/;;;;; en\n");
}

static void what_is_no_such_file_is_refused(void **)
{
    assert_refused("", 0, "first line");
    assert_refused("code\tname\n", 10, "first line");
    assert_refused(HEADER "07\n", sizeof HEADER - 1 + 3, "line 2");
    assert_refused(HEADER "07\tx\n\ty\n", sizeof HEADER - 1 + 8, "line 3");
    assert_refused(HEADER "07\tx\xff\n", sizeof HEADER - 1 + 6, "UTF-8");
    assert_refused(HEADER "07\tx\0\n", sizeof HEADER - 1 + 6, "UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_concept),
        cmocka_unit_test(cells_at_the_end_may_be_missing_and_lines_end_either_way),
        cmocka_unit_test(columns_may_stand_in_any_order),
        cmocka_unit_test(what_is_no_such_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
