#include "client/facts.h"

#include "client/client.h"
#include "client/table.h"

struct table *facts_new(struct client *client)
{
    static const struct table_column columns[] = {{.title = ""}, {.title = "", .least = 30, .wrap = true}};
    return table_new(client->arena, columns, 2);
}

void facts_add(struct table *table, const char *name, const char *value)
{
    if (value && *value)
        table_add(table, (const char *const[]){name, value});
}

void facts_write(struct client *client, const struct table *table)
{
    struct output plain = client->output;
    plain.headers = false;
    output_table(&plain, table);
}
