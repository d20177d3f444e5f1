#include "client/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/field_path.h"
#include "client/flags.h"
#include "client/settings.h"
#include "client/table.h"
#include "rpc/json.h"

#define LEAST_WIDTH 40

static unsigned terminal_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    unsigned long long number;
    if (columns && text_to_u64(columns, 1000, &number) && number >= LEAST_WIDTH)
        return (unsigned)number;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col < LEAST_WIDTH ? LEAST_WIDTH : size.ws_col;
    return 80;
}

static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static enum output_format format_of(const char *word)
{
    return text_equal(word, "json")    ? OUTPUT_JSON
           : text_equal(word, "jsonl") ? OUTPUT_JSONL
           : text_equal(word, "csv")   ? OUTPUT_CSV
                                       : OUTPUT_TABLE;
}

void output_init(struct output *output, struct arena *arena, const struct flags *flags,
                 const struct settings *settings)
{
    const char *form = settings->of[SETTING_OUTPUT].value;
    const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    *output = (struct output){
        .arena = arena,
        .chosen = form != NULL,
        .format = form ? format_of(form) : OUTPUT_TABLE,
        .terminal = isatty(STDOUT_FILENO),
        .error_terminal = isatty(STDERR_FILENO),
        .headers = !flags_has(flags, "no-headers"),
        .utf8 = locale_is_utf8(),
    };
    output->colour = output->terminal && !(no_colour && *no_colour) && !flags_has(flags, "no-color") &&
                     terminal && !text_equal(terminal, "dumb");
    output->width = output->terminal ? terminal_width() : 0;
    output->field_count = flags_list(flags, arena, "fields", &output->fields);
}

enum output_format output_format(const struct output *output, bool many)
{
    if (output->chosen)
        return output->format;
    if (output->terminal)
        return OUTPUT_TABLE;
    return many ? OUTPUT_JSONL : OUTPUT_JSON;
}

bool output_wants_table(const struct output *output, bool many)
{
    return output_format(output, many) == OUTPUT_TABLE && !output->field_count;
}

void output_text(const struct output *output, const struct text_buffer *text)
{
    (void)output;
    if (text->size)
        fwrite(text->bytes, 1, text->size, stdout);
}

void output_table(const struct output *output, const struct table *table)
{
    struct text_buffer text = {0};
    table_write(
        table, &text,
        &(struct table_look){.width = output->width, .headers = output->headers, .colour = output->colour});
    output_text(output, &text);
    text_buffer_fini(&text);
}

void output_line(const struct output *output, const char *format, ...)
{
    struct text_buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    table_wrap(&text, arena_vformat(output->arena, format, arguments), 0, output->width);
    va_end(arguments);
    output_text(output, &text);
    text_buffer_fini(&text);
}

/* ---- rows by field paths ---- */

struct paths {
    const struct field_path **of;
    const char *const *names;
    size_t count;
};

static struct status parse_paths(const struct output *output, const ProtobufCMessageDescriptor *descriptor,
                                 const char *const *columns, struct paths *ret_paths)
{
    struct paths paths = {.names = output->field_count ? (const char *const *)output->fields : columns};
    while (paths.names[paths.count] && (!output->field_count || paths.count < output->field_count))
        paths.count++;
    paths.of = arena_array(output->arena, paths.count + 1, sizeof *paths.of);
    for (size_t i = 0; i < paths.count; i++) {
        struct status status = field_path_parse(output->arena, descriptor, paths.names[i], &paths.of[i]);
        if (!status_ok(status))
            return status;
    }
    *ret_paths = paths;
    return STATUS_NONE;
}

/* RFC 4180. A cell that a spreadsheet would take for a formula is not changed: the file says what the record says. */
static void add_csv_cell(struct text_buffer *out, const char *cell)
{
    if (!strpbrk(cell, "\",\r\n")) {
        text_buffer_add(out, cell);
        return;
    }
    text_buffer_add(out, "\"");
    for (; *cell; cell++)
        text_buffer_append(out, *cell == '"' ? "\"\"" : cell, *cell == '"' ? 2 : 1);
    text_buffer_add(out, "\"");
}

void output_csv_row(const struct output *output, const char *const *cells, size_t count)
{
    struct text_buffer out = {0};
    for (size_t i = 0; i < count; i++) {
        text_buffer_add(&out, i ? "," : "");
        add_csv_cell(&out, cells[i]);
    }
    text_buffer_add(&out, "\r\n");
    output_text(output, &out);
    text_buffer_fini(&out);
}

static void write_csv(const struct output *output, const struct output_list *list, const struct paths *paths)
{
    struct text_buffer out = {0}, cell = {0};
    for (size_t i = 0; output->headers && i < paths->count; i++) {
        text_buffer_add(&out, i ? "," : "");
        add_csv_cell(&out, paths->names[i]);
    }
    text_buffer_add(&out, output->headers ? "\r\n" : "");
    for (size_t row = 0; row < list->row_count; row++) {
        for (size_t i = 0; i < paths->count; i++) {
            text_buffer_clear(&cell);
            field_path_text(&cell, paths->of[i], list->rows[row]);
            text_buffer_add(&out, i ? "," : "");
            add_csv_cell(&out, cell.bytes ? cell.bytes : "");
        }
        text_buffer_add(&out, "\r\n");
    }
    output_text(output, &out);
    text_buffer_fini(&out);
    text_buffer_fini(&cell);
}

static void write_field_table(const struct output *output, const struct output_list *list,
                              const struct paths *paths)
{
    struct table_column *columns = arena_array(output->arena, paths->count + 1, sizeof *columns);
    const char **cells = arena_array(output->arena, paths->count + 1, sizeof *cells);
    struct text_buffer cell = {0};
    for (size_t i = 0; i < paths->count; i++)
        columns[i] = (struct table_column){.title = paths->names[i], .least = 8};
    struct table *table = table_new(output->arena, columns, paths->count);
    for (size_t row = 0; row < list->row_count; row++) {
        for (size_t i = 0; i < paths->count; i++) {
            text_buffer_clear(&cell);
            field_path_text(&cell, paths->of[i], list->rows[row]);
            cells[i] = arena_strdup(output->arena, cell.bytes ? cell.bytes : "");
        }
        table_add(table, cells);
    }
    text_buffer_fini(&cell);
    output_table(output, table);
}

static void add_json_row(const struct output *output, struct text_buffer *out, const ProtobufCMessage *row,
                         const struct paths *paths)
{
    if (!output->field_count) {
        json_from_message(out, row, 0);
        return;
    }
    text_buffer_add(out, "{");
    for (size_t i = 0; i < paths->count; i++) {
        text_buffer_add(out, i ? "," : "");
        text_buffer_add_json(out, paths->names[i], 0);
        text_buffer_add(out, ":");
        field_path_json(out, paths->of[i], row);
    }
    text_buffer_add(out, "}");
}

static void write_json(const struct output *output, const struct output_list *list, const struct paths *paths,
                       bool lines)
{
    struct text_buffer out = {0};
    if (!lines && !output->field_count && list->whole) {
        json_from_message(&out, list->whole, 2);
        text_buffer_add(&out, "\n");
    } else {
        text_buffer_add(&out, lines || !list->whole ? "" : "[");
        for (size_t row = 0; row < list->row_count; row++) {
            text_buffer_add(&out, row && !lines ? ",\n" : "");
            add_json_row(output, &out, list->rows[row], paths);
            text_buffer_add(&out, lines ? "\n" : "");
        }
        text_buffer_add(&out, lines ? "" : list->whole ? "]\n" : "\n");
    }
    output_text(output, &out);
    text_buffer_fini(&out);
}

static struct status write_list(const struct output *output, const struct output_list *list,
                                enum output_format format)
{
    struct paths paths;
    struct status status = parse_paths(output, list->row, list->columns, &paths);
    if (!status_ok(status))
        return status;
    switch (format) {
    case OUTPUT_TABLE:
        write_field_table(output, list, &paths);
        break;
    case OUTPUT_CSV:
        write_csv(output, list, &paths);
        break;
    case OUTPUT_JSON:
    case OUTPUT_JSONL:
        write_json(output, list, &paths, format == OUTPUT_JSONL);
        break;
    }
    return STATUS_NONE;
}

struct status output_list(const struct output *output, const struct output_list *list)
{
    return write_list(output, list, output_format(output, true));
}

struct status output_one(const struct output *output, const ProtobufCMessage *message,
                         const char *const *columns)
{
    struct output_list list = {
        .rows = &message, .row_count = 1, .row = message->descriptor, .columns = columns};
    enum output_format format = output_format(output, false);
    if (format == OUTPUT_JSON && !output->field_count)
        list.whole = message;
    return write_list(output, &list, format);
}

bool output_end(void)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || errno == EPIPE)
        return true;
    fprintf(stderr, "error: the output could not be written: %s\n", strerror(errno));
    return false;
}
