#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/match_text.h"
#include "client/need.h"
#include "client/table.h"
#include "partner/v1/match.pb-c.h"

#define FIND_PATH "/partner.v1.MatchService/FindHosts"
#define ALL_PAGE  1000

static const char *const csv_columns[] = {"organisation_id",
                                          "offer_id",
                                          "name",
                                          "country",
                                          "city",
                                          "title",
                                          "duration.min_days",
                                          "duration.max_days",
                                          "score",
                                          "scorecard.strategic",
                                          "scorecard.meaningful",
                                          "scorecard.recognisable",
                                          "scorecard.transferable",
                                          "free_places",
                                          "network.distance",
                                          NULL};

static const char *const csv_columns_brief[] = {
    "organisation_id",   "offer_id",          "name",  "country", "city", "title",
    "duration.min_days", "duration.max_days", "score", NULL};

/* All pages as one answer: the first page's, with everybody's matches. */
struct found {
    Partner__V1__FindHostsResponse answer;
};

static void take_page(struct client *client, struct found *found, const Partner__V1__FindHostsResponse *page,
                      bool first)
{
    size_t have = found->answer.n_matches;
    if (first)
        found->answer = *page;
    else if (have + page->n_matches > 0) {
        Partner__V1__Match **matches = arena_array(client->arena, have + page->n_matches, sizeof *matches);
        for (size_t i = 0; i < have; i++)
            matches[i] = found->answer.matches[i];
        for (size_t i = 0; i < page->n_matches; i++)
            matches[have + i] = page->matches[i];
        found->answer.matches = matches;
        found->answer.n_matches = have + page->n_matches;
    }
    found->answer.next_page_token = page->next_page_token;
}

static int ask(struct client *client, const struct question *question, struct found *found)
{
    Partner__V1__FindHostsRequest request = PARTNER__V1__FIND_HOSTS_REQUEST__INIT;
    bool all = flags_has(&client->flags, "all");
    const char *token = flags_text(&client->flags, "page-token");
    request.what_case = question->need ? PARTNER__V1__FIND_HOSTS_REQUEST__WHAT_NEED
                                       : PARTNER__V1__FIND_HOSTS_REQUEST__WHAT_NEED_ID;
    if (question->need)
        request.need = question->need;
    else
        request.need_id = (char *)question->need_id;
    request.sender_id = (char *)question->sender_id;
    request.network = question->network;
    request.weights = question->weights;
    request.view = flags_has(&client->flags, "brief") ? PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC
                                                      : PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL;
    request.page_size = flags_number(&client->flags, "page-size");
    if (all && !request.page_size)
        request.page_size = ALL_PAGE;
    request.page_token = (char *)(token ? token : "");
    request.min_revision = client_min_revision(client);
    for (bool first = true;; first = false) {
        ProtobufCMessage *answer;
        int failed = client_read(client, FIND_PATH, &request.base,
                                 &partner__v1__find_hosts_response__descriptor, &answer);
        if (failed)
            return failed;
        take_page(client, found, (const void *)answer, first);
        request.page_token = found->answer.next_page_token;
        if (!all || !*request.page_token)
            return EXIT_DONE;
    }
}

static void write_table(struct client *client, const Partner__V1__FindHostsResponse *answer, bool brief)
{
    static const struct table_column columns[] = {
        {.title = "#", .right = true},    {.title = "HOST", .least = 16},    {.title = "PLACE", .least = 8},
        {.title = "DAYS", .right = true}, {.title = "SCORE", .right = true}, {.title = "SMaRT"}};
    size_t column_count = sizeof columns / sizeof *columns - (brief ? 1 : 0);
    struct table *table = table_new(client->arena, columns, column_count);
    for (size_t i = 0; i < answer->n_matches; i++) {
        const Partner__V1__Match *match = answer->matches[i];
        const char *cells[] = {arena_format(client->arena, "%zu", i + 1),
                               match->name,
                               match_place(client->arena, match),
                               match_days(client->arena, match),
                               arena_format(client->arena, "%.3f", match->score),
                               match_letters(client->arena, match->scorecard, client->output.utf8)};
        table_add(table, cells);
        table_note(table, match_note(client->arena, match));
    }
    if (answer->n_matches)
        output_table(&client->output, table);
}

/* How many fit, and where few do, what would bring more. */
static void write_summary(struct client *client, const Partner__V1__FindHostsResponse *answer, FILE *file)
{
    bool more = *answer->next_page_token != '\0', person = file == stdout;
    if (!answer->eligible)
        fputs("no host fits all wishes\n", file);
    else
        fprintf(file, "%" PRIu64 " host%s fit%s%s%s%s\n", answer->eligible, answer->eligible == 1 ? "" : "s",
                answer->eligible == 1 ? "s" : "", more ? "; more with --all" : "",
                more && !person ? ", or --page-token " : "", more && !person ? answer->next_page_token : "");
    const char *advice = match_advice(client->arena, answer);
    if (*advice)
        fputs(advice, file);
}

int cmd_find(struct client *client)
{
    struct question question;
    struct found found = {0};
    int failed = need_from_flags(client, &question);
    if (!failed)
        failed = ask(client, &question, &found);
    if (failed)
        return failed;
    const Partner__V1__FindHostsResponse *answer = &found.answer;
    bool brief = flags_has(&client->flags, "brief");
    need_tell_sender(client, &question);
    need_tell_interpretations(answer->interpretations, answer->n_interpretations);
    if (output_wants_table(&client->output, true)) {
        write_table(client, answer, brief);
        write_summary(client, answer, stdout);
        return EXIT_DONE;
    }
    if (output_format(&client->output, true) != OUTPUT_JSON)
        write_summary(client, answer, stderr);
    struct status status =
        output_list(&client->output, &(struct output_list){
                                         .whole = &answer->base,
                                         .rows = (const ProtobufCMessage *const *)answer->matches,
                                         .row_count = answer->n_matches,
                                         .row = &partner__v1__match__descriptor,
                                         .columns = brief ? csv_columns_brief : csv_columns,
                                     });
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
