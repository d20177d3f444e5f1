#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct arena;

/* Where the changes of a push stood in their files, so that rejected ones can be found and written out: 4 bytes a change. */

enum { PUSH_LINES_BAD_MOST = 10000 };

struct push_file {
    const char *path;
    size_t first; /* change */
};

struct push_lines {
    uint32_t *lines; /* from 1; with the highest bit set: rejected */
    size_t change_count, capacity;
    struct push_file *files;
    size_t file_count;
    uint32_t bad_lines[PUSH_LINES_BAD_MOST]; /* that could not be read; 0: a file as a whole */
    size_t bad_files[PUSH_LINES_BAD_MOST];
    uint64_t bad_count;
};

void push_lines_init(struct push_lines *lines);
void push_lines_fini(struct push_lines *lines);
void push_lines_clear(struct push_lines *lines);

/* The path is borrowed. */
void push_lines_begin_file(struct push_lines *lines, const char *path);
void push_lines_add(struct push_lines *lines, size_t line);
void push_lines_add_bad(struct push_lines *lines, size_t line);

/* 0: there is no such change. */
size_t push_lines_find(const struct push_lines *lines, uint64_t index, const char **ret_path);
void push_lines_mark(struct push_lines *lines, uint64_t index);
/* Writes the lines that were marked and those that could not be read, of a CSV file after its header, to a new file. */
struct status push_lines_write(const struct push_lines *lines, struct arena *arena, const char *path,
                               size_t *ret_written);
