#include "client/import_csv.h"

#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/import_input.h"

enum { CHUNK_BYTES = 1 << 16, CELL_BLOCK_BYTES = 4096 };

struct csv {
    const char *path;
    struct import_report *report;
    import_row_fn *header, *row;
    void *context;
    size_t line, row_line; /* of the parser, of the row's start */
    /* The row so far: its text, and where each cell starts in it. */
    struct text_buffer text;
    size_t *starts, cell_count, cell_capacity;
    const char **cells;
    size_t bad_cell; /* 1 + the first one that is not UTF-8 */
    char **names;    /* the header's cells; NULL: not seen yet */
    size_t name_count;
    bool stopped;
};

static void csv_add_cell(void *bytes, size_t size, void *context)
{
    struct csv *csv = context;
    if (csv->cell_count == csv->cell_capacity) {
        csv->cell_capacity = csv->cell_capacity ? csv->cell_capacity * 2 : 32;
        csv->starts = heap_realloc(csv->starts, csv->cell_capacity * sizeof *csv->starts);
        csv->cells = heap_realloc(csv->cells, csv->cell_capacity * sizeof *csv->cells);
    }
    if (!csv->bad_cell && !text_is_utf8(bytes, size))
        csv->bad_cell = csv->cell_count + 1;
    csv->starts[csv->cell_count++] = csv->text.size;
    text_buffer_append(&csv->text, bytes, size);
    text_buffer_append(&csv->text, "", 1);
    for (const char *at = bytes; (at = memchr(at, '\n', size - (size_t)(at - (const char *)bytes))); at++)
        csv->line++;
}

static bool csv_row_is_good(struct csv *csv)
{
    if (csv->bad_cell) {
        const char *name = csv->bad_cell <= csv->name_count ? csv->names[csv->bad_cell - 1] : NULL;
        import_report_fault(csv->report, csv->path, csv->row_line, name, "is not UTF-8");
        return false;
    }
    if (csv->names && csv->cell_count != csv->name_count) {
        import_report_fault(csv->report, csv->path, csv->row_line, NULL, "has %zu cells, the header %zu",
                            csv->cell_count, csv->name_count);
        return false;
    }
    return true;
}

static void csv_keep_names(struct csv *csv)
{
    csv->names = heap_alloc((csv->cell_count + 1) * sizeof *csv->names);
    csv->name_count = csv->cell_count;
    for (size_t i = 0; i < csv->cell_count; i++)
        csv->names[i] = heap_strdup(csv->cells[i]);
}

static void csv_give_row(struct csv *csv)
{
    for (size_t i = 0; i < csv->cell_count; i++)
        csv->cells[i] = csv->text.bytes + csv->starts[i];
    bool is_header = !csv->names;
    if (!csv_row_is_good(csv)) {
        csv->stopped = is_header;
        return;
    }
    if (is_header)
        csv_keep_names(csv);
    const struct import_row row = {csv->path, csv->row_line, csv->cells, csv->cell_count};
    csv->stopped = !(is_header ? csv->header : csv->row)(csv->context, &row);
}

/* Called for every unquoted line end: '\r' and '\n' each, -1 at the end of the file. */
static void csv_end_row(int end, void *context)
{
    struct csv *csv = context;
    if (csv->cell_count && !csv->stopped)
        csv_give_row(csv);
    csv->line += end == '\n';
    csv->row_line = csv->line;
    csv->cell_count = csv->bad_cell = 0;
    text_buffer_clear(&csv->text);
}

static void csv_choose_delimiter(struct csv_parser *parser, const char *bytes, size_t size)
{
    const char *end = memchr(bytes, '\n', size);
    size_t line_bytes = end ? (size_t)(end - bytes) : size;
    if (!memchr(bytes, ',', line_bytes) && memchr(bytes, ';', line_bytes))
        csv_set_delim(parser, ';');
}

static void csv_parse_input(struct csv *csv, struct import_input *input, struct csv_parser *parser)
{
    static const char mark[] = "\xef\xbb\xbf";
    char *chunk = heap_alloc(CHUNK_BYTES);
    bool is_first = true;
    for (size_t size; !csv->stopped && (size = import_input_read(input, chunk, CHUNK_BYTES)) > 0;) {
        const char *bytes = chunk;
        if (is_first && size >= 3 && memcmp(bytes, mark, 3) == 0)
            bytes += 3, size -= 3;
        if (is_first)
            csv_choose_delimiter(parser, bytes, size);
        is_first = false;
        if (csv_parse(parser, bytes, size, csv_add_cell, csv_end_row, csv) != size)
            break;
    }
    if (!csv->stopped && !import_input_failed(input) && csv_error(parser) == CSV_SUCCESS)
        csv_fini(parser, csv_add_cell, csv_end_row, csv);
    free(chunk);
}

static void csv_release(struct csv *csv)
{
    for (size_t i = 0; i < csv->name_count; i++)
        free(csv->names[i]);
    free(csv->names);
    free(csv->starts);
    free(csv->cells);
    text_buffer_fini(&csv->text);
}

bool import_csv_read_input(struct import_input *input, struct import_report *report, import_row_fn *header,
                           import_row_fn *row, void *context)
{
    struct csv csv = {.path = import_input_path(input),
                      .report = report,
                      .header = header,
                      .row = row,
                      .context = context,
                      .line = 1,
                      .row_line = 1};
    size_t faults_before = report->fault_count;
    struct csv_parser parser;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_REPALL_NL);
    csv_set_blk_size(&parser, CELL_BLOCK_BYTES);
    csv_parse_input(&csv, input, &parser);
    if (csv_error(&parser) != CSV_SUCCESS)
        import_report_fault(report, csv.path, csv.row_line, NULL, "has a quote out of place");
    else if (!csv.names && !import_input_failed(input) && report->fault_count == faults_before)
        import_report_fault(report, csv.path, 0, NULL, "is empty");
    csv_free(&parser);
    csv_release(&csv);
    return report->fault_count == faults_before;
}

bool import_csv_read(const char *path, struct import_report *report, import_row_fn *header,
                     import_row_fn *row, void *context)
{
    struct import_input *input = import_input_open(path, report);
    if (!input)
        return false;
    bool good = import_csv_read_input(input, report, header, row, context);
    import_input_close(input);
    return good;
}
