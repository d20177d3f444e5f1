#include <stdio.h>

#include "base/arena.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/facts.h"
#include "client/record_text.h"
#include "client/table.h"
#include "partner/v1/registry.pb-c.h"

#define GET_PATH "/partner.v1.RegistryService/GetOrganisation"

static const char *const csv_columns[] = {
    "organisation.id",   "organisation.name",  "organisation.country", "organisation.region",
    "organisation.city", "organisation.roles", "organisation.sectors", NULL};

static void write_organisation(struct client *client, const Partner__V1__Organisation *organisation)
{
    struct arena *arena = client->arena;
    struct table *table = facts_new(client);
    facts_add(table, "id", organisation->id);
    facts_add(table, "name", organisation->name);
    for (size_t i = 0; i < organisation->n_other_names; i++)
        facts_add(table, i ? "" : "other names", organisation->other_names[i]->value);
    facts_add(
        table, "roles",
        record_enums(arena, &partner__v1__role__descriptor, organisation->roles, organisation->n_roles));
    facts_add(table, "country", organisation->country);
    facts_add(table, "region", organisation->region);
    facts_add(table, "city", organisation->city);
    facts_add(table, "website", organisation->website);
    facts_add(table, "sectors", record_strings(arena, organisation->sectors, organisation->n_sectors));
    facts_add(table, "industry", organisation->industry);
    facts_add(table, "languages",
              record_languages(arena, organisation->languages, organisation->n_languages));
    facts_add(
        table, "themes",
        record_enums(arena, &partner__v1__theme__descriptor, organisation->themes, organisation->n_themes));
    for (size_t i = 0; i < organisation->n_identifiers; i++)
        facts_add(table, i ? "" : "identifiers",
                  arena_format(arena, "%s %s%s", organisation->identifiers[i]->scheme,
                               organisation->identifiers[i]->value,
                               organisation->identifiers[i]->former ? " (former)" : ""));
    if (organisation->accreditation)
        facts_add(table, "accreditation", organisation->accreditation->code);
    if (organisation->strategy)
        facts_add(table, "strategy", organisation->strategy->summary);
    if (organisation->contact)
        facts_add(table, "contact",
                  arena_format(arena, "%s %s %s", organisation->contact->name, organisation->contact->email,
                               organisation->contact->phone));
    facts_add(table, "also as", record_strings(arena, organisation->same_as, organisation->n_same_as));
    facts_add(table, "updated", record_time(arena, organisation->update_time));
    facts_write(client, table);
}

static void write_offers(struct client *client, const Partner__V1__GetOrganisationResponse *answer)
{
    static const struct table_column columns[] = {{.title = "OFFER"},
                                                  {.title = "TITLE", .least = 16},
                                                  {.title = "SECTORS", .least = 8},
                                                  {.title = "DAYS", .right = true},
                                                  {.title = "LANGUAGES", .least = 9},
                                                  {.title = "OUTCOMES", .right = true}};
    struct arena *arena = client->arena;
    struct table *table = table_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n_offers; i++) {
        const Partner__V1__Offer *offer = answer->offers[i];
        const char *cells[] = {offer->id,
                               offer->title,
                               record_strings(arena, offer->sectors, offer->n_sectors),
                               record_days(arena, offer->duration),
                               record_languages(arena, offer->languages, offer->n_languages),
                               arena_format(arena, "%zu", offer->n_outcomes)};
        table_add(table, cells);
    }
    if (answer->n_offers) {
        puts("");
        output_table(&client->output, table);
    }
}

static void write_needs(struct client *client, const Partner__V1__GetOrganisationResponse *answer)
{
    static const struct table_column columns[] = {{.title = "NEED"},
                                                  {.title = "TITLE", .least = 16},
                                                  {.title = "SECTORS", .least = 8},
                                                  {.title = "DAYS", .right = true},
                                                  {.title = "COUNTRIES", .least = 9},
                                                  {.title = "LEARNERS", .right = true}};
    struct arena *arena = client->arena;
    struct table *table = table_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n_needs; i++) {
        const Partner__V1__Need *need = answer->needs[i];
        const char *cells[] = {need->id,
                               need->title,
                               record_strings(arena, need->sectors, need->n_sectors),
                               record_days(arena, need->duration),
                               record_strings(arena, need->countries, need->n_countries),
                               need->learners ? arena_format(arena, "%u", need->learners) : ""};
        table_add(table, cells);
    }
    if (answer->n_needs) {
        puts("");
        output_table(&client->output, table);
    }
}

static void write_partnerships(struct client *client, const Partner__V1__GetOrganisationResponse *answer)
{
    static const struct table_column columns[] = {{.title = "PARTNERSHIP"},
                                                  {.title = "WITH", .least = 16},
                                                  {.title = "SINCE"},
                                                  {.title = "UNTIL"},
                                                  {.title = "MOBILITIES", .right = true}};
    struct arena *arena = client->arena;
    struct table *table = table_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n_partnerships; i++) {
        const Partner__V1__Partnership *partnership = answer->partnerships[i];
        const char *cells[] = {
            partnership->id,
            record_strings(arena, partnership->organisation_ids, partnership->n_organisation_ids),
            partnership->since, partnership->until, arena_format(arena, "%u", partnership->mobilities)};
        table_add(table, cells);
    }
    if (answer->n_partnerships) {
        puts("");
        output_table(&client->output, table);
    }
}

int cmd_show(struct client *client)
{
    Partner__V1__GetOrganisationRequest request = PARTNER__V1__GET_ORGANISATION_REQUEST__INIT;
    ProtobufCMessage *message;
    request.id = (char *)client->flags.words[0];
    request.min_revision = client_min_revision(client);
    int failed = client_read(client, GET_PATH, &request.base,
                             &partner__v1__get_organisation_response__descriptor, &message);
    if (failed)
        return failed;
    const Partner__V1__GetOrganisationResponse *answer = (const void *)message;
    if (output_wants_table(&client->output, false) && answer->organisation) {
        write_organisation(client, answer->organisation);
        write_offers(client, answer);
        write_needs(client, answer);
        write_partnerships(client, answer);
        if (answer->truncated)
            fputs("there is more than fits into one answer\n", stderr);
        return EXIT_DONE;
    }
    struct status status = output_one(&client->output, message, csv_columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
