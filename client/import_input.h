#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/import_report.h"

/* A file's bytes, plain or gzip; "-" is standard input. */
struct import_input;

/* NULL: a fault was reported. The path is borrowed until it is closed. */
struct import_input *import_input_open(const char *path, struct import_report *report);
/* Up to `size` bytes; 0: the end, or a fault that was reported and that import_input_failed tells. */
size_t import_input_read(struct import_input *input, void *bytes, size_t size);
/* The first character that is neither blank nor a byte order mark, which stays to be read; ' ': none near, 0: no bytes at all.
 * Before the first read. */
char import_input_peek(struct import_input *input);
const char *import_input_path(const struct import_input *input);
bool import_input_failed(const struct import_input *input);
void import_input_close(struct import_input *input);
