#include "store/push_sql.h"

#include "base/text.h"
#include "store/column.h"

#define BEGIN_SQL                                                                 \
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"                            \
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 30000; SET LOCAL " \
    "idle_in_transaction_session_timeout"                                         \
    " = 60000; SET LOCAL work_mem = '64MB';"                                      \
    "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;"

#define IS_WRITTEN "NOT EXISTS (SELECT FROM push_skip s WHERE s.ordinal = b.ordinal)"
#define IS_NEW     IS_WRITTEN " AND NOT EXISTS (SELECT FROM push_update u WHERE u.ordinal = b.ordinal)"

const char push_sql_begin[] = BEGIN_SQL;

/* Of sets that are large, or may be, a nested loop is the one plan that can go badly wrong. */
const char push_sql_begin_big[] =
    BEGIN_SQL "SET LOCAL enable_nestloop = off; ANALYZE push_key; ANALYZE push_body (ordinal)";

const char push_sql_find_request[] =
    "SELECT hash, answer FROM request WHERE scope = $1 AND method = $2 AND request_id = $3"
    " AND time > now() - interval '7 days'";

const char push_sql_keep_answer[] =
    "INSERT INTO request (scope, method, request_id, hash, answer, time)"
    " VALUES ($1, $2, $3, $4, $5, now())"
    " ON CONFLICT (scope, method, request_id) DO UPDATE"
    " SET hash = EXCLUDED.hash, answer = EXCLUDED.answer, time = EXCLUDED.time";

const char push_sql_free[] =
    "DELETE FROM identifier i USING push_update u WHERE u.kind = 1 AND i.organisation_id = u.id;"
    "DELETE FROM identifier i USING push_gone g WHERE g.kind = 1 AND i.organisation_id = g.id";

/* Kind by kind, since the cascade from a record goes one by one. */
const char push_sql_delete[] =
    "DELETE FROM partnership_member m USING push_gone g WHERE g.kind = 4 AND m.partnership_id = g.id;"
    "DELETE FROM partnership t USING push_gone g WHERE g.kind = 4 AND t.id = g.id;"
    "DELETE FROM offer t USING push_gone g WHERE g.kind = 2 AND t.id = g.id;"
    "DELETE FROM need t USING push_gone g WHERE g.kind = 3 AND t.id = g.id;"
    "DELETE FROM organisation t USING push_gone g WHERE g.kind = 1 AND t.id = g.id;"
    "DELETE FROM record r USING push_gone g WHERE r.id = g.id";

const char push_sql_new_records[] = "INSERT INTO record (id, kind, change_set, content_hash)"
                                    " SELECT b.id, b.kind, $1, b.hash FROM push_body b WHERE " IS_NEW;

const char push_sql_updated_records[] =
    "UPDATE record r SET change_set = $1, content_hash = b.hash, by_institution = false"
    " FROM push_body b JOIN push_update u USING (ordinal) WHERE r.id = u.id";

const char push_sql_identifiers[] = "INSERT INTO identifier (organisation_id, scheme, value)"
                                    " SELECT b.id, b.scheme, b.value FROM push_key b WHERE " IS_WRITTEN;

const char push_sql_logged[] =
    "INSERT INTO change_log (change_set, ordinal, kind, id, message)"
    " SELECT $1, row_number() OVER () - 1, b.kind, b.id, b.packed FROM push_body b WHERE " IS_WRITTEN;

const char push_sql_logged_deletes[] =
    "INSERT INTO change_log (change_set, ordinal, kind, id)"
    " SELECT $1, $2::bigint + row_number() OVER (ORDER BY g.ordinal) - 1, g.kind, g.id FROM push_gone g";

const char push_sql_logged_registry[] =
    "INSERT INTO change_log (change_set, ordinal, kind, id, message) VALUES ($1, $2, $3, $4, $5)";

const char push_sql_make_registry[] = "INSERT INTO registry (id, title, upstream, change_set)"
                                      " VALUES ($1, $2, $3, 0) ON CONFLICT (id) DO NOTHING RETURNING id";

const char push_sql_touch[] = "UPDATE registry SET change_set = $2 WHERE id = $1";

static void add_columns(struct text_buffer *sql, const struct record_table *table, const char *prefix)
{
    for (size_t i = 0; i < table->column_count; i++)
        text_buffer_format(sql, "%s%s%s", i ? ", " : "", prefix, table->columns[i].name);
}

static void add_insert(struct text_buffer *sql, const struct record_table *table)
{
    text_buffer_format(sql, "INSERT INTO %s (", table->name);
    add_columns(sql, table, "");
    text_buffer_add(sql, ") SELECT ");
    add_columns(sql, table, "b.");
    text_buffer_format(sql, " FROM push_%s b WHERE " IS_NEW ";", table->name);
}

static void add_update(struct text_buffer *sql, const struct record_table *table)
{
    text_buffer_format(sql, "UPDATE %s t SET ", table->name);
    for (size_t i = 1; i < table->column_count; i++)
        text_buffer_format(sql, "%s%s = b.%s", i > 1 ? ", " : "", table->columns[i].name,
                           table->columns[i].name);
    text_buffer_format(sql, " FROM push_%s b JOIN push_update u USING (ordinal) WHERE t.id = u.id;",
                       table->name);
}

void push_sql_add_kind(struct text_buffer *sql, const struct record_table *table, bool has_new,
                       bool has_updated)
{
    if (has_new)
        add_insert(sql, table);
    if (has_updated)
        add_update(sql, table);
}
