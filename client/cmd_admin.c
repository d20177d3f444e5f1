#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/record_text.h"
#include "client/table.h"
#include "partner/v1/admin.pb-c.h"
#include "partner/v1/registry.pb-c.h"

#define CREATE_PATH "/partner.v1.AdminService/CreateRegistry"
#define LIST_PATH   "/partner.v1.RegistryService/ListRegistries"

int cmd_admin_registry_create(struct client *client)
{
    static const char *const columns[] = {"revision", NULL};
    Partner__V1__CreateRegistryRequest request = PARTNER__V1__CREATE_REGISTRY_REQUEST__INIT;
    const char *title = flags_text(&client->flags, "title");
    ProtobufCMessage *message;
    request.id = (char *)client->flags.words[0];
    request.title = (char *)(title ? title : client->flags.words[0]);
    /* Not tried again: it carries no request_id, and a second try would find the first one's registry. */
    struct client_call call = {CREATE_PATH, &request.base, &partner__v1__create_registry_response__descriptor,
                               CLIENT_TIMEOUT_MS, 0};
    struct status status = client_call(client, &call, &message);
    if (!status_ok(status))
        return client_report(client, status);
    if (output_wants_table(&client->output, false)) {
        printf("registry %s is made, revision %" PRIu64 "\n", request.id,
               ((const Partner__V1__CreateRegistryResponse *)(const void *)message)->revision);
        return EXIT_DONE;
    }
    status = output_one(&client->output, message, columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}

static const char *number(struct arena *arena, uint64_t value)
{
    return arena_format(arena, "%" PRIu64, value);
}

static void write_table(struct client *client, const Partner__V1__ListRegistriesResponse *answer)
{
    static const struct table_column columns[] = {{.title = "REGISTRY"},
                                                  {.title = "TITLE", .least = 12},
                                                  {.title = "ORGANISATIONS", .right = true},
                                                  {.title = "OFFERS", .right = true},
                                                  {.title = "NEEDS", .right = true},
                                                  {.title = "PARTNERSHIPS", .right = true},
                                                  {.title = "LAST CHANGE"}};
    struct arena *arena = client->arena;
    struct table *table = table_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n_registries; i++) {
        const Partner__V1__Registry *registry = answer->registries[i];
        const char *cells[] = {registry->id,
                               registry->title,
                               number(arena, registry->organisations),
                               number(arena, registry->offers),
                               number(arena, registry->needs),
                               number(arena, registry->partnerships),
                               record_time(arena, registry->last_change_time)};
        table_add(table, cells);
    }
    if (answer->n_registries)
        output_table(&client->output, table);
    else
        puts("there is no registry yet; make one with: partner admin registry create ID");
}

int cmd_admin_registry_list(struct client *client)
{
    static const char *const columns[] = {"id",    "title",        "organisations", "offers",
                                          "needs", "partnerships", "upstream",      NULL};
    Partner__V1__ListRegistriesRequest request = PARTNER__V1__LIST_REGISTRIES_REQUEST__INIT;
    ProtobufCMessage *message;
    request.min_revision = client_min_revision(client);
    int failed = client_read(client, LIST_PATH, &request.base,
                             &partner__v1__list_registries_response__descriptor, &message);
    if (failed)
        return failed;
    const Partner__V1__ListRegistriesResponse *answer = (const void *)message;
    if (output_wants_table(&client->output, true)) {
        write_table(client, answer);
        return EXIT_DONE;
    }
    struct status status =
        output_list(&client->output, &(struct output_list){
                                         .whole = message,
                                         .rows = (const ProtobufCMessage *const *)answer->registries,
                                         .row_count = answer->n_registries,
                                         .row = &partner__v1__registry__descriptor,
                                         .columns = columns,
                                     });
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
