#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct arena;

/* How a CSV file with columns of its own becomes one with the columns that import_records.h reads. A line each:
 *
 *     organisation.id = {registry}/{code}
 *     organisation.identifiers.scheme = pic|{oid?oid}
 *     organisation.identifiers.value = {pic}|{oid}
 *
 * {column} is the cell of that column, {column?text} the text where that cell is not empty; empty items at a list's end are left
 * out. In an id what may not stand in one becomes "-". "#" begins a comment. {registry} is the one that is pushed to, unless there is a column
 * of that name. */
struct import_mapping;

/* The text is borrowed. INVALID_ARGUMENT with the line. */
struct status import_mapping_parse(struct arena *arena, const char *text, const char *registry,
                                   const struct import_mapping **ret_mapping);
/* Those the program knows: "eche", the list of holders of the Erasmus charter for higher education. NULL: no such format. */
const char *import_mapping_known(const char *format);

size_t import_mapping_count(const struct import_mapping *mapping);
const char *import_mapping_field(const struct import_mapping *mapping, size_t index);
/* Finds the columns that are used; NULL, or the name of one that the header doesn't have. */
const char *import_mapping_bind(const struct import_mapping *mapping, struct arena *arena,
                                const char *const *header, size_t count, const size_t **ret_columns);
/* The cell of a field, in the arena. */
const char *import_mapping_cell(const struct import_mapping *mapping, struct arena *arena, size_t index,
                                const size_t *columns, const char *const *cells);
