#include "store/record_sql.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"
#include "store/column.h"

static void add_columns(struct text_buffer *text, const struct record_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        text_buffer_format(text, "%s%s", i ? ", " : "", table->columns[i].name);
}

static char *make_upsert(const struct record_table *table)
{
    struct text_buffer text = {0};
    text_buffer_format(&text, "INSERT INTO %s (", table->name);
    add_columns(&text, table);
    text_buffer_add(&text, ") VALUES (");
    for (size_t i = 0; i < table->column_count; i++)
        text_buffer_format(&text, "%s$%zu", i ? ", " : "", i + 1);
    text_buffer_add(&text, ") ON CONFLICT (id) DO UPDATE SET ");
    for (size_t i = 1; i < table->column_count; i++)
        text_buffer_format(&text, "%s%s = EXCLUDED.%s", i > 1 ? ", " : "", table->columns[i].name,
                           table->columns[i].name);
    return text.bytes;
}

/* Sending an array costs the database much for each element, looking at one little. */
static void add_sparse(struct text_buffer *text, const struct column *column)
{
    const char *nothing = column->type == COLUMN_TEXT ? "''" : column->type == COLUMN_BOOL ? "false" : "0";
    text_buffer_format(text, "CASE WHEN %s <> ANY (%s) THEN %s END", nothing, column->name, column->name);
}

static char *make_copy(const struct record_table *table)
{
    struct text_buffer text = {0};
    text_buffer_add(&text, "COPY (SELECT ");
    for (size_t i = 0; i < table->column_count; i++) {
        text_buffer_add(&text, i ? ", " : "");
        if (table->columns[i].is_sparse)
            add_sparse(&text, &table->columns[i]);
        else
            text_buffer_add(&text, table->columns[i].name);
    }
    text_buffer_format(&text, " FROM %s) TO STDOUT (FORMAT binary)", table->name);
    return text.bytes;
}

static char *make_name(const struct record_table *table)
{
    struct text_buffer text = {0};
    text_buffer_format(&text, "upsert_%s", table->name);
    return text.bytes;
}

struct record_sql *record_sql_new(void)
{
    struct record_sql *sql = heap_zalloc(sizeof *sql);
    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_KIND_COUNT; kind++) {
        const struct record_table *table = record_table_of(kind);
        sql->upsert[kind] = (struct statement){make_name(table), make_upsert(table)};
        sql->copy[kind] = make_copy(table);
    }
    return sql;
}

void record_sql_free(struct record_sql *sql)
{
    if (!sql)
        return;
    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_KIND_COUNT; kind++) {
        free((char *)sql->upsert[kind].name);
        free((char *)sql->upsert[kind].sql);
        free(sql->copy[kind]);
    }
    free(sql);
}
