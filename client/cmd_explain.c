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

#define EXPLAIN_PATH "/partner.v1.MatchService/ExplainMatch"

static const char *const csv_columns[] = {
    "match.organisation_id", "match.offer_id", "match.name", "match.score", "eligible", "rank", NULL};

/* An id says nothing of its kind: an organisation is tried first, then an offer. */
static struct status ask(struct client *client, const struct question *question,
                         ProtobufCMessage **ret_answer)
{
    Partner__V1__ExplainMatchRequest request = PARTNER__V1__EXPLAIN_MATCH_REQUEST__INIT;
    char *id = (char *)client->flags.words[0];
    request.what_case = question->need ? PARTNER__V1__EXPLAIN_MATCH_REQUEST__WHAT_NEED
                                       : PARTNER__V1__EXPLAIN_MATCH_REQUEST__WHAT_NEED_ID;
    if (question->need)
        request.need = question->need;
    else
        request.need_id = (char *)question->need_id;
    request.sender_id = (char *)question->sender_id;
    request.network = question->network;
    request.weights = question->weights;
    request.min_revision = client_min_revision(client);
    request.host_case = PARTNER__V1__EXPLAIN_MATCH_REQUEST__HOST_ORGANISATION_ID;
    request.organisation_id = id;
    struct client_call call = {EXPLAIN_PATH, &request.base, &partner__v1__explain_match_response__descriptor,
                               CLIENT_TIMEOUT_MS, CLIENT_PATIENCE_MS};
    struct status status = client_call(client, &call, ret_answer);
    if (status.code != STATUS_NOT_FOUND)
        return status;
    request.host_case = PARTNER__V1__EXPLAIN_MATCH_REQUEST__HOST_OFFER_ID;
    request.offer_id = id;
    struct status second = client_call(client, &call, ret_answer);
    return second.code == STATUS_NOT_FOUND ? status : second;
}

static void write_criteria(struct client *client, const Partner__V1__Match *match)
{
    static const struct table_column columns[] = {{.title = "WISH OR CRITERION"},
                                                  {.title = "MET"},
                                                  {.title = "VALUE", .right = true},
                                                  {.title = "WEIGHT", .right = true},
                                                  {.title = "WHY", .wrap = true, .least = 30}};
    struct table *table = table_new(client->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < match->n_criteria; i++) {
        const Partner__V1__Criterion *criterion = match->criteria[i];
        bool filter = criterion->filter;
        const char *cells[] = {filter ? match_filter_name(criterion->name) : criterion->name,
                               filter ? (criterion->met ? "yes" : "NO") : "",
                               filter ? "" : arena_format(client->arena, "%.3f", criterion->value),
                               filter ? "" : arena_format(client->arena, "%.2f", criterion->weight),
                               criterion->reason};
        table_add(table, cells);
    }
    output_table(&client->output, table);
}

static const char *outcome_name(const Partner__V1__Outcome *outcome)
{
    return !outcome ? "" : *outcome->text ? outcome->text : outcome->concept;
}

static void write_outcomes(struct client *client, const Partner__V1__Match *match)
{
    static const struct table_column columns[] = {
        {.title = "WANTED", .least = 20}, {.title = "OFFERED", .least = 20}, {.title = "FIT", .right = true}};
    struct table *table = table_new(client->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < match->n_outcomes; i++) {
        const Partner__V1__OutcomeFit *fit = match->outcomes[i];
        const char *offered = outcome_name(fit->offered);
        const char *cells[] = {outcome_name(fit->wanted), *offered ? offered : "missing",
                               arena_format(client->arena, "%.1f", fit->fit)};
        table_add(table, cells);
    }
    if (match->n_outcomes) {
        puts("");
        output_table(&client->output, table);
    }
}

static void write_person(struct client *client, const Partner__V1__ExplainMatchResponse *answer)
{
    const Partner__V1__Match *match = answer->match;
    const struct output *output = &client->output;
    output_line(output, "%s (%s), %s", match->name, match->organisation_id,
                match_place(client->arena, match));
    if (*match->offer_id)
        output_line(output, "offer: %s%s%s%s", match->offer_id, *match->title ? ", " : "", match->title,
                    *match_days(client->arena, match)
                        ? arena_format(client->arena, ", %s days", match_days(client->arena, match))
                        : "");
    else
        output_line(output, "matched on its own profile: it has no offers");
    if (answer->eligible)
        output_line(output, "fits all wishes; rank %" PRIu64 ", score %.3f  %s", answer->rank, match->score,
                    match_letters(client->arena, match->scorecard, output->utf8));
    else
        output_line(output, "does not fit; score without the wishes that it misses: %.3f  %s", match->score,
                    match_letters(client->arena, match->scorecard, output->utf8));
    puts("");
    write_criteria(client, match);
    write_outcomes(client, match);
    if (match->scorecard)
        for (size_t i = 0; i < match->scorecard->n_notes; i++)
            output_line(output, "%s", match->scorecard->notes[i]);
}

int cmd_explain(struct client *client)
{
    struct question question;
    ProtobufCMessage *message;
    int failed = need_from_flags(client, &question);
    if (failed)
        return failed;
    struct status status = ask(client, &question, &message);
    if (!status_ok(status))
        return client_report(client, status);
    const Partner__V1__ExplainMatchResponse *answer = (const void *)message;
    if (output_wants_table(&client->output, false) && answer->match) {
        write_person(client, answer);
        return EXIT_DONE;
    }
    status = output_one(&client->output, message, csv_columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
