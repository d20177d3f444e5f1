#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct arena;
struct flags;
struct settings;
struct table;
struct text_buffer;

/* Answers on standard output, in the form that was asked for. */

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_CSV };

struct output {
    struct arena *arena;
    bool chosen;               /* a form was asked for */
    enum output_format format; /* that one */
    bool terminal;             /* standard output is one */
    bool error_terminal;       /* standard error is one */
    bool colour;
    bool headers;
    bool utf8;           /* the terminal's locale */
    unsigned width;      /* of the terminal; 0: none */
    const char **fields; /* of --fields */
    size_t field_count;
};

void output_init(struct output *output, struct arena *arena, const struct flags *flags,
                 const struct settings *settings);

/* The form of an answer that is one thing or many: what was asked for, a table on a terminal, else json or jsonl. */
enum output_format output_format(const struct output *output, bool many);

/* An answer that is a list: the whole for json, its rows for jsonl and csv. */
struct output_list {
    const ProtobufCMessage *whole;
    const ProtobufCMessage *const *rows;
    size_t row_count;
    const ProtobufCMessageDescriptor *row; /* of each row */
    const char *const *columns;            /* paths for csv; ends with NULL */
};

/* Whether a table is wanted and it is the command's own (no --fields). */
bool output_wants_table(const struct output *output, bool many);
/* Writes the list in any other form. INVALID_ARGUMENT: a field of --fields that is not there. */
struct status output_list(const struct output *output, const struct output_list *list);
/* The same of one message. */
struct status output_one(const struct output *output, const ProtobufCMessage *message,
                         const char *const *columns);

void output_table(const struct output *output, const struct table *table);
void output_csv_row(const struct output *output, const char *const *cells, size_t count);
void output_text(const struct output *output, const struct text_buffer *text);
/* A line for people: cut nowhere, broken between words. */
[[gnu::format(printf, 2, 3)]] void output_line(const struct output *output, const char *format, ...);

/* Flushes; false with a message where the output could not be written. A reader that went away is no failure. */
bool output_end(void);
