#pragma once

#include <stddef.h>

#include "match/index.h"
#include "match/query.h"

struct arena;

/* Reads a case: a registry, a question and what is expected, as a mobility officer would write them; tests/cases/README.md
 * says how. */

struct case_expectation {
    int line;
    char *text; /* the line, trimmed */
};

struct match_case {
    struct arena *arena;
    struct match_builder *builder;
    struct vocabulary *vocabulary;
    pb_need need;
    Partner__V1__Weights weights;
    struct match_question question;
    struct case_expectation *expected;
    size_t expected_count;
};

/* Stops the test with a message where the file can't be read. */
void case_read(struct match_case *to, const char *path);
void case_fini(struct match_case *to);
