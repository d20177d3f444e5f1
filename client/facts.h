#pragma once

struct client;
struct table;

/* A table of two columns, name and value, for one thing on a terminal. Values are borrowed; empty ones are left out. */
struct table *facts_new(struct client *client);
void facts_add(struct table *table, const char *name, const char *value);
void facts_write(struct client *client, const struct table *table);
