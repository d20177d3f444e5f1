#pragma once

#include <stdbool.h>

struct record_table;
struct text_buffer;

/* The statements that write what is staged and judged (sql/push/staging.sql). */

/* Begin a merge; big: of so many changes that whole tables are read. */
extern const char push_sql_begin[], push_sql_begin_big[];

/* $1 scope, $2 method, $3 request_id; to keep: $4 hash, $5 answer */
extern const char push_sql_find_request[], push_sql_keep_answer[];

/* Make room: identifiers of what is written over or goes; then what goes. */
extern const char push_sql_free[], push_sql_delete[];
/* $1: the change set */
extern const char push_sql_new_records[], push_sql_updated_records[];
extern const char push_sql_identifiers[];
/* $1: the change set; of deletes $2: how many rows stand before them */
extern const char push_sql_logged[], push_sql_logged_deletes[];
/* $1 change set, $2 ordinal, $3 kind, $4 id, $5 message */
extern const char push_sql_logged_registry[];
/* $1 id, $2 title, $3 upstream; one row where there was none */
extern const char push_sql_make_registry[];
/* $1 registry, $2 change set */
extern const char push_sql_touch[];

/* Adds the statements that write one kind's table. */
void push_sql_add_kind(struct text_buffer *sql, const struct record_table *table, bool has_new,
                       bool has_updated);
