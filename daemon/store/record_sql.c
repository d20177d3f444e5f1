#include "store/record_sql.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"
#include "store/column.h"

static void add_columns(struct text_buffer *text, const struct record_table *table, const char *prefix)
{
    for (size_t i = 0; i < table->column_count; i++)
        text_buffer_format(text, "%s%s%s", i ? ", " : "", prefix, table->columns[i].name);
}

static char *make_upsert(const struct record_table *table)
{
    struct text_buffer text = {0};
    text_buffer_format(&text, "INSERT INTO %s (", table->name);
    add_columns(&text, table, "");
    text_buffer_add(&text, ") VALUES (");
    for (size_t i = 0; i < table->column_count; i++)
        text_buffer_format(&text, "%s$%zu", i ? ", " : "", i + 1);
    text_buffer_add(&text, ") ON CONFLICT (id) DO UPDATE SET ");
    for (size_t i = 1; i < table->column_count; i++)
        text_buffer_format(&text, "%s%s = EXCLUDED.%s", i > 1 ? ", " : "", table->columns[i].name,
                           table->columns[i].name);
    return text.bytes;
}

static char *make_copy(const struct record_table *table)
{
    struct text_buffer text = {0};
    text_buffer_add(&text, "COPY (SELECT ");
    add_columns(&text, table, "t.");
    text_buffer_format(&text,
                       ", v.revision, v.time FROM %s t JOIN record r ON r.id = t.id"
                       " JOIN revision v ON v.change_set = r.change_set) TO STDOUT (FORMAT binary)",
                       table->name);
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
