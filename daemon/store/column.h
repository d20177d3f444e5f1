#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

struct arena;
struct text_buffer;

/* Records as rows: each kind's table with its columns, and one codec for them all that goes by the messages' descriptors.
 * A value has PostgreSQL's binary form, as parameters, results and COPY BINARY carry it.
 *
 * A path is a field's name, or two or three with dots. A repeated field is an array; a field of a repeated message is one of
 * several arrays of the same length, an element NULL where a part of that message is not there. A field of a part that
 * is not there is NULL; a part of which all columns are NULL is not there. A date is a text field, "" as NULL. */

enum column_type {
    COLUMN_TEXT,
    COLUMN_BOOL,
    COLUMN_INT2,
    COLUMN_INT4,
    COLUMN_INT8,
    COLUMN_FLOAT8,
    COLUMN_DATE,
    COLUMN_TYPE_COUNT
};

struct column {
    const char *name, *path;
    enum column_type type; /* of the elements of an array */
    /* A later array of a repeated message's, mostly of values that say nothing: a load leaves it out where all are. */
    bool is_sparse;
};

struct record_table {
    enum record_kind kind;
    const char *name;
    const struct column *columns; /* the first is the id */
    size_t column_count;
};

/* Of every kind but RECORD_NONE. */
const struct record_table *record_table_of(enum record_kind kind);

enum { COLUMN_COUNT_MOST = 64 };

/* A value's bytes; borrowed from the message or in the arena. */
struct column_value {
    const void *bytes;
    int32_t size; /* -1: NULL */
};

/* The tables' columns, resolved against the descriptors. Immutable; any thread. */
struct column_codec;
struct column_codec *column_codec_new(void);
void column_codec_free(struct column_codec *codec);

/* PostgreSQL's number of the column's type, for parameters. */
uint32_t column_codec_oid(const struct column_codec *codec, enum record_kind kind, size_t column);

/* Writes column_count values. Validated records fit; a number beyond its column's range is cut to it. */
void column_encode(const struct column_codec *codec, struct arena *arena, const struct record *record,
                   struct column_value *values);
/* The record of column_count values, new in the arena; false: they are not of the columns' types and shapes. Texts and
 * numbers are copied. */
bool column_decode(const struct column_codec *codec, struct arena *arena, enum record_kind kind,
                   const struct column_value *values, struct record *ret_record);
