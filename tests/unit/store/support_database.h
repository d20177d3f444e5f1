#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A throw-away PostgreSQL in a private folder, reached by a unix socket alone. */

/* For cmocka's group: starts it, and ends and removes it. */
int database_group_setup(void **state);
int database_group_teardown(void **state);

/* A new empty database; the conninfo lives as long as the program. */
const char *database_new(void);
/* The same, migrated, without the vocabularies of the program. */
const char *database_new_migrated(void);

/* Stops the server at once, as a crash would; and starts it again, waiting until it answers. */
void database_server_stop(void);
void database_server_start(void);
/* Starts it without waiting. */
void database_server_start_soon(void);

/* Runs SQL, which has to succeed. */
void database_run(const char *conninfo, const char *sql);
/* The first value of the first row as a number; 0 where it is NULL. */
int64_t database_number(const char *conninfo, const char *sql);
