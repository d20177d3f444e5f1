#pragma once

#include "model/record.h"
#include "store/pipeline.h"

/* Statements made from the tables of columns. Immutable; any thread. */
struct record_sql {
    /* Writes one row; its parameters are the table's columns. */
    struct statement upsert[RECORD_KIND_COUNT];
    /* Gives all rows: the table's columns, a sparse one NULL where all its elements say nothing. */
    char *copy[RECORD_KIND_COUNT];
};

struct record_sql *record_sql_new(void);
void record_sql_free(struct record_sql *sql);
