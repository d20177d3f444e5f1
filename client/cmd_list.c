#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/enums.h"
#include "client/exit.h"
#include "client/record_text.h"
#include "client/table.h"
#include "client/words.h"
#include "partner/v1/registry.pb-c.h"

#define LIST_PATH "/partner.v1.RegistryService/ListOrganisations"
#define ALL_PAGE  1000

static const char *const csv_columns[] = {"id",   "name",  "country", "region",
                                          "city", "roles", "sectors", NULL};

/* All pages as one answer. */
struct listing {
    Partner__V1__ListOrganisationsResponse whole;
};

static void keep_page(struct client *client, struct listing *listing,
                      const Partner__V1__ListOrganisationsResponse *page)
{
    size_t have = listing->whole.n_organisations, more = page->n_organisations;
    Partner__V1__Organisation **all = arena_array(client->arena, have + more + 1, sizeof *all);
    for (size_t i = 0; i < have; i++)
        all[i] = listing->whole.organisations[i];
    for (size_t i = 0; i < more; i++)
        all[have + i] = page->organisations[i];
    listing->whole = *page;
    listing->whole.organisations = all;
    listing->whole.n_organisations = have + more;
}

static void write_table(struct client *client, const Partner__V1__ListOrganisationsResponse *answer)
{
    static const struct table_column columns[] = {{.title = "ID"},
                                                  {.title = "NAME", .least = 16},
                                                  {.title = "PLACE", .least = 10},
                                                  {.title = "ROLES", .least = 8},
                                                  {.title = "SECTORS", .least = 8}};
    struct arena *arena = client->arena;
    struct table *table = table_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n_organisations; i++) {
        const Partner__V1__Organisation *organisation = answer->organisations[i];
        const char *gap = *organisation->city && *organisation->country ? ", " : "";
        const char *cells[] = {
            organisation->id, organisation->name,
            arena_format(arena, "%s%s%s", organisation->city, gap, organisation->country),
            record_enums(arena, &partner__v1__role__descriptor, organisation->roles, organisation->n_roles),
            record_strings(arena, organisation->sectors, organisation->n_sectors)};
        table_add(table, cells);
    }
    if (answer->n_organisations)
        output_table(&client->output, table);
    else
        puts("no organisation is like that");
    if (*answer->next_page_token)
        puts("there are more: --all");
}

static int read_request(struct client *client, Partner__V1__ListOrganisationsRequest *request)
{
    const struct flags *flags = &client->flags;
    const char *token = flags_text(flags, "page-token"), *registry = flags_text(flags, "registry");
    const char *query = "";
    int *roles = NULL;
    for (size_t i = 0; i < flags->word_count; i++)
        query = arena_format(client->arena, "%s%s%s", query, i ? " " : "", flags->words[i]);
    request->query = (char *)query;
    request->registry = (char *)(registry ? registry : "");
    request->page_size = flags_number(flags, "page-size");
    if (flags_has(flags, "all") && !request->page_size)
        request->page_size = ALL_PAGE;
    request->page_token = (char *)(token ? token : "");
    request->min_revision = client_min_revision(client);
    int failed = enums_of_flag(client, "role", &partner__v1__role__descriptor, &roles, &request->n_roles);
    request->roles = (Partner__V1__Role *)(void *)roles;
    if (!failed)
        failed = words_of_flag(client, PARTNER__V1__SCHEME__SCHEME_COUNTRY, "country", &request->countries,
                               &request->n_countries);
    if (!failed)
        failed = words_of_flag(client, PARTNER__V1__SCHEME__SCHEME_SECTOR, "sector", &request->sectors,
                               &request->n_sectors);
    return failed;
}

int cmd_list(struct client *client)
{
    Partner__V1__ListOrganisationsRequest request = PARTNER__V1__LIST_ORGANISATIONS_REQUEST__INIT;
    struct listing listing = {0};
    bool all = flags_has(&client->flags, "all");
    int failed = read_request(client, &request);
    if (failed)
        return failed;
    do {
        ProtobufCMessage *message;
        failed = client_read(client, LIST_PATH, &request.base,
                             &partner__v1__list_organisations_response__descriptor, &message);
        if (failed)
            return failed;
        keep_page(client, &listing, (const void *)message);
        request.page_token = listing.whole.next_page_token;
    } while (all && *request.page_token);
    if (output_wants_table(&client->output, true)) {
        write_table(client, &listing.whole);
        return EXIT_DONE;
    }
    struct status status =
        output_list(&client->output, &(struct output_list){
                                         .whole = &listing.whole.base,
                                         .rows = (const ProtobufCMessage *const *)listing.whole.organisations,
                                         .row_count = listing.whole.n_organisations,
                                         .row = &partner__v1__organisation__descriptor,
                                         .columns = csv_columns,
                                     });
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
