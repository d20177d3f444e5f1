#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "store/column.h"
#include "vocab/vocabulary.h"

struct arena;

/* A statement's parameters, all in binary form; bytes are borrowed or in the arena, until the statement has been sent. */
struct parameters {
    struct arena *arena;
    int count;
    const char *values[COLUMN_COUNT_MOST];
    int lengths[COLUMN_COUNT_MOST];
};

void parameters_text(struct parameters *parameters, const char *text);
void parameters_bytes(struct parameters *parameters, const void *bytes, size_t size); /* bytes NULL: NULL */
void parameters_bool(struct parameters *parameters, bool value);
void parameters_int2(struct parameters *parameters, int16_t number);
void parameters_int4(struct parameters *parameters, int32_t number);
void parameters_int8(struct parameters *parameters, int64_t number);
void parameters_value(struct parameters *parameters, struct column_value value);

/* text[] */
void parameters_texts(struct parameters *parameters, const char *const *texts, size_t count);
/* bytea[]; size -1: NULL */
void parameters_blobs(struct parameters *parameters, const struct column_value *blobs, size_t count);
/* smallint[], bigint[] */
void parameters_int2s(struct parameters *parameters, const int16_t *numbers, size_t count);
void parameters_int8s(struct parameters *parameters, const int64_t *numbers, size_t count);

/* What a result holds, of the column types named; never of a NULL, but for result_blob. */
int64_t result_int8(const PGresult *result, int row, int column);
int32_t result_int4(const PGresult *result, int row, int column);
int16_t result_int2(const PGresult *result, int row, int column);
/* A copy in the arena. */
char *result_text(struct arena *arena, const PGresult *result, int row, int column);
struct column_value result_blob(const PGresult *result, int row, int column); /* borrowed of the result */
bool result_is_true(const PGresult *result, int row, int column);
/* A timestamptz as microseconds since 1970-01-01 UTC. */
int64_t result_time_us(const PGresult *result, int row, int column);
/* A text[], copied to the arena; empty where it isn't one. */
struct text_list result_texts(struct arena *arena, const PGresult *result, int row, int column);
