#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct text_buffer;

/* A table for a terminal: columns as wide as needed, the loose ones narrowed where the terminal is too narrow, and under a row, where
 * wanted, a note over the whole width. Pure; widths in columns of a terminal. */
struct table;

struct table_column {
    const char *title;
    bool right;     /* numbers */
    unsigned least; /* 0: never narrowed; else not below this */
    bool wrap;      /* of the last column: what is too long goes on in the next line, and is not cut */
};

struct table *table_new(struct arena *arena, const struct table_column *columns, size_t column_count);
/* One text a column, borrowed until it is written; control characters are shown as blanks. */
void table_add(struct table *table, const char *const *cells);
/* A note under the last row, broken between words. */
void table_note(struct table *table, const char *note);

struct table_look {
    unsigned width; /* 0: unlimited */
    bool headers;
    bool colour;
};

void table_write(const struct table *table, struct text_buffer *out, const struct table_look *look);

/* Appends `text` broken between words so that no line is wider than `width` (0: not broken), each line after `indent`
 * blanks, and a newline. */
void table_wrap(struct text_buffer *out, const char *text, unsigned indent, unsigned width);
