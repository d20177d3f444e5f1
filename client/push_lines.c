#include "client/push_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "client/import_input.h"

#define REJECTED 0x80000000u

enum { CHUNK_BYTES = 1 << 16 };

void push_lines_init(struct push_lines *lines)
{
    memset(lines, 0, sizeof *lines);
}

void push_lines_fini(struct push_lines *lines)
{
    free(lines->lines);
    free(lines->files);
}

void push_lines_clear(struct push_lines *lines)
{
    lines->change_count = lines->file_count = 0;
    lines->bad_count = 0;
}

void push_lines_begin_file(struct push_lines *lines, const char *path)
{
    lines->files = heap_realloc(lines->files, (lines->file_count + 1) * sizeof *lines->files);
    lines->files[lines->file_count++] = (struct push_file){path, lines->change_count};
}

void push_lines_add(struct push_lines *lines, size_t line)
{
    if (lines->change_count == lines->capacity) {
        lines->capacity = lines->capacity ? lines->capacity * 2 : 1024;
        lines->lines = heap_realloc(lines->lines, lines->capacity * sizeof *lines->lines);
    }
    lines->lines[lines->change_count++] = (uint32_t)line & ~REJECTED;
}

void push_lines_add_bad(struct push_lines *lines, size_t line)
{
    if (lines->bad_count < PUSH_LINES_BAD_MOST) {
        lines->bad_lines[lines->bad_count] = (uint32_t)line;
        lines->bad_files[lines->bad_count] = lines->file_count - 1;
    }
    lines->bad_count++;
}

static size_t file_of(const struct push_lines *lines, size_t index)
{
    size_t file = lines->file_count;
    while (file > 1 && lines->files[file - 1].first > index)
        file--;
    return file - 1;
}

size_t push_lines_find(const struct push_lines *lines, uint64_t index, const char **ret_path)
{
    if (index >= lines->change_count)
        return 0;
    *ret_path = lines->files[file_of(lines, (size_t)index)].path;
    return lines->lines[index] & ~REJECTED;
}

void push_lines_mark(struct push_lines *lines, uint64_t index)
{
    if (index < lines->change_count)
        lines->lines[index] |= REJECTED;
}

/* ---- writing ---- */

/* One file read once more: which of its lines are wanted is known from the changes, in their order. */
struct copying {
    const struct push_lines *lines;
    FILE *out;
    size_t file, at, end; /* the next change of this file */
    size_t bad;           /* the next bad line */
    bool is_wanted;       /* the line at hand */
    bool is_csv;
    size_t written;
};

/* A record reaches to the next one, be that good, rejected or bad. */
static void begin_line(struct copying *copying, size_t line)
{
    const struct push_lines *lines = copying->lines;
    bool begins = false, is_wanted = false;
    for (; copying->at < copying->end && (lines->lines[copying->at] & ~REJECTED) == line; copying->at++) {
        begins = true;
        is_wanted |= (lines->lines[copying->at] & REJECTED) != 0;
    }
    size_t bad_count =
        lines->bad_count < PUSH_LINES_BAD_MOST ? (size_t)lines->bad_count : PUSH_LINES_BAD_MOST;
    for (; copying->bad < bad_count && lines->bad_files[copying->bad] == copying->file &&
           lines->bad_lines[copying->bad] <= line;
         copying->bad++)
        if (lines->bad_lines[copying->bad] == line)
            begins = is_wanted = true;
    if (begins) {
        copying->is_wanted = is_wanted;
        copying->written += is_wanted;
    } else if (line == 1) {
        copying->is_wanted = copying->is_csv;
    } else if (!copying->is_csv) {
        copying->is_wanted = false;
    }
}

static void copy_lines(struct copying *copying, struct import_input *input)
{
    char *chunk = heap_alloc(CHUNK_BYTES);
    size_t line = 0, size;
    bool at_start = true;
    while ((size = import_input_read(input, chunk, CHUNK_BYTES)) > 0) {
        for (const char *at = chunk, *end = chunk + size; at < end;) {
            if (at_start)
                begin_line(copying, ++line);
            const char *newline = memchr(at, '\n', (size_t)(end - at));
            const char *next = newline ? newline + 1 : end;
            if (copying->is_wanted)
                fwrite(at, 1, (size_t)(next - at), copying->out);
            at_start = newline != NULL;
            at = next;
        }
    }
    if (!at_start && copying->is_wanted)
        fputc('\n', copying->out);
    free(chunk);
}

static void pass_over(void *, const struct import_fault *) {}

static bool copy_file(const struct push_lines *lines, size_t file, FILE *out, size_t *written)
{
    struct import_report report = {.fault = pass_over};
    struct import_input *input = import_input_open(lines->files[file].path, &report);
    if (!input)
        return false;
    struct copying copying = {.lines = lines, .out = out, .file = file};
    copying.at = lines->files[file].first;
    copying.end = file + 1 < lines->file_count ? lines->files[file + 1].first : lines->change_count;
    while (copying.bad < lines->bad_count && copying.bad < PUSH_LINES_BAD_MOST &&
           lines->bad_files[copying.bad] < file)
        copying.bad++;
    copying.is_csv = import_input_peek(input) != '{';
    copy_lines(&copying, input);
    import_input_close(input);
    *written += copying.written;
    return true;
}

struct status push_lines_write(const struct push_lines *lines, struct arena *arena, const char *path,
                               size_t *ret_written)
{
    FILE *out = fopen(path, "w");
    *ret_written = 0;
    if (!out)
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "%s", strerror(errno));
    bool is_whole = true;
    for (size_t file = 0; file < lines->file_count; file++)
        is_whole = copy_file(lines, file, out, ret_written) && is_whole;
    bool is_written = !ferror(out);
    is_written = fclose(out) == 0 && is_written;
    if (!is_whole || !is_written)
        return status_make(STATUS_INVALID_ARGUMENT, "it can't be written, or a file can't be read again");
    return STATUS_NONE;
}
