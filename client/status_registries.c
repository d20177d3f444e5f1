#include "client/status_registries.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/exit.h"
#include "client/record_text.h"
#include "client/table.h"
#include "partner/v1/registry.pb-c.h"

#define LIST_PATH "/partner.v1.RegistryService/ListRegistries"

typedef Partner__V1__GetStatusResponse status_response;
typedef Partner__V1__Registry pb_registry;

static const char *const csv_columns[] = {"id",
                                          "title",
                                          "organisations",
                                          "offers",
                                          "needs",
                                          "partnerships",
                                          "upstream",
                                          "upstream_revision",
                                          "upstream_newest_revision",
                                          "last_contact_time",
                                          "upstream_error",
                                          NULL};

const char *status_lag_text(struct arena *arena, uint64_t revisions, double seconds)
{
    if (!revisions && seconds < 1)
        return "none";
    if (seconds < 120)
        return arena_format(arena, "%" PRIu64 " revisions, %.0f s", revisions, seconds);
    if (seconds < 2 * 3600)
        return arena_format(arena, "%" PRIu64 " revisions, %.0f min", revisions, seconds / 60);
    return arena_format(arena, "%" PRIu64 " revisions, %.0f h", revisions, seconds / 3600);
}

/* "": the server owns it; a server of an earlier version says no lag. */
static const char *lag_of(struct arena *arena, const status_response *status, const pb_registry *registry)
{
    for (size_t i = 0; i < status->n_upstreams; i++)
        for (size_t j = 0; j < status->upstreams[i]->n_registries; j++) {
            const Partner__V1__FollowedRegistry *followed = status->upstreams[i]->registries[j];
            if (text_equal(followed->id, registry->id))
                return status_lag_text(arena, followed->lag_revisions, followed->lag_seconds);
        }
    return *registry->upstream ? "not known" : "";
}

static void write_table(struct client *client, const status_response *status,
                        const Partner__V1__ListRegistriesResponse *answer)
{
    static const struct table_column columns[] = {{.title = "REGISTRY"},
                                                  {.title = "ORGANISATIONS", .right = true},
                                                  {.title = "OFFERS", .right = true},
                                                  {.title = "NEEDS", .right = true},
                                                  {.title = "FOLLOWED FROM"},
                                                  {.title = "LAG"},
                                                  {.title = "LAST CONTACT"}};
    struct arena *arena = client->arena;
    struct table *table = table_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n_registries; i++) {
        const pb_registry *registry = answer->registries[i];
        const char *cells[] = {registry->id,
                               arena_format(arena, "%" PRIu64, registry->organisations),
                               arena_format(arena, "%" PRIu64, registry->offers),
                               arena_format(arena, "%" PRIu64, registry->needs),
                               registry->upstream,
                               lag_of(arena, status, registry),
                               registry->last_contact_time ? record_time(arena, registry->last_contact_time)
                                                           : ""};
        table_add(table, cells);
        if (*registry->upstream_error)
            table_note(table, registry->upstream_error);
    }
    if (answer->n_registries)
        output_table(&client->output, table);
    else
        puts("there is no registry yet");
}

int status_registries(struct client *client, const status_response *status)
{
    Partner__V1__ListRegistriesRequest request = PARTNER__V1__LIST_REGISTRIES_REQUEST__INIT;
    ProtobufCMessage *message;
    int failed = client_read(client, LIST_PATH, &request.base,
                             &partner__v1__list_registries_response__descriptor, &message);
    if (failed)
        return failed;
    const Partner__V1__ListRegistriesResponse *answer = (const void *)message;
    if (output_wants_table(&client->output, true)) {
        write_table(client, status, answer);
        return EXIT_DONE;
    }
    struct status written =
        output_list(&client->output, &(struct output_list){
                                         .whole = message,
                                         .rows = (const ProtobufCMessage *const *)answer->registries,
                                         .row_count = answer->n_registries,
                                         .row = &partner__v1__registry__descriptor,
                                         .columns = csv_columns,
                                     });
    return status_ok(written) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", written.message);
}
