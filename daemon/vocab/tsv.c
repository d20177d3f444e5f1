#include "vocab/tsv.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum column { CODE, LABEL, OTHER_LABELS, DESCRIPTION, BROADER, RELATED, REUSE, SECTORS, COLUMN_COUNT };

enum { COLUMNS_MOST = 32 };

static const char *const column_names[COLUMN_COUNT] = {"code",    "label",   "other_labels", "description",
                                                       "broader", "related", "reuse",        "sectors"};

/* Cuts the line at its tabs, in place. Returns how many cells; of more than COLUMNS_MOST, one more than that. */
static size_t cut_line(char *line, char *cells[COLUMNS_MOST])
{
    size_t count = 0;
    for (char *next; line; line = next) {
        next = strchr(line, '\t');
        if (next)
            *next++ = '\0';
        if (count == COLUMNS_MOST)
            return count + 1;
        cells[count++] = line;
    }
    return count;
}

static struct text_list cut_list(struct arena *arena, char *cell)
{
    if (!*cell)
        return (struct text_list){0};
    size_t most = 1, count = 0;
    for (const char *at = cell; *at; at++)
        most += *at == '|';
    const char **items = arena_array(arena, most, sizeof *items);
    for (char *next; cell; cell = next) {
        next = strchr(cell, '|');
        if (next)
            *next++ = '\0';
        if (*cell)
            items[count++] = cell;
    }
    return (struct text_list){items, count};
}

/* Reads which column is where; -1 for one that is not there. */
static bool read_header(char *line, int places[COLUMN_COUNT])
{
    char *cells[COLUMNS_MOST];
    size_t count = cut_line(line, cells);
    for (int column = 0; column < COLUMN_COUNT; column++) {
        places[column] = -1;
        for (size_t i = 0; i < count && i < COLUMNS_MOST; i++)
            if (text_equal(cells[i], column_names[column]))
                places[column] = (int)i;
    }
    return count <= COLUMNS_MOST && places[CODE] >= 0 && places[LABEL] >= 0;
}

static bool read_concept(struct arena *arena, char *line, const int places[COLUMN_COUNT],
                         const struct tsv_options *options, tsv_concept_fn take, void *context)
{
    char *cells[COLUMNS_MOST], *values[COLUMN_COUNT], empty[1] = "";
    size_t count = cut_line(line, cells);
    if (count > COLUMNS_MOST)
        return false;
    for (int column = 0; column < COLUMN_COUNT; column++)
        values[column] =
            places[column] >= 0 && (size_t)places[column] < count ? cells[places[column]] : empty;
    if (!*values[CODE] || !*values[LABEL])
        return false;
    struct concept_words words = {
        .language = options->language,
        .label = values[LABEL],
        .other_labels = cut_list(arena, values[OTHER_LABELS]),
        .description = values[DESCRIPTION],
    };
    struct concept_source concept = {
        .scheme = options->scheme,
        .code = values[CODE],
        .vocabulary = options->vocabulary,
        .reuse = values[REUSE],
        .broader = cut_list(arena, values[BROADER]),
        .related = cut_list(arena, values[RELATED]),
        .sectors = cut_list(arena, values[SECTORS]),
        .words = &words,
        .words_count = 1,
    };
    take(context, &concept);
    return true;
}

struct status tsv_read(struct arena *arena, const char *bytes, size_t size, const struct tsv_options *options,
                       tsv_concept_fn take, void *context)
{
    if (!text_is_utf8(bytes, size))
        return status_make(STATUS_INVALID_ARGUMENT, "the file is not UTF-8 text");
    int places[COLUMN_COUNT];
    unsigned number = 0;
    for (char *line = arena_strndup(arena, bytes, size), *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        size_t end = strlen(line);
        if (end && line[end - 1] == '\r')
            line[end - 1] = '\0';
        if (number++ == 0) {
            if (!read_header(line, places))
                return status_make(STATUS_INVALID_ARGUMENT, "the first line names no columns code and label");
        } else if (*line && !read_concept(arena, line, places, options, take, context)) {
            return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "line %u has no code and label",
                                 number);
        }
    }
    return STATUS_NONE;
}
