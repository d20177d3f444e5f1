#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/facts.h"
#include "client/record_text.h"
#include "client/status_registries.h"
#include "partner/v1/admin.pb-c.h"

#define STATUS_PATH "/partner.v1.AdminService/GetStatus"

static const char *const csv_columns[] = {"version",
                                          "revision",
                                          "database_revision",
                                          "database_reachable",
                                          "start_time",
                                          "organisations",
                                          "offers",
                                          "needs",
                                          "index_bytes",
                                          NULL};

static uint64_t rejected_of(const Partner__V1__UpstreamStatus *upstream)
{
    uint64_t count = 0;
    for (size_t i = 0; i < upstream->n_rejected; i++)
        count += upstream->rejected[i]->count;
    return count;
}

/* "madrid, https://...: 3 registries, lag none" */
static const char *upstream_text(struct arena *arena, const Partner__V1__UpstreamStatus *upstream)
{
    uint64_t rejected = rejected_of(upstream);
    const char *text =
        arena_format(arena, "%s, %s: %s, %zu registries, lag %s", upstream->name, upstream->url,
                     upstream->connected ? "connected" : "NOT connected", upstream->n_registries,
                     status_lag_text(arena, upstream->lag_revisions, upstream->lag_seconds));
    if (upstream->n_left_out)
        text = arena_format(arena, "%s, %zu left out", text, upstream->n_left_out);
    if (rejected)
        text = arena_format(arena, "%s, %" PRIu64 " records rejected", text, rejected);
    return *upstream->error ? arena_format(arena, "%s: %s", text, upstream->error) : text;
}

static void write_facts(struct client *client, const Partner__V1__GetStatusResponse *answer)
{
    struct arena *arena = client->arena;
    struct table *table = facts_new(client);
    facts_add(table, "server", client->settings.of[SETTING_SERVER].value);
    facts_add(table, "version", answer->version);
    facts_add(table, "database",
              answer->database_reachable ? "reachable"
                                         : "NOT reachable: reads are answered from memory, writes wait");
    facts_add(table, "revision",
              arena_format(arena, "%" PRIu64 " of %" PRIu64, answer->revision, answer->database_revision));
    facts_add(table, "organisations", arena_format(arena, "%" PRIu64, answer->organisations));
    facts_add(table, "offers", arena_format(arena, "%" PRIu64, answer->offers));
    facts_add(table, "needs", arena_format(arena, "%" PRIu64, answer->needs));
    facts_add(table, "index", arena_format(arena, "%.1f MiB", (double)answer->index_bytes / 1048576));
    facts_add(table, "since", record_time(arena, answer->start_time));
    for (size_t i = 0; i < answer->n_vocabularies; i++)
        facts_add(table, i ? "" : "vocabularies", answer->vocabularies[i]);
    for (size_t i = 0; i < answer->n_upstreams; i++)
        facts_add(table, i ? "" : "follows", upstream_text(arena, answer->upstreams[i]));
    facts_write(client, table);
}

int cmd_status(struct client *client)
{
    Partner__V1__GetStatusRequest request = PARTNER__V1__GET_STATUS_REQUEST__INIT;
    ProtobufCMessage *message;
    int failed = client_read(client, STATUS_PATH, &request.base,
                             &partner__v1__get_status_response__descriptor, &message);
    if (failed)
        return failed;
    if (flags_has(&client->flags, "registries"))
        return status_registries(client, (const void *)message);
    if (output_wants_table(&client->output, false)) {
        write_facts(client, (const void *)message);
        return EXIT_DONE;
    }
    struct status status = output_one(&client->output, message, csv_columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
