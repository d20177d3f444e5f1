#include "client/table.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

#define GAP        2 /* blanks between columns */
#define NOTE_START 4

#define BOLD       "\033[1m"
#define FAINT      "\033[2m"
#define PLAIN      "\033[0m"

struct table_row {
    const char **cells;
    const char *note;
    struct table_row *next;
};

struct table {
    struct arena *arena;
    const struct table_column *columns;
    size_t column_count;
    struct table_row *first, *last;
};

struct table *table_new(struct arena *arena, const struct table_column *columns, size_t column_count)
{
    struct table *table = arena_zalloc(arena, sizeof *table);
    *table = (struct table){.arena = arena, .columns = columns, .column_count = column_count};
    return table;
}

/* What a terminal would take for a command must not reach it: names come from anybody. */
static const char *plain(struct arena *arena, const char *text)
{
    if (!text)
        return "";
    if (!text_has_control(text, false))
        return text;
    char *copy = arena_strdup(arena, text);
    for (char *at = copy; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
        else if ((unsigned char)*at == 0xc2 && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] < 0xa0)
            at[0] = at[1] = ' ';
    }
    return copy;
}

void table_add(struct table *table, const char *const *cells)
{
    struct table_row *row = arena_zalloc(table->arena, sizeof *row);
    row->cells = arena_array(table->arena, table->column_count, sizeof *row->cells);
    for (size_t i = 0; i < table->column_count; i++)
        row->cells[i] = plain(table->arena, cells[i]);
    if (table->last)
        table->last->next = row;
    else
        table->first = row;
    table->last = row;
}

void table_note(struct table *table, const char *note)
{
    if (table->last && note && *note)
        table->last->note = plain(table->arena, note);
}

static void measure(const struct table *table, bool headers, unsigned *widths)
{
    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = headers ? (unsigned)text_width(table->columns[i].title) : 0;
    for (const struct table_row *row = table->first; row; row = row->next)
        for (size_t i = 0; i < table->column_count; i++) {
            unsigned width = (unsigned)text_width(row->cells[i]);
            if (width > widths[i])
                widths[i] = width;
        }
}

/* Takes a column at a time off the widest loose column. */
static void narrow(const struct table *table, unsigned most, unsigned *widths)
{
    unsigned total = GAP * (unsigned)(table->column_count - 1);
    for (size_t i = 0; i < table->column_count; i++)
        total += widths[i];
    for (; total > most; total--) {
        size_t widest = table->column_count;
        for (size_t i = 0; i < table->column_count; i++)
            if (table->columns[i].least && widths[i] > table->columns[i].least &&
                (widest == table->column_count || widths[i] > widths[widest]))
                widest = i;
        if (widest == table->column_count)
            return;
        widths[widest]--;
    }
}

static void add_blanks(struct text_buffer *out, unsigned count)
{
    text_buffer_format(out, "%*s", (int)count, "");
}

static size_t character_bytes(const char *at)
{
    unsigned char first = (unsigned char)*at;
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return strnlen(at, size);
}

/* How many bytes of the text fit into so many columns. */
static size_t fitting_bytes(struct arena *arena, const char *text, unsigned width)
{
    size_t size = 0;
    while (text[size]) {
        size_t next = size + character_bytes(text + size);
        if (text_width(arena_strndup(arena, text, next)) > width)
            break;
        size = next;
    }
    return size;
}

static void add_cell(const struct table *table, struct text_buffer *out, const char *text, unsigned width,
                     bool right, bool last)
{
    unsigned wide = (unsigned)text_width(text);
    if (wide > width && width) {
        size_t size = fitting_bytes(table->arena, text, width - 1);
        text = arena_format(table->arena, "%.*s…", (int)size, text);
        wide = (unsigned)text_width(text);
    }
    unsigned fill = wide < width ? width - wide : 0;
    if (right)
        add_blanks(out, fill);
    text_buffer_add(out, text);
    if (!right && !last)
        add_blanks(out, fill);
}

/* The last cell over as many lines as it takes, each below the first one's start. */
static void add_wrapped(struct text_buffer *out, const char *text, unsigned start, unsigned width)
{
    struct text_buffer lines = {0};
    table_wrap(&lines, text, start, start + width);
    text_buffer_append(out, lines.bytes + start, lines.size - start - 1);
    text_buffer_fini(&lines);
}

static void add_line(const struct table *table, struct text_buffer *out, const char *const *cells,
                     const unsigned *widths)
{
    unsigned start = 0;
    for (size_t i = 0; i < table->column_count; start += widths[i++] + GAP) {
        bool last = i + 1 == table->column_count;
        if (last && table->columns[i].wrap && text_width(cells[i]) > widths[i]) {
            add_wrapped(out, cells[i], start, widths[i]);
            return;
        }
        add_cell(table, out, cells[i], widths[i], table->columns[i].right, last);
        if (!last)
            add_blanks(out, GAP);
    }
}

void table_wrap(struct text_buffer *out, const char *text, unsigned indent, unsigned width)
{
    unsigned room = width > indent + 20 ? width - indent : width ? 20 : 0, used = 0;
    struct text_buffer word = {0};
    add_blanks(out, indent);
    while (*text) {
        size_t size = strcspn(text, " ");
        text_buffer_clear(&word);
        text_buffer_append(&word, text, size);
        unsigned wide = size ? (unsigned)text_width(word.bytes) : 0;
        if (used && room && used + 1 + wide > room) {
            text_buffer_add(out, "\n");
            add_blanks(out, indent);
            used = 0;
        }
        if (used && size) {
            text_buffer_add(out, " ");
            used++;
        }
        text_buffer_append(out, text, size);
        used += wide;
        text += size;
        text += strspn(text, " ");
    }
    text_buffer_add(out, "\n");
    text_buffer_fini(&word);
}

void table_write(const struct table *table, struct text_buffer *out, const struct table_look *look)
{
    unsigned *widths = arena_array(table->arena, table->column_count + 1, sizeof *widths);
    measure(table, look->headers, widths);
    if (look->width)
        narrow(table, look->width, widths);
    if (look->headers) {
        const char **titles = arena_array(table->arena, table->column_count, sizeof *titles);
        for (size_t i = 0; i < table->column_count; i++)
            titles[i] = table->columns[i].title;
        text_buffer_add(out, look->colour ? BOLD : "");
        add_line(table, out, titles, widths);
        text_buffer_add(out, look->colour ? PLAIN "\n" : "\n");
    }
    for (const struct table_row *row = table->first; row; row = row->next) {
        add_line(table, out, row->cells, widths);
        text_buffer_add(out, "\n");
        if (!row->note)
            continue;
        text_buffer_add(out, look->colour ? FAINT : "");
        table_wrap(out, row->note, NOTE_START, look->width);
        text_buffer_add(out, look->colour ? PLAIN : "");
    }
}
