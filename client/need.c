#include "client/need.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/enums.h"
#include "client/exit.h"
#include "client/file.h"
#include "client/stay.h"
#include "client/words.h"
#include "partner/v1/registry.pb-c.h"
#include "rpc/json.h"

#define SENDER_PATH     "/partner.v1.RegistryService/GetOrganisation"
#define NEED_FILE_BYTES (64u << 10) /* what a match request takes */

/* Flags that describe a need, as against naming a stored one. */
static const char *const need_flags[] = {
    "need-file", "sector", "outcome",   "essential", "country",  "region",     "language", "stay",  "days",
    "weeks",     "months", "from-date", "to-date",   "learners", "max-absent", "level",    "theme", "mode"};

/* ---- how long, and when ---- */

static int read_stay(struct client *client, Partner__V1__Need *need)
{
    static const struct {
        const char *flag;
        char unit;
    } units[] = {{"stay", 'd'}, {"days", 'd'}, {"weeks", 'w'}, {"months", 'm'}};
    const char *given = NULL;
    for (unsigned i = 0; i < sizeof units / sizeof *units; i++) {
        struct stay stay;
        const char *text = flags_text(&client->flags, units[i].flag);
        if (!text)
            continue;
        if (given)
            return client_fail(EXIT_USAGE, NULL, "--%s and --%s say the same thing; give one", given,
                               units[i].flag);
        if (!stay_parse(text, units[i].unit, &stay))
            return client_fail(EXIT_INVALID, "write 14d, 3w, 6m or a range such as 14-21 or 2w-3w",
                               "--%s: '%s' is no length from 1 to 3,660 days", units[i].flag, text);
        given = units[i].flag;
        need->duration = arena_alloc(client->arena, sizeof *need->duration);
        partner__v1__day_range__init(need->duration);
        need->duration->min_days = stay.min_days;
        need->duration->max_days = stay.max_days;
        if (stay.min_days == stay.max_days)
            fprintf(stderr, "stay: %u days\n", stay.min_days);
        else
            fprintf(stderr, "stay: %u to %u days\n", stay.min_days, stay.max_days);
    }
    return EXIT_DONE;
}

static void read_period(struct client *client, Partner__V1__Need *need)
{
    const char *from = flags_text(&client->flags, "from-date"), *to = flags_text(&client->flags, "to-date");
    if (!from && !to)
        return;
    if (!need->period) {
        need->period = arena_alloc(client->arena, sizeof *need->period);
        partner__v1__date_range__init(need->period);
    }
    if (from)
        need->period->start_date = (char *)from;
    if (to)
        need->period->end_date = (char *)to;
}

/* ---- outcomes ---- */

static bool is_uri(const char *text)
{
    return text_starts_with(text, "http://") || text_starts_with(text, "https://") ||
           text_starts_with(text, "urn:");
}

static void add_outcomes(struct client *client, const char *flag, bool essential,
                         Partner__V1__Outcome **outcomes, size_t *count)
{
    const char **texts;
    size_t more = flags_list(&client->flags, client->arena, flag, &texts);
    for (size_t i = 0; i < more; i++) {
        Partner__V1__Outcome *outcome = arena_alloc(client->arena, sizeof *outcome);
        partner__v1__outcome__init(outcome);
        if (is_uri(texts[i]))
        outcome->concept = (char *)texts[i];
        else outcome->text = (char *)texts[i];
        outcome->essential = essential;
        outcomes[(*count)++] = outcome;
    }
}

/* Words go as they are: the server reads them, and its answer says how. */
static void read_outcomes(struct client *client, Partner__V1__Need *need)
{
    const char **texts;
    size_t most = flags_list(&client->flags, client->arena, "outcome", &texts) +
                  flags_list(&client->flags, client->arena, "essential", &texts);
    if (!most)
        return;
    need->outcomes = arena_array(client->arena, most, sizeof *need->outcomes);
    need->n_outcomes = 0;
    add_outcomes(client, "outcome", false, need->outcomes, &need->n_outcomes);
    add_outcomes(client, "essential", true, need->outcomes, &need->n_outcomes);
}

/* ---- weights ---- */

static int read_weight(struct client *client, Partner__V1__Weights *weights, const char *text)
{
    const ProtobufCMessageDescriptor *descriptor = &partner__v1__weights__descriptor;
    size_t size = strcspn(text, "=");
    const char *name = arena_strndup(client->arena, text, size);
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
    char *end = NULL;
    double weight = text[size] ? strtod(text + size + 1, &end) : 0;
    if (!field || !end || end == text + size + 1 || *end || !isfinite(weight) || weight < 0) {
        const char *all = "";
        for (unsigned i = 0; i < descriptor->n_fields; i++)
            all = arena_format(client->arena, "%s%s%s", all, i ? ", " : "", descriptor->fields[i].name);
        return client_fail(EXIT_INVALID, "write --weights outcomes=2,sector=1",
                           "--weights: '%s' is no NAME=NUMBER, 0 or more, with a name of %s", text, all);
    }
    *(double *)(void *)((char *)weights + field->offset) = weight;
    return EXIT_DONE;
}

static int read_weights(struct client *client, struct question *question)
{
    const char **texts;
    size_t count = flags_list(&client->flags, client->arena, "weights", &texts);
    if (!count)
        return EXIT_DONE;
    question->weights = arena_alloc(client->arena, sizeof *question->weights);
    partner__v1__weights__init(question->weights);
    for (size_t i = 0; i < count; i++) {
        int failed = read_weight(client, question->weights, texts[i]);
        if (failed)
            return failed;
    }
    return EXIT_DONE;
}

/* ---- the need ---- */

static int read_need_file(struct client *client, const char *path, Partner__V1__Need **ret_need)
{
    struct text_buffer text = {0};
    ProtobufCMessage *message;
    struct status status = file_read_all(client->arena, path, NEED_FILE_BYTES, &text);
    if (status_ok(status))
        status = json_to_message(client->arena, &partner__v1__need__descriptor, text.bytes ? text.bytes : "",
                                 text.size, &message);
    text_buffer_fini(&text);
    if (!status_ok(status))
        return client_fail(EXIT_INVALID, NULL, "%s: %s%s%s", path, status.field ? status.field : "",
                           status.field ? ": " : "", status.message);
    *ret_need = (Partner__V1__Need *)(void *)message;
    return EXIT_DONE;
}

static int read_places(struct client *client, Partner__V1__Need *need)
{
    int failed =
        words_of_flag(client, PARTNER__V1__SCHEME__SCHEME_SECTOR, "sector", &need->sectors, &need->n_sectors);
    if (!failed)
        failed = words_of_flag(client, PARTNER__V1__SCHEME__SCHEME_COUNTRY, "country", &need->countries,
                               &need->n_countries);
    if (!failed)
        failed = words_of_flag(client, PARTNER__V1__SCHEME__SCHEME_REGION, "region", &need->regions,
                               &need->n_regions);
    if (!failed)
        failed = words_to_languages(client, "language", &need->languages, &need->n_languages);
    return failed;
}

static int read_need(struct client *client, Partner__V1__Need *need)
{
    const struct flags *flags = &client->flags;
    int *themes = NULL, *modes = NULL;
    int failed = read_places(client, need);
    if (!failed)
        failed = read_stay(client, need);
    if (!failed)
        failed = enums_of_flag(client, "theme", &partner__v1__theme__descriptor, &themes, &need->n_themes);
    if (!failed)
        failed = enums_of_flag(client, "mode", &partner__v1__mode__descriptor, &modes, &need->n_modes);
    if (failed)
        return failed;
    if (themes)
        need->themes = (Partner__V1__Theme *)(void *)themes;
    if (modes)
        need->modes = (Partner__V1__Mode *)(void *)modes;
    read_period(client, need);
    read_outcomes(client, need);
    if (flags_has(flags, "learners"))
        need->learners = flags_number(flags, "learners");
    if (flags_has(flags, "max-absent"))
        need->max_absent = flags_number(flags, "max-absent");
    if (flags_has(flags, "level"))
        need->eqf_level = flags_number(flags, "level");
    return EXIT_DONE;
}

static int take_need_id(struct client *client, struct question *question)
{
    for (unsigned i = 0; i < sizeof need_flags / sizeof *need_flags; i++)
        if (flags_has(&client->flags, need_flags[i]))
            return client_fail(EXIT_USAGE, "leave one of them out",
                               "--need names a stored need, so --%s can't change it", need_flags[i]);
    question->need_id = flags_text(&client->flags, "need");
    return EXIT_DONE;
}

int need_from_flags(struct client *client, struct question *ret_question)
{
    struct question question = {.sender_id = "", .need_id = ""};
    const char *from = flags_text(&client->flags, "from"), *network = flags_text(&client->flags, "network");
    const char *file = flags_text(&client->flags, "need-file");
    if (from)
        question.sender_id = from;
    if (network)
        question.network = text_equal(network, "keep")
                               ? PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_KEEP
                               : PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_EXTEND;
    int failed = read_weights(client, &question);
    if (!failed && flags_has(&client->flags, "need")) {
        failed = take_need_id(client, &question);
    } else if (!failed) {
        if (file) {
            failed = read_need_file(client, file, &question.need);
        } else {
            question.need = arena_alloc(client->arena, sizeof *question.need);
            partner__v1__need__init(question.need);
        }
        if (!failed)
            failed = read_need(client, question.need);
    }
    if (!failed)
        *ret_question = question;
    return failed;
}

void need_tell_sender(struct client *client, const struct question *question)
{
    Partner__V1__GetOrganisationRequest request = PARTNER__V1__GET_ORGANISATION_REQUEST__INIT;
    ProtobufCMessage *answer;
    if (!*question->sender_id)
        return;
    request.id = (char *)question->sender_id;
    request.min_revision = client_min_revision(client);
    struct client_call call = {SENDER_PATH, &request.base,
                               &partner__v1__get_organisation_response__descriptor, CLIENT_TIMEOUT_MS, 0};
    if (client_call(client, &call, &answer).code == STATUS_NOT_FOUND)
        fprintf(stderr, "note: there is no organisation %s here: its partners and strategy are not known\n",
                question->sender_id);
}

void need_tell_interpretations(Partner__V1__Interpretation *const *interpretations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Partner__V1__Interpretation *read = interpretations[i];
        if (!*read->concept)
            fprintf(stderr, "%s: not understood, left out\n", read->text);
        else if (read->confidence < 0.5)
            fprintf(stderr, "%s: left out; the nearest is '%s' (%s), and that is not sure\n", read->text,
                    read->label, read->concept);
        else
            fprintf(stderr, "%s: %s%s\n", read->text, read->label,
                    read->confidence < 0.8 ? " (not quite sure)" : "");
    }
}
