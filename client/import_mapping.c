#include "client/import_mapping.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

/* A piece of a field's template: a text, or a column's cell. */
struct piece {
    const char *column; /* NULL: text alone */
    const char *text;   /* where the cell is not empty; NULL: the cell */
};

struct mapped_field {
    const char *name;
    bool is_id;
    struct piece *pieces;
    size_t piece_count;
    size_t first_piece; /* among all, for the columns that were found */
};

struct import_mapping {
    const char *registry;
    struct mapped_field *fields;
    size_t field_count, piece_count;
};

static const size_t column_registry = (size_t)-1, column_none = (size_t)-2;

static const char eche[] = "organisation.id = {registry}/{erasmus_code}\n"
                           "organisation.roles = sending|hosting\n"
                           "organisation.name = {legal_name}\n"
                           "organisation.country = {country}\n"
                           "organisation.city = {city}\n"
                           "organisation.website = {website}\n"
                           "organisation.identifiers.scheme = erasmus|{pic?pic}|{oid?oid}\n"
                           "organisation.identifiers.value = {erasmus_code}|{pic}|{oid}\n";

const char *import_mapping_known(const char *format)
{
    return text_equal(format, "eche") ? eche : NULL;
}

/* ---- reading ---- */

static bool is_id(const char *name)
{
    size_t size = strlen(name);
    return text_equal(name, "delete_id") || (size > 3 && text_equal(name + size - 3, ".id")) ||
           strstr(name, "organisation_id");
}

/* False: a brace is not closed, or nothing stands in it. */
static bool parse_pieces(struct arena *arena, const char *text, struct mapped_field *field)
{
    field->pieces = arena_array(arena, strlen(text) + 1, sizeof *field->pieces);
    while (*text) {
        size_t bytes = strcspn(text, "{");
        if (bytes)
            field->pieces[field->piece_count++].text = arena_strndup(arena, text, bytes);
        text += bytes;
        if (!*text)
            break;
        const char *end = strchr(++text, '}');
        if (!end || end == text)
            return false;
        struct piece *piece = &field->pieces[field->piece_count++];
        const char *mark = memchr(text, '?', (size_t)(end - text));
        piece->column = arena_strndup(arena, text, (size_t)((mark ? mark : end) - text));
        piece->text = mark ? arena_strndup(arena, mark + 1, (size_t)(end - mark - 1)) : NULL;
        text = end + 1;
    }
    return true;
}

static struct status parse_line(struct arena *arena, struct import_mapping *mapping, const char *line,
                                size_t number)
{
    line = text_trim(arena, line);
    if (!*line || *line == '#')
        return STATUS_NONE;
    const char *equals = strchr(line, '=');
    struct mapped_field *field = &mapping->fields[mapping->field_count];
    if (!equals || equals == line)
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "line %zu is not FIELD = TEXT", number);
    field->name = text_trim(arena, arena_strndup(arena, line, (size_t)(equals - line)));
    field->is_id = is_id(field->name);
    if (!parse_pieces(arena, text_trim(arena, equals + 1), field))
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL,
                             "line %zu has a brace that is not closed, or empty", number);
    field->first_piece = mapping->piece_count;
    mapping->piece_count += field->piece_count;
    mapping->field_count++;
    return STATUS_NONE;
}

struct status import_mapping_parse(struct arena *arena, const char *text, const char *registry,
                                   const struct import_mapping **ret_mapping)
{
    struct import_mapping *mapping = arena_zalloc(arena, sizeof *mapping);
    size_t lines = 1, number = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    mapping->registry = registry;
    mapping->fields = arena_array(arena, lines, sizeof *mapping->fields);
    while (*text) {
        size_t bytes = strcspn(text, "\n");
        struct status status = parse_line(arena, mapping, arena_strndup(arena, text, bytes), ++number);
        if (!status_ok(status))
            return status;
        text += bytes + (text[bytes] == '\n');
    }
    if (!mapping->field_count)
        return status_make(STATUS_INVALID_ARGUMENT, "it names no field");
    *ret_mapping = mapping;
    return STATUS_NONE;
}

/* ---- using ---- */

size_t import_mapping_count(const struct import_mapping *mapping)
{
    return mapping->field_count;
}

const char *import_mapping_field(const struct import_mapping *mapping, size_t index)
{
    return mapping->fields[index].name;
}

static size_t find_column(const struct import_mapping *mapping, struct arena *arena, const char *name,
                          const char *const *header, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(text_trim(arena, header[i]), name))
            return i;
    return mapping->registry && text_equal(name, "registry") ? column_registry : column_none;
}

const char *import_mapping_bind(const struct import_mapping *mapping, struct arena *arena,
                                const char *const *header, size_t count, const size_t **ret_columns)
{
    size_t *columns = arena_array(arena, mapping->piece_count, sizeof *columns);
    for (size_t i = 0; i < mapping->field_count; i++) {
        const struct mapped_field *field = &mapping->fields[i];
        for (size_t k = 0; k < field->piece_count; k++) {
            if (!field->pieces[k].column)
                continue;
            size_t found = find_column(mapping, arena, field->pieces[k].column, header, count);
            if (found == column_none)
                return field->pieces[k].column;
            columns[field->first_piece + k] = found;
        }
    }
    *ret_columns = columns;
    return NULL;
}

static void add_cell(struct text_buffer *text, const char *cell, bool is_key)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-/";
    for (; is_key && *cell; cell++)
        text_buffer_append(text, strchr(allowed, *cell) ? cell : "-", 1);
    text_buffer_add(text, cell);
}

const char *import_mapping_cell(const struct import_mapping *mapping, struct arena *arena, size_t index,
                                const size_t *columns, const char *const *cells)
{
    const struct mapped_field *field = &mapping->fields[index];
    struct text_buffer text = {0};
    text_buffer_add(&text, "");
    for (size_t k = 0; k < field->piece_count; k++) {
        const struct piece *piece = &field->pieces[k];
        size_t column = columns[field->first_piece + k];
        const char *cell = NULL;
        if (piece->column)
            cell = column == column_registry ? mapping->registry : text_trim(arena, cells[column]);
        if (!cell || (piece->text && *cell))
            text_buffer_add(&text, piece->text);
        else if (!piece->text)
            add_cell(&text, cell, field->is_id);
    }
    while (text.size && text.bytes[text.size - 1] == '|')
        text.bytes[--text.size] = '\0';
    char *copy = arena_strdup(arena, text.bytes);
    text_buffer_fini(&text);
    return copy;
}
