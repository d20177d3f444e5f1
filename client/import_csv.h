#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/import_report.h"

/* CSV as of RFC 4180, strictly: UTF-8 (a byte order mark is passed over), fields divided by commas, or by semicolons where the
 * first line has no comma. */

struct import_input;

/* One row; the cells are borrowed for the call. */
struct import_row {
    const char *path;
    size_t line; /* where it starts, from 1 */
    const char *const *cells;
    size_t cell_count; /* of every row as many as of the header */
};

/* False: stop reading, which is no fault. */
typedef bool import_row_fn(void *context, const struct import_row *row);

/* The first row goes to `header`, the others to `row`. A row with another number of cells than the header, or that is not UTF-8, is a
 * fault and is passed over; a quote out of place is one that ends it. True: no fault was found. */
bool import_csv_read_input(struct import_input *input, struct import_report *report, import_row_fn *header,
                           import_row_fn *row, void *context);
/* The same of a file that is opened and closed. */
bool import_csv_read(const char *path, struct import_report *report, import_row_fn *header,
                     import_row_fn *row, void *context);
