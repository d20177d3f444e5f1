#include "match/support_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "vocab/vocabulary.h"

enum { MOST_ITEMS = 64, MOST_LINES = 1000 };

/* A file under way. A section is a line without indentation and the indented ones below. */
struct reading {
    struct match_case *to;
    const char *path;
    int line;
    struct vocabulary_builder *words;
    char *kind, *subject; /* of the section: "offer", "de/werk-1" */
    struct record record; /* being filled, or kind RECORD_NONE */
    struct concept_source concept;
    struct concept_words concept_words;
    struct {
        struct record items[MOST_LINES];
        size_t count;
    } records;
};

static _Noreturn void stop(const struct reading *reading, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", reading->path, reading->line, what);
    abort();
}

/* ---- pieces ---- */

/* Splits at commas, trimmed. */
static char **list_of(struct reading *reading, const char *text, size_t *ret_count)
{
    struct arena *arena = reading->to->arena;
    char **items = arena_array(arena, MOST_ITEMS, sizeof *items);
    size_t count = 0;
    while (*text && count < MOST_ITEMS) {
        size_t bytes = strcspn(text, ",");
        items[count++] = text_trim(arena, arena_strndup(arena, text, bytes));
        text += bytes + (text[bytes] == ',');
    }
    *ret_count = count;
    return items;
}

static int word_of(struct reading *reading, const char *const *words, const char *word)
{
    for (int i = 1; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    stop(reading, "an unknown word");
}

static int *words_of(struct reading *reading, const char *const *words, const char *text, size_t *ret_count)
{
    char **items = list_of(reading, text, ret_count);
    int *values = arena_array(reading->to->arena, *ret_count, sizeof *values);
    for (size_t i = 0; i < *ret_count; i++)
        values[i] = word_of(reading, words, items[i]);
    return values;
}

static char *code_of(struct arena *arena, const char *label)
{
    char *code = arena_format(arena, "urn:case:%s", label);
    for (char *at = code; *at; at++)
        *at = *at == ' ' ? '-' : *at;
    return code;
}

/* "weld pipes!": essential. In quotes: words alone, to be looked up. */
static pb_outcome **outcomes_of(struct reading *reading, const char *text, size_t *ret_count)
{
    struct arena *arena = reading->to->arena;
    char **items = list_of(reading, text, ret_count);
    pb_outcome **outcomes = arena_array(arena, *ret_count, sizeof *outcomes);
    for (size_t i = 0; i < *ret_count; i++) {
        pb_outcome *to = outcomes[i] = arena_alloc(arena, sizeof *to);
        partner__v1__outcome__init(to);
        size_t bytes = strlen(items[i]);
        if (bytes && items[i][bytes - 1] == '!') {
            to->essential = true;
            items[i][--bytes] = '\0';
        }
        if (*items[i] == '"')
            to->text = arena_strndup(arena, items[i] + 1, bytes - 2);
        else
        to->concept = code_of(arena, items[i]);
    }
    return outcomes;
}

static pb_language_level **languages_of(struct reading *reading, const char *text, size_t *ret_count)
{
    static const char *const levels[] = {"", "A1", "A2", "B1", "B2", "C1", "C2", NULL};
    struct arena *arena = reading->to->arena;
    char **items = list_of(reading, text, ret_count);
    pb_language_level **languages = arena_array(arena, *ret_count, sizeof *languages);
    for (size_t i = 0; i < *ret_count; i++) {
        pb_language_level *to = languages[i] = arena_alloc(arena, sizeof *to);
        partner__v1__language_level__init(to);
        char *blank = strchr(items[i], ' ');
        if (blank) {
            *blank = '\0';
            to->level = (Partner__V1__CefrLevel)word_of(reading, levels, blank + 1);
        }
        to->language = items[i];
    }
    return languages;
}

/* "14" or "14 to 28" */
static pb_day_range *days_of(struct reading *reading, const char *text)
{
    pb_day_range *range = arena_alloc(reading->to->arena, sizeof *range);
    partner__v1__day_range__init(range);
    int found = sscanf(text, "%u to %u", &range->min_days, &range->max_days);
    if (found < 1)
        stop(reading, "days are given as 14 or 14 to 28");
    if (found == 1)
        range->max_days = range->min_days;
    return range;
}

/* "2026-09-01 to 2026-10-31"; either side may be missing. */
static pb_date_range *dates_of(struct reading *reading, const char *text)
{
    struct arena *arena = reading->to->arena;
    pb_date_range *range = arena_alloc(arena, sizeof *range);
    partner__v1__date_range__init(range);
    const char *to = strstr(text, "to");
    if (!to)
        stop(reading, "dates are given as 2026-09-01 to 2026-10-31");
    range->start_date = text_trim(arena, arena_strndup(arena, text, (size_t)(to - text)));
    range->end_date = text_trim(arena, arena_strdup(arena, to + 2));
    return range;
}

/* "2026-09-01 to 2026-10-31: 4" */
static pb_window **windows_of(struct reading *reading, const char *text, size_t *ret_count)
{
    struct arena *arena = reading->to->arena;
    char **items = list_of(reading, text, ret_count);
    pb_window **windows = arena_array(arena, *ret_count, sizeof *windows);
    for (size_t i = 0; i < *ret_count; i++) {
        pb_window *to = windows[i] = arena_alloc(arena, sizeof *to);
        partner__v1__window__init(to);
        char *colon = strchr(items[i], ':');
        if (!colon)
            stop(reading, "a window ends in a colon and its places");
        *colon = '\0';
        to->places = (uint32_t)atoi(colon + 1);
        to->period = dates_of(reading, items[i]);
    }
    return windows;
}

static const char *const ROLES[] = {"", "sending", "hosting", "employer", "intermediary", NULL};
static const char *const THEMES[] = {"", "digital", "green", "inclusion", "participation", NULL};
static const char *const MODES[] = {"", "physical", "blended", "virtual", NULL};

/* ---- fields; false: no such field ---- */

static Partner__V1__Strategy *strategy_of(struct reading *reading, pb_organisation *to)
{
    if (!to->strategy) {
        to->strategy = arena_alloc(reading->to->arena, sizeof *to->strategy);
        partner__v1__strategy__init(to->strategy);
    }
    return to->strategy;
}

static bool organisation_field(struct reading *reading, pb_organisation *to, const char *name, char *value)
{
    if (strcmp(name, "name") == 0)
        to->name = value;
    else if (strcmp(name, "roles") == 0)
        to->roles = (Partner__V1__Role *)words_of(reading, ROLES, value, &to->n_roles);
    else if (strcmp(name, "country") == 0)
        to->country = value;
    else if (strcmp(name, "region") == 0)
        to->region = value;
    else if (strcmp(name, "city") == 0)
        to->city = value;
    else if (strcmp(name, "sectors") == 0)
        to->sectors = list_of(reading, value, &to->n_sectors);
    else if (strcmp(name, "languages") == 0)
        to->languages = languages_of(reading, value, &to->n_languages);
    else if (strcmp(name, "themes") == 0)
        to->themes = (Partner__V1__Theme *)words_of(reading, THEMES, value, &to->n_themes);
    else if (strcmp(name, "oid") == 0) {
        pb_identifier *identifier = arena_alloc(reading->to->arena, sizeof *identifier);
        partner__v1__identifier__init(identifier);
        identifier->scheme = arena_strdup(reading->to->arena, "oid");
        identifier->value = value;
        to->identifiers = arena_copy(reading->to->arena, &identifier, sizeof identifier);
        to->n_identifiers = 1;
    } else if (strcmp(name, "target countries") == 0)
        strategy_of(reading, to)->target_countries =
            list_of(reading, value, &to->strategy->n_target_countries);
    else if (strcmp(name, "target sectors") == 0)
        strategy_of(reading, to)->target_sectors = list_of(reading, value, &to->strategy->n_target_sectors);
    else if (strcmp(name, "priorities") == 0)
        strategy_of(reading, to)->priorities =
            (Partner__V1__Theme *)words_of(reading, THEMES, value, &to->strategy->n_priorities);
    else
        return false;
    return true;
}

static bool recognition_field(struct reading *reading, pb_offer *to, const char *name, char *value)
{
    Partner__V1__Recognition *recognition = to->recognition;
    if (!recognition) {
        recognition = to->recognition = arena_alloc(reading->to->arena, sizeof *recognition);
        partner__v1__recognition__init(recognition);
    }
    if (strcmp(name, "assessment") == 0)
        recognition->assessment = list_of(reading, value, &recognition->n_assessment);
    else if (strcmp(name, "documents") == 0)
        recognition->documents = list_of(reading, value, &recognition->n_documents);
    else if (strcmp(name, "validated") == 0)
        recognition->validated_by_host = strcmp(value, "yes") == 0;
    else
        return false;
    return true;
}

static bool offer_field(struct reading *reading, pb_offer *to, const char *name, char *value)
{
    if (strcmp(name, "organisation") == 0)
        to->organisation_id = value;
    else if (strcmp(name, "title") == 0)
        to->title = value;
    else if (strcmp(name, "sectors") == 0)
        to->sectors = list_of(reading, value, &to->n_sectors);
    else if (strcmp(name, "days") == 0)
        to->duration = days_of(reading, value);
    else if (strcmp(name, "outcomes") == 0)
        to->outcomes = outcomes_of(reading, value, &to->n_outcomes);
    else if (strcmp(name, "languages") == 0)
        to->languages = languages_of(reading, value, &to->n_languages);
    else if (strcmp(name, "windows") == 0)
        to->windows = windows_of(reading, value, &to->n_windows);
    else if (strcmp(name, "modes") == 0)
        to->modes = (Partner__V1__Mode *)words_of(reading, MODES, value, &to->n_modes);
    else if (strcmp(name, "themes") == 0)
        to->themes = (Partner__V1__Theme *)words_of(reading, THEMES, value, &to->n_themes);
    else if (strcmp(name, "valid until") == 0)
        to->valid_until = value;
    else
        return recognition_field(reading, to, name, value);
    return true;
}

static bool question_field(struct reading *reading, const char *name, char *value)
{
    static const char *const networks[] = {"", "keep", "extend", NULL};
    struct match_question *question = &reading->to->question;
    if (strcmp(name, "sender") == 0)
        question->sender_id = value;
    else if (strcmp(name, "network") == 0)
        question->network = (Partner__V1__NetworkPreference)word_of(reading, networks, value);
    else if (strcmp(name, "page size") == 0)
        question->page_size = (uint32_t)atoi(value);
    else
        return false;
    return true;
}

static bool need_field(struct reading *reading, pb_need *to, const char *name, char *value)
{
    if (strcmp(name, "sectors") == 0)
        to->sectors = list_of(reading, value, &to->n_sectors);
    else if (strcmp(name, "days") == 0)
        to->duration = days_of(reading, value);
    else if (strcmp(name, "outcomes") == 0)
        to->outcomes = outcomes_of(reading, value, &to->n_outcomes);
    else if (strcmp(name, "countries") == 0)
        to->countries = list_of(reading, value, &to->n_countries);
    else if (strcmp(name, "regions") == 0)
        to->regions = list_of(reading, value, &to->n_regions);
    else if (strcmp(name, "languages") == 0)
        to->languages = languages_of(reading, value, &to->n_languages);
    else if (strcmp(name, "period") == 0)
        to->period = dates_of(reading, value);
    else if (strcmp(name, "learners") == 0)
        to->learners = (uint32_t)atoi(value);
    else if (strcmp(name, "max absent") == 0)
        to->max_absent = (uint32_t)atoi(value);
    else if (strcmp(name, "themes") == 0)
        to->themes = (Partner__V1__Theme *)words_of(reading, THEMES, value, &to->n_themes);
    else if (strcmp(name, "modes") == 0)
        to->modes = (Partner__V1__Mode *)words_of(reading, MODES, value, &to->n_modes);
    else
        return question_field(reading, name, value);
    return true;
}

static bool partnership_field(struct reading *reading, pb_partnership *to, const char *name, char *value)
{
    if (strcmp(name, "organisations") == 0)
        to->organisation_ids = list_of(reading, value, &to->n_organisation_ids);
    else if (strcmp(name, "since") == 0)
        to->since = value;
    else if (strcmp(name, "until") == 0)
        to->until = value;
    else if (strcmp(name, "mobilities") == 0)
        to->mobilities = (uint32_t)atoi(value);
    else
        return false;
    return true;
}

static bool outcome_field(struct reading *reading, const char *name, char *value)
{
    struct text_list *links = strcmp(name, "broader") == 0   ? &reading->concept.broader
                              : strcmp(name, "related") == 0 ? &reading->concept.related
                                                             : NULL;
    if (strcmp(name, "reuse") == 0) {
        reading->concept.reuse = value;
        return true;
    }
    if (!links)
        return false;
    char **labels = list_of(reading, value, &links->count);
    const char **codes = arena_array(reading->to->arena, links->count, sizeof *codes);
    for (size_t i = 0; i < links->count; i++)
        codes[i] = code_of(reading->to->arena, labels[i]);
    links->items = codes;
    return true;
}

/* ---- sections ---- */

static void *message_new(struct reading *reading, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(reading->to->arena, descriptor->sizeof_message);
    descriptor->message_init(message);
    return message;
}

static void section_end(struct reading *reading)
{
    if (reading->record.kind != RECORD_NONE)
        reading->records.items[reading->records.count++] = reading->record;
    if (reading->kind && strcmp(reading->kind, "outcome") == 0)
        vocabulary_builder_add(reading->words, &reading->concept);
    reading->record = (struct record){.kind = RECORD_NONE};
    reading->kind = NULL;
}

static void section_begin(struct reading *reading, char *line)
{
    struct arena *arena = reading->to->arena;
    section_end(reading);
    char *blank = strchr(line, ' ');
    reading->kind = blank ? arena_strndup(arena, line, (size_t)(blank - line)) : line;
    reading->subject = blank ? text_trim(arena, blank) : arena_strdup(arena, "");
    if (strcmp(reading->kind, "organisation") == 0) {
        pb_organisation *organisation = message_new(reading, &partner__v1__organisation__descriptor);
        organisation->id = organisation->name = reading->subject;
        reading->record = (struct record){.kind = RECORD_ORGANISATION, .organisation = organisation};
    } else if (strcmp(reading->kind, "offer") == 0) {
        pb_offer *offer = message_new(reading, &partner__v1__offer__descriptor);
        offer->id = reading->subject;
        reading->record = (struct record){.kind = RECORD_OFFER, .offer = offer};
    } else if (strcmp(reading->kind, "partnership") == 0) {
        pb_partnership *partnership = message_new(reading, &partner__v1__partnership__descriptor);
        partnership->id = reading->subject;
        reading->record = (struct record){.kind = RECORD_PARTNERSHIP, .partnership = partnership};
    } else if (strcmp(reading->kind, "outcome") == 0) {
        reading->concept_words =
            (struct concept_words){.language = "en", .label = reading->subject, .description = ""};
        reading->concept = (struct concept_source){
            .scheme = SCHEME_OUTCOME,
            .code = code_of(arena, reading->subject),
            .vocabulary = "CASE 1",
            .reuse = "",
            .words = &reading->concept_words,
            .words_count = 1,
        };
    } else if (strcmp(reading->kind, "today") == 0) {
        if (!date_parse(reading->subject, &reading->to->question.today))
            stop(reading, "today is a date");
    } else if (strcmp(reading->kind, "need") != 0 && strcmp(reading->kind, "expect") != 0) {
        stop(reading, "no such section");
    }
}

static void section_line(struct reading *reading, char *line)
{
    struct match_case *to = reading->to;
    if (!reading->kind)
        stop(reading, "a field outside any section");
    if (strcmp(reading->kind, "expect") == 0) {
        to->expected[to->expected_count++] = (struct case_expectation){reading->line, line};
        return;
    }
    char *colon = strchr(line, ':');
    if (!colon)
        stop(reading, "a field is a name, a colon and what it says");
    *colon = '\0';
    char *value = text_trim(to->arena, colon + 1);
    bool known = false;
    if (strcmp(reading->kind, "organisation") == 0)
        known = organisation_field(reading, (pb_organisation *)(uintptr_t)reading->record.organisation, line,
                                   value);
    else if (strcmp(reading->kind, "offer") == 0)
        known = offer_field(reading, (pb_offer *)(uintptr_t)reading->record.offer, line, value);
    else if (strcmp(reading->kind, "partnership") == 0)
        known =
            partnership_field(reading, (pb_partnership *)(uintptr_t)reading->record.partnership, line, value);
    else if (strcmp(reading->kind, "outcome") == 0)
        known = outcome_field(reading, line, value);
    else if (strcmp(reading->kind, "need") == 0)
        known = need_field(reading, &to->need, line, value);
    if (!known)
        stop(reading, "no such field");
}

/* ---- files ---- */

static void read_lines(struct reading *reading, FILE *file)
{
    char line[2000];
    while (fgets(line, sizeof line, file)) {
        reading->line++;
        char *text = text_trim(reading->to->arena, line);
        text[strcspn(text, "\n")] = '\0';
        if (!*text || *text == '#')
            continue;
        if (line[0] == ' ')
            section_line(reading, text);
        else
            section_begin(reading, text);
    }
    section_end(reading);
}

void case_read(struct match_case *to, const char *path)
{
    *to = (struct match_case){.arena = arena_new(0), .builder = match_builder_new()};
    to->expected = arena_array(to->arena, MOST_LINES, sizeof *to->expected);
    partner__v1__need__init(&to->need);
    partner__v1__weights__init(&to->weights);
    to->question = (struct match_question){
        .need = &to->need, .sender_id = "", .weights = &to->weights, .page_size = 20, .page_token = ""};
    struct reading *reading = arena_zalloc(to->arena, sizeof *reading);
    *reading = (struct reading){.to = to, .path = path, .words = vocabulary_builder_new()};
    FILE *file = fopen(path, "r");
    if (!file)
        stop(reading, "can't be read");
    read_lines(reading, file);
    fclose(file);
    to->vocabulary = vocabulary_builder_finish(reading->words);
    match_builder_set_vocabulary(to->builder, to->vocabulary);
    for (size_t i = 0; i < reading->records.count; i++)
        match_builder_put(to->builder, &reading->records.items[i]);
}

void case_fini(struct match_case *to)
{
    match_builder_free(to->builder);
    vocabulary_release(to->vocabulary);
    arena_free(to->arena);
}
