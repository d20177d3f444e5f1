#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "store/vocabulary.h"

struct arena;
struct transaction;

/* What a load does to the tables: who is new, changed, gone or rejected, and the rows that come of it. */
struct vocabulary_rows {
    struct arena *arena;
    const struct store_vocabulary *request;
    const char *name, *version, *language;
    struct store_vocabulary_result result; /* its revision aside */
    const char **reasons;
    /* Of the request's concepts: whose links and whose words are written. */
    size_t *concepts, *words;
    size_t concept_count, word_count;
    const char **deleted;
    size_t deleted_count;
};

/* False: the request's vocabulary is not of the form "NAME VERSION". */
bool vocabulary_rows_init(struct vocabulary_rows *rows, struct arena *arena,
                          const struct store_vocabulary *request);

/* Adds the two statements whose results vocabulary_rows_judge reads. */
void vocabulary_rows_ask(const struct vocabulary_rows *rows, struct transaction *transaction);
void vocabulary_rows_judge(struct vocabulary_rows *rows, const PGresult *stored, const PGresult *words);
bool vocabulary_rows_change_something(const struct vocabulary_rows *rows);

/* Adds some of the statements that write the concepts, a bounded number, from *at on (0 at first), and moves it on. False:
 * those were the last. *ret_count is how many statements were added. */
bool vocabulary_rows_send(const struct vocabulary_rows *rows, struct transaction *transaction, size_t *at,
                          size_t *ret_count);
