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

#define SENDERS_PATH "/partner.v1.MatchService/FindSenders"
#define ALL_PAGE     1000

static const char *const csv_columns[] = {"organisation_id",
                                          "need_id",
                                          "name",
                                          "country",
                                          "city",
                                          "title",
                                          "learners",
                                          "duration.min_days",
                                          "duration.max_days",
                                          "score",
                                          "scorecard.strategic",
                                          "scorecard.meaningful",
                                          "scorecard.recognisable",
                                          "scorecard.transferable",
                                          "network.distance",
                                          NULL};

static const char *const csv_columns_brief[] = {
    "organisation_id",   "need_id",           "name",  "country", "city", "title",
    "duration.min_days", "duration.max_days", "score", NULL};

/* ---- the offer ---- */

/* Flags that describe an offer, as against naming a stored one. */
static const char *const offer_flags[] = {"host",    "sector", "outcome", "language", "stay",
                                          "days",    "weeks",  "months",  "places",   "from-date",
                                          "to-date", "level",  "theme",   "mode"};

/* One window, where dates or places are stated. */
static void add_window(struct client *client, Partner__V1__Offer *offer, Partner__V1__DateRange *period)
{
    uint32_t places = flags_number(&client->flags, "places");
    if (!period && !places)
        return;
    Partner__V1__Window *window = arena_alloc(client->arena, sizeof *window);
    partner__v1__window__init(window);
    window->period = period;
    window->places = places ? places : 1;
    offer->windows = arena_array(client->arena, 1, sizeof *offer->windows);
    offer->windows[offer->n_windows++] = window;
}

/* The flags say of an offer what they say of a need elsewhere. */
static Partner__V1__Offer *offer_of(struct client *client, const Partner__V1__Need *from)
{
    Partner__V1__Offer *offer = arena_alloc(client->arena, sizeof *offer);
    partner__v1__offer__init(offer);
    offer->organisation_id = (char *)flags_text(&client->flags, "host");
    offer->sectors = from->sectors;
    offer->n_sectors = from->n_sectors;
    offer->duration = from->duration;
    offer->outcomes = from->outcomes;
    offer->n_outcomes = from->n_outcomes;
    offer->languages = from->languages;
    offer->n_languages = from->n_languages;
    offer->modes = from->modes;
    offer->n_modes = from->n_modes;
    offer->themes = from->themes;
    offer->n_themes = from->n_themes;
    if (from->eqf_level) {
        offer->eqf_levels = arena_copy(client->arena, &from->eqf_level, sizeof from->eqf_level);
        offer->n_eqf_levels = 1;
    }
    add_window(client, offer, from->period);
    return offer;
}

static int read_offer(struct client *client, const struct question *question,
                      Partner__V1__FindSendersRequest *request)
{
    const char *stored = flags_text(&client->flags, "offer");
    for (unsigned i = 0; stored && i < sizeof offer_flags / sizeof *offer_flags; i++)
        if (flags_has(&client->flags, offer_flags[i]))
            return client_fail(EXIT_USAGE, "leave one of them out",
                               "--offer names a stored offer, so --%s can't change it", offer_flags[i]);
    if (stored) {
        request->what_case = PARTNER__V1__FIND_SENDERS_REQUEST__WHAT_OFFER_ID;
        request->offer_id = (char *)stored;
        return EXIT_DONE;
    }
    if (!flags_has(&client->flags, "host"))
        return client_fail(EXIT_USAGE, "name an offer with --offer, or describe one with --host",
                           "whose offer it is isn't said");
    request->what_case = PARTNER__V1__FIND_SENDERS_REQUEST__WHAT_OFFER;
    request->offer = offer_of(client, question->need);
    return EXIT_DONE;
}

/* ---- asking ---- */

/* All pages as one answer: the first page's, with everybody's matches. */
static void take_page(struct client *client, Partner__V1__FindSendersResponse *answer,
                      const Partner__V1__FindSendersResponse *page, bool first)
{
    size_t have = answer->n_matches, more = page->n_matches;
    if (first) {
        *answer = *page;
    } else {
        answer->matches = arena_grow(client->arena, answer->matches, have * sizeof *answer->matches,
                                     (have + more) * sizeof *answer->matches);
        for (size_t i = 0; i < more; i++)
            answer->matches[answer->n_matches++] = page->matches[i];
    }
    answer->next_page_token = page->next_page_token;
}

static int ask(struct client *client, Partner__V1__FindSendersRequest *request,
               Partner__V1__FindSendersResponse *answer)
{
    bool all = flags_has(&client->flags, "all");
    for (bool first = true;; first = false) {
        ProtobufCMessage *page;
        int failed = client_read(client, SENDERS_PATH, &request->base,
                                 &partner__v1__find_senders_response__descriptor, &page);
        if (failed)
            return failed;
        take_page(client, answer, (const void *)page, first);
        request->page_token = answer->next_page_token;
        if (!all || !*request->page_token)
            return EXIT_DONE;
    }
}

static int find(struct client *client, Partner__V1__FindSendersResponse *answer)
{
    struct question question;
    Partner__V1__FindSendersRequest request = PARTNER__V1__FIND_SENDERS_REQUEST__INIT;
    const char *token = flags_text(&client->flags, "page-token");
    int failed = need_from_flags(client, &question);
    if (!failed)
        failed = read_offer(client, &question, &request);
    if (failed)
        return failed;
    request.network = question.network;
    request.weights = question.weights;
    request.view = flags_has(&client->flags, "brief") ? PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC
                                                      : PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL;
    request.page_size = flags_number(&client->flags, "page-size");
    if (flags_has(&client->flags, "all") && !request.page_size)
        request.page_size = ALL_PAGE;
    request.page_token = (char *)(token ? token : "");
    request.min_revision = client_min_revision(client);
    return ask(client, &request, answer);
}

/* ---- writing ---- */

/* What the texts for hosts read of a match, taken from a sender's. */
static Partner__V1__Match view_of(const Partner__V1__SenderMatch *from)
{
    Partner__V1__Match match = PARTNER__V1__MATCH__INIT;
    match.title = from->title;
    match.country = from->country;
    match.city = from->city;
    match.duration = from->duration;
    match.criteria = from->criteria;
    match.n_criteria = from->n_criteria;
    match.network = from->network;
    return match;
}

static void write_table(struct client *client, const Partner__V1__FindSendersResponse *answer, bool brief)
{
    static const struct table_column columns[] = {{.title = "#", .right = true},
                                                  {.title = "SENDER", .least = 16},
                                                  {.title = "PLACE", .least = 8},
                                                  {.title = "LEARNERS", .right = true},
                                                  {.title = "DAYS", .right = true},
                                                  {.title = "SCORE", .right = true},
                                                  {.title = "SMaRT"}};
    size_t column_count = sizeof columns / sizeof *columns - (brief ? 1 : 0);
    struct table *table = table_new(client->arena, columns, column_count);
    for (size_t i = 0; i < answer->n_matches; i++) {
        const Partner__V1__SenderMatch *match = answer->matches[i];
        Partner__V1__Match view = view_of(match);
        const char *cells[] = {arena_format(client->arena, "%zu", i + 1),
                               match->name,
                               match_place(client->arena, &view),
                               match->learners ? arena_format(client->arena, "%u", match->learners) : "",
                               match_days(client->arena, &view),
                               arena_format(client->arena, "%.3f", match->score),
                               match_letters(client->arena, match->scorecard, client->output.utf8)};
        table_add(table, cells);
        table_note(table, match_note(client->arena, &view));
    }
    if (answer->n_matches)
        output_table(&client->output, table);
}

/* How many fit, and where few do, which of the needs' wishes keep others out. */
static void write_summary(struct client *client, const Partner__V1__FindSendersResponse *answer, FILE *file)
{
    const char *more = *answer->next_page_token ? "; more with --all, or --page-token " : "";
    if (!answer->eligible)
        fputs("no sender's need fits this offer\n", file);
    else
        fprintf(file, "%" PRIu64 " sender%s fit%s%s%s\n", answer->eligible, answer->eligible == 1 ? "" : "s",
                answer->eligible == 1 ? "s" : "", more, answer->next_page_token);
    Partner__V1__FindHostsResponse view = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    view.eligible = answer->eligible;
    view.relaxations = answer->relaxations;
    view.n_relaxations = answer->n_relaxations;
    fputs(match_advice(client->arena, &view), file);
}

int cmd_senders(struct client *client)
{
    Partner__V1__FindSendersResponse answer = PARTNER__V1__FIND_SENDERS_RESPONSE__INIT;
    bool brief = flags_has(&client->flags, "brief");
    int failed = find(client, &answer);
    if (failed)
        return failed;
    need_tell_interpretations(answer.interpretations, answer.n_interpretations);
    if (output_wants_table(&client->output, true)) {
        write_table(client, &answer, brief);
        write_summary(client, &answer, stdout);
        return EXIT_DONE;
    }
    if (output_format(&client->output, true) != OUTPUT_JSON)
        write_summary(client, &answer, stderr);
    struct status status =
        output_list(&client->output, &(struct output_list){
                                         .whole = &answer.base,
                                         .rows = (const ProtobufCMessage *const *)answer.matches,
                                         .row_count = answer.n_matches,
                                         .row = &partner__v1__sender_match__descriptor,
                                         .columns = brief ? csv_columns_brief : csv_columns,
                                     });
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
