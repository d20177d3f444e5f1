#include "client/import_records.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/import_column.h"
#include "client/import_csv.h"
#include "client/import_input.h"
#include "client/import_mapping.h"
#include "rpc/json.h"

typedef Partner__V1__Change pb_change;
typedef Partner__V1__Record pb_record;

enum { LINE_BYTES_MOST = 4 << 20, CHUNK_BYTES = 1 << 16, KIND_COUNT = 4 };

struct records_import {
    struct import_report *report;
    struct import_sink *sink;
    bool stopped;
    /* CSV alone */
    struct arena *arena; /* what lives as long as the file */
    struct record_column *columns;
    size_t column_count;
    bool has_kind;
    const size_t *mapped_columns;
};

static void give_change(struct records_import *import, const char *path, size_t line, pb_change *change)
{
    const struct import_change given = {path, line, change};
    import->stopped = !import->sink->change(import->sink->context, &given);
}

static pb_change *change_new(struct arena *arena)
{
    pb_change *change = arena_alloc(arena, sizeof *change);
    partner__v1__change__init(change);
    return change;
}

static void give_upsert(struct records_import *import, const char *path, size_t line, pb_record *record)
{
    pb_change *change = change_new(import->sink->arena);
    change->kind_case = PARTNER__V1__CHANGE__KIND_UPSERT;
    change->upsert = record;
    give_change(import, path, line, change);
}

static void give_delete(struct records_import *import, const char *path, size_t line, const char *id)
{
    pb_change *change = change_new(import->sink->arena);
    change->kind_case = PARTNER__V1__CHANGE__KIND_DELETE_ID;
    change->delete_id = arena_strdup(import->sink->arena, id);
    give_change(import, path, line, change);
}

/* ---- JSON lines ---- */

/* The first key of an object tells a Change from a Record. */
static bool looks_like_change(const char *text)
{
    static const char *const keys[] = {"upsert\"", "deleteId\"", "delete_id\"", "revision\""};
    text += strspn(text, " \t\r{");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (*text == '"' && text_starts_with(text + 1, keys[i]))
            return true;
    return false;
}

static bool has_record(const pb_record *record)
{
    return record && record->kind_case != PARTNER__V1__RECORD__KIND__NOT_SET;
}

static void read_json(struct records_import *import, const char *path, size_t line, const char *text,
                      size_t size)
{
    struct arena *arena = import->sink->arena;
    bool is_change = looks_like_change(text);
    ProtobufCMessage *message;
    struct status status = json_to_message(
        arena, is_change ? &partner__v1__change__descriptor : &partner__v1__record__descriptor, text, size,
        &message);
    if (!status_ok(status)) {
        import_report_fault(import->report, path, line, status.field, "%s", status.message);
        return;
    }
    pb_change *change = is_change ? (pb_change *)message : NULL;
    bool is_delete = change && change->kind_case == PARTNER__V1__CHANGE__KIND_DELETE_ID;
    pb_record *record = is_change ? NULL : (pb_record *)message;
    if (change && change->kind_case == PARTNER__V1__CHANGE__KIND_UPSERT)
        record = change->upsert;
    if (!is_delete && !has_record(record))
        import_report_fault(import->report, path, line, NULL,
                            "holds no organisation, offer, need or partnership");
    else if (change)
        give_change(import, path, line, change);
    else
        give_upsert(import, path, line, record);
}

static void read_json_line(struct records_import *import, const char *path, size_t line,
                           const struct text_buffer *text)
{
    if (text->size > LINE_BYTES_MOST)
        import_report_fault(import->report, path, line, NULL, "is longer than %d bytes", LINE_BYTES_MOST);
    else if (text->size && text->bytes[strspn(text->bytes, " \t\r")])
        read_json(import, path, line, text->bytes, text->size);
}

/* Appends, but no more than what shows that a line is too long. */
static void append_to_line(struct text_buffer *text, const char *bytes, size_t size)
{
    size_t room = text->size > LINE_BYTES_MOST ? 0 : LINE_BYTES_MOST + 1 - text->size;
    text_buffer_append(text, bytes, size < room ? size : room);
}

static void read_json_lines(struct records_import *import, struct import_input *input)
{
    const char *path = import_input_path(input);
    struct text_buffer text = {0};
    char *chunk = heap_alloc(CHUNK_BYTES);
    size_t line = 1, size;
    bool is_first = true;
    while (!import->stopped && (size = import_input_read(input, chunk, CHUNK_BYTES)) > 0) {
        bool has_mark = is_first && size >= 3 && memcmp(chunk, "\xef\xbb\xbf", 3) == 0;
        const char *at = chunk + (has_mark ? 3 : 0), *end = chunk + size;
        is_first = false;
        for (const char *newline; !import->stopped && (newline = memchr(at, '\n', (size_t)(end - at)));) {
            append_to_line(&text, at, (size_t)(newline - at));
            read_json_line(import, path, line++, &text);
            text_buffer_clear(&text);
            at = newline + 1;
        }
        append_to_line(&text, at, (size_t)(end - at));
    }
    if (!import->stopped && !import_input_failed(input))
        read_json_line(import, path, line, &text);
    text_buffer_fini(&text);
    free(chunk);
}

/* ---- CSV: the header ---- */

enum column_role { COLUMN_FIELD, COLUMN_KIND, COLUMN_DELETE };

struct record_column {
    const char *name;
    enum column_role role;
    bool has_kind;                              /* it stands in the name */
    const struct import_column *of[KIND_COUNT]; /* by kind; NULL: not a field of it */
};

/* Kind k is field k of the oneof in Record. */
static const ProtobufCFieldDescriptor *kind_field(size_t kind)
{
    return &partner__v1__record__descriptor.fields[kind];
}

/* KIND_COUNT: none of that name. */
static size_t find_kind(const char *name, size_t bytes)
{
    size_t kind = 0;
    while (kind < KIND_COUNT &&
           (strlen(kind_field(kind)->name) != bytes || strncmp(kind_field(kind)->name, name, bytes) != 0))
        kind++;
    return kind;
}

static struct status parse_column(struct records_import *import, const char *name,
                                  struct record_column *column)
{
    *column = (struct record_column){.name = name};
    if (text_equal(name, "kind") || text_equal(name, "delete_id") || text_equal(name, "deleteId")) {
        column->role = text_equal(name, "kind") ? COLUMN_KIND : COLUMN_DELETE;
        return STATUS_NONE;
    }
    size_t bytes = strcspn(name, "."), kind = find_kind(name, bytes);
    if (kind < KIND_COUNT) {
        if (!name[bytes])
            return status_make(STATUS_INVALID_ARGUMENT, "names a kind of record and no field of it");
        column->has_kind = true;
        return import_column_parse(import->arena, kind_field(kind)->descriptor, name + bytes + 1,
                                   &column->of[kind]);
    }
    struct status status = STATUS_NONE;
    bool any = false;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct status one =
            import_column_parse(import->arena, kind_field(k)->descriptor, name, &column->of[k]);
        any = any || status_ok(one);
        if (status_ok(status))
            status = one; /* says the fields of the first kind, an organisation */
    }
    return any ? STATUS_NONE : status;
}

static bool is_name_taken(const struct records_import *import, const char *name)
{
    for (size_t i = 0; i < import->column_count; i++)
        if (text_equal(import->columns[i].name, name))
            return true;
    return false;
}

static bool read_header(void *context, const struct import_row *row)
{
    struct records_import *import = context;
    size_t faults_before = import->report->fault_count;
    const char *bare = NULL;
    import->columns = arena_array(import->arena, row->cell_count, sizeof *import->columns);
    for (size_t i = 0; i < row->cell_count; i++) {
        const char *name = text_trim(import->arena, row->cells[i]);
        struct record_column *column = &import->columns[i];
        struct status status = is_name_taken(import, name)
                                   ? status_make(STATUS_INVALID_ARGUMENT, "is there twice")
                                   : parse_column(import, name, column);
        if (!status_ok(status))
            import_report_fault(import->report, row->path, row->line, name, "%s", status.message);
        import->has_kind |= column->role == COLUMN_KIND;
        if (column->role == COLUMN_FIELD && !column->has_kind)
            bare = name;
        import->column_count++;
    }
    if (bare && !import->has_kind && import->report->fault_count == faults_before)
        import_report_fault(import->report, row->path, row->line, bare,
                            "has no kind in front (as organisation.%s), and there is no column 'kind'", bare);
    return import->report->fault_count == faults_before;
}

/* ---- CSV: a row ---- */

struct row_import {
    struct records_import *import;
    const struct import_row *row;
    size_t kind; /* of the column `kind`; KIND_COUNT: none */
    const char *delete_id;
    ProtobufCMessage *messages[KIND_COUNT]; /* NULL: no value for that kind */
};

static void row_fault(const struct row_import *reading, const char *column, const char *message)
{
    import_report_fault(reading->import->report, reading->row->path, reading->row->line, column, "%s",
                        message);
}

/* The values that choose what a row makes. */
static void read_roles(struct row_import *reading)
{
    for (size_t i = 0; i < reading->import->column_count; i++) {
        const struct record_column *column = &reading->import->columns[i];
        const char *cell = reading->row->cells[i];
        if (column->role == COLUMN_DELETE && *cell)
            reading->delete_id = cell;
        if (column->role != COLUMN_KIND || !*cell)
            continue;
        reading->kind = find_kind(cell, strlen(cell));
        if (reading->kind == KIND_COUNT)
            row_fault(reading, column->name, "is none of organisation, offer, need, partnership");
    }
}

static void set_field(struct row_import *reading, size_t kind, const struct record_column *column,
                      const char *cell)
{
    struct arena *arena = reading->import->sink->arena;
    const ProtobufCMessageDescriptor *descriptor = kind_field(kind)->descriptor;
    if (!reading->messages[kind]) {
        reading->messages[kind] = arena_alloc(arena, descriptor->sizeof_message);
        protobuf_c_message_init(descriptor, reading->messages[kind]);
    }
    struct status status = import_column_set(arena, column->of[kind], reading->messages[kind], cell);
    if (!status_ok(status))
        row_fault(reading, column->name, status.message);
}

static void read_cell(struct row_import *reading, const struct record_column *column, const char *cell)
{
    if (column->role != COLUMN_FIELD || !*cell)
        return;
    if (column->has_kind) {
        for (size_t kind = 0; kind < KIND_COUNT; kind++)
            if (column->of[kind])
                set_field(reading, kind, column, cell);
    } else if (reading->kind == KIND_COUNT) {
        row_fault(reading, column->name, "has a value in a row of no kind");
    } else if (!column->of[reading->kind]) {
        row_fault(reading, column->name,
                  arena_format(reading->import->sink->arena, "is no field of kind %s",
                               kind_field(reading->kind)->name));
    } else {
        set_field(reading, reading->kind, column, cell);
    }
}

/* All records have the same place in the oneof. */
static pb_record *record_with(struct arena *arena, size_t kind, ProtobufCMessage *message)
{
    pb_record *record = arena_alloc(arena, sizeof *record);
    partner__v1__record__init(record);
    record->kind_case = (Partner__V1__Record__KindCase)kind_field(kind)->id;
    *(ProtobufCMessage **)((char *)record + kind_field(kind)->offset) = message;
    return record;
}

/* The message of a kind once more: the arena with the first may be gone since a change was given. */
static void build_again(struct row_import *reading, size_t kind)
{
    reading->messages[kind] = NULL;
    for (size_t i = 0; i < reading->import->column_count; i++) {
        const struct record_column *column = &reading->import->columns[i];
        bool is_its = column->has_kind || reading->kind == kind;
        if (column->of[kind] && is_its && *reading->row->cells[i])
            set_field(reading, kind, column, reading->row->cells[i]);
    }
}

static void give_row(struct row_import *reading)
{
    struct records_import *import = reading->import;
    const struct import_row *row = reading->row;
    bool given = false;
    for (size_t kind = 0; kind < KIND_COUNT && !import->stopped; kind++) {
        if (!reading->messages[kind])
            continue;
        if (given)
            build_again(reading, kind);
        give_upsert(import, row->path, row->line,
                    record_with(import->sink->arena, kind, reading->messages[kind]));
        given = true;
    }
    if (reading->delete_id && !import->stopped)
        give_delete(import, row->path, row->line, reading->delete_id);
}

static bool read_row(void *context, const struct import_row *row)
{
    struct records_import *import = context;
    size_t faults_before = import->report->fault_count;
    struct row_import reading = {.import = import, .row = row, .kind = KIND_COUNT};
    read_roles(&reading);
    for (size_t i = 0; i < import->column_count && import->report->fault_count == faults_before; i++)
        read_cell(&reading, &import->columns[i], row->cells[i]);
    if (import->report->fault_count == faults_before)
        give_row(&reading);
    return !import->stopped;
}

/* ---- CSV with columns of its own ---- */

static bool read_mapped_header(void *context, const struct import_row *row)
{
    struct records_import *import = context;
    const struct import_mapping *mapping = import->sink->mapping;
    const char *missing =
        import_mapping_bind(mapping, import->arena, row->cells, row->cell_count, &import->mapped_columns);
    if (missing) {
        import_report_fault(import->report, row->path, row->line, missing,
                            "is a column that the mapping asks for, and is not there");
        return false;
    }
    struct import_row mapped = *row;
    mapped.cell_count = import_mapping_count(mapping);
    const char **names = arena_array(import->arena, mapped.cell_count, sizeof *names);
    for (size_t i = 0; i < mapped.cell_count; i++)
        names[i] = import_mapping_field(mapping, i);
    mapped.cells = names;
    return read_header(context, &mapped);
}

/* The cells have an arena of their own, since the sink's may be emptied by each change that is given. */
static bool read_mapped_row(void *context, const struct import_row *row)
{
    struct records_import *import = context;
    struct arena *arena = arena_new(0);
    struct import_row mapped = *row;
    mapped.cell_count = import->column_count;
    const char **cells = arena_array(arena, mapped.cell_count, sizeof *cells);
    for (size_t i = 0; i < mapped.cell_count; i++)
        cells[i] = import_mapping_cell(import->sink->mapping, arena, i, import->mapped_columns, row->cells);
    mapped.cells = cells;
    bool more = read_row(context, &mapped);
    arena_free(arena);
    return more;
}

/* ---- a file ---- */

bool import_records(const char *path, struct import_report *report, struct import_sink *sink)
{
    size_t faults_before = report->fault_count;
    struct records_import import = {.report = report, .sink = sink};
    struct import_input *input = import_input_open(path, report);
    if (!input)
        return false;
    char first = import_input_peek(input);
    if (first == '{') {
        read_json_lines(&import, input);
    } else if (first) {
        import.arena = arena_new(0);
        bool is_mapped = sink->mapping != NULL;
        import_csv_read_input(input, report, is_mapped ? read_mapped_header : read_header,
                              is_mapped ? read_mapped_row : read_row, &import);
        arena_free(import.arena);
    }
    import_input_close(input);
    return report->fault_count == faults_before;
}
