/* How much processor time an index of synthetic offers takes to make, to change and to ask, on one thread:
 *     bench_index [HOSTS [QUESTIONS]]
 * The registry is drawn as make_registry draws it, but without a database and with outcomes that a vocabulary links: fields
 * decide outcomes, countries languages, popularity follows Zipf's law, and a sending school comes with every 50 hosts. Most
 * questions are needs as needs.py states them: those that fill a page of 20, those that do with at most 100 candidates, and
 * those that don't, whose answers tell what each wish costs. A last mix is broader, from one field to no sector at all. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "match/query.h"
#include "match/senders.h"
#include "vocab/vocabulary.h"
#include "world.h"

enum {
    BROADS = 10,
    NARROWS_A_BROAD = 3,
    DETAILS_A_NARROW = 5,
    FIELDS = BROADS * NARROWS_A_BROAD * DETAILS_A_NARROW,
    CONCEPTS_A_FIELD = 124,
    GENERAL_CONCEPTS = 37, /* of every field */
    CONCEPTS = FIELDS * CONCEPTS_A_FIELD + GENERAL_CONCEPTS,
    COUNTRIES = 30,
    CITIES_A_COUNTRY = 6,
    OUTCOMES = 15,
    GENERAL_OUTCOMES = 3,
    HOSTS_A_SENDER = 50,
    PARTNERS_A_SENDER = 20,
    CIRCLE_HOSTS = 1000,
    PAGE_SIZE = 20,
    FEW_CANDIDATES = 100,
    TODAY = 20781
};

enum { KIND_HOST = 1, KIND_SENDER, KIND_OFFER, KIND_PARTNERSHIP, KIND_CHANGE, KIND_QUESTION, KIND_NEED };

static const uint64_t seed = 1;
static uint32_t host_count, sender_count;

/* Of this thread alone: a busy machine disturbs it less than the clock on the wall. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static char *concept_code(struct arena *arena, uint32_t number)
{
    return arena_format(arena, "http://data.example.org/skill/%08x-0000-4000-8000-000000000000", number);
}

/* Within a field every sixth concept or so stands above others. */
static struct vocabulary *make_vocabulary(void)
{
    struct arena *arena = arena_new(0);
    struct vocabulary_builder *builder = vocabulary_builder_new();
    struct chance chance = chance_of(seed, 0, 0);
    for (uint32_t i = 0; i < CONCEPTS; i++) {
        uint32_t first = i / CONCEPTS_A_FIELD * CONCEPTS_A_FIELD, own = i - first;
        const char *links[] = {concept_code(arena, first + own / 6),
                               concept_code(arena, first + chance_below(&chance, CONCEPTS_A_FIELD))};
        struct concept_words words = {
            .language = "en", .label = arena_format(arena, "skill %u", i), .description = ""};
        struct concept_source source = {
            .scheme = SCHEME_OUTCOME,
            .code = concept_code(arena, i),
            .vocabulary = "BENCH 1",
            .reuse = i >= FIELDS * CONCEPTS_A_FIELD ? "transversal"
                     : i % 5 == 0                   ? "cross-sector"
                                                    : "sector-specific",
            .broader = {links, own ? 1 : 0},
            .related = {links + 1, 1},
            .words = &words,
            .words_count = 1,
        };
        vocabulary_builder_add(builder, &source);
    }
    struct vocabulary *vocabulary = vocabulary_builder_finish(builder);
    arena_free(arena);
    return vocabulary;
}

/* ---- fields ---- */

static char **one_text(struct arena *arena, char *text)
{
    return arena_copy(arena, &text, sizeof text);
}

static const char COUNTRY_CODES[] = "DEFRESITPLFIPTGRATNLBESEDKIECZHUROBGHRSISKEELVLTLUMTCYISNOTR";

static char *country(struct arena *arena, uint32_t number)
{
    return arena_strndup(arena, COUNTRY_CODES + 2 * number, 2);
}

static const char *language_of(uint32_t number)
{
    static const char *const codes[COUNTRIES] = {"de", "fr", "es", "it", "pl", "fi", "pt", "el", "de", "nl",
                                                 "nl", "sv", "da", "en", "cs", "hu", "ro", "bg", "hr", "sl",
                                                 "sk", "et", "lv", "lt", "fr", "mt", "el", "is", "no", "tr"};
    return codes[number];
}

/* Fields are numbered by popularity, which has nothing to do with their codes. */
static uint32_t place_of_field(uint32_t field)
{
    return field * 37 % FIELDS;
}

static char *sector(struct arena *arena, uint32_t field, uint32_t digits)
{
    uint32_t place = place_of_field(field), in_broad = place % (NARROWS_A_BROAD * DETAILS_A_NARROW);
    char *code = arena_format(arena, "%02u%u%u", place / (NARROWS_A_BROAD * DETAILS_A_NARROW),
                              1 + in_broad / DETAILS_A_NARROW, 1 + in_broad % DETAILS_A_NARROW);
    code[digits] = '\0';
    return code;
}

/* Another of the same three digits, or the same. */
static uint32_t field_beside(struct chance *chance, uint32_t field)
{
    uint32_t start = chance_below(chance, FIELDS);
    for (uint32_t i = 0; i < FIELDS; i++) {
        uint32_t other = (start + i) % FIELDS;
        if (place_of_field(other) / DETAILS_A_NARROW == place_of_field(field) / DETAILS_A_NARROW)
            return other;
    }
    return field;
}

static pb_day_range *days(struct arena *arena, uint32_t least, uint32_t most)
{
    pb_day_range *range = arena_alloc(arena, sizeof *range);
    partner__v1__day_range__init(range);
    range->min_days = least;
    range->max_days = most;
    return range;
}

static void add_outcome(struct arena *arena, pb_outcome **list, size_t *count, uint32_t concept)
{
    char *code = concept_code(arena, concept);
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list[i]->concept, code) == 0)
            return;
    pb_outcome *outcome = list[(*count)++] = arena_alloc(arena, sizeof *outcome);
    partner__v1__outcome__init(outcome);
    outcome->concept = code;
}

static uint32_t general_concept(struct chance *chance)
{
    return FIELDS * CONCEPTS_A_FIELD + chance_below(chance, GENERAL_CONCEPTS);
}

static uint32_t concept_of(struct chance *chance, uint32_t field)
{
    return field * CONCEPTS_A_FIELD + chance_zipf(chance, CONCEPTS_A_FIELD);
}

/* From the first of one month to the 28th, three months on. */
static pb_date_range *period(struct arena *arena, uint32_t month)
{
    pb_date_range *range = arena_alloc(arena, sizeof *range);
    partner__v1__date_range__init(range);
    range->start_date = arena_format(arena, "2027-%02u-01", month);
    range->end_date = arena_format(arena, "2027-%02u-28", month + 3);
    return range;
}

static pb_language_level *language(struct arena *arena, const char *code, uint32_t level)
{
    pb_language_level *to = arena_alloc(arena, sizeof *to);
    partner__v1__language_level__init(to);
    to->language = arena_strdup(arena, code);
    to->level = level;
    return to;
}

/* The country's own, and English in most places. */
static pb_language_level **languages(struct arena *arena, struct chance *chance, uint32_t number,
                                     size_t *ret_count)
{
    static const uint32_t own[] = {2, 3, 3, 4}, english[] = {0, 2, 3, 4};
    pb_language_level *list[] = {language(arena, language_of(number), own[chance_below(chance, 4)]),
                                 language(arena, "en", english[chance_below(chance, 4)])};
    *ret_count = strcmp(language_of(number), "en") != 0 && chance_below(chance, 10) < 6 ? 2 : 1;
    return arena_copy(arena, list, sizeof list);
}

static char *host_id(struct arena *arena, uint32_t number)
{
    return arena_format(arena, "r%u/h%07u", number % 20, number);
}

static char *sender_id(struct arena *arena, uint32_t number)
{
    return arena_format(arena, "r%u/s%06u", number % 20, number);
}

/* ---- records ---- */

/* What a host is like follows from its number, so that its offers can be made to go with it. */
struct host {
    uint32_t fields[2], country, city;
    struct chance chance; /* for the rest */
};

static struct host host_of(uint32_t kind, uint32_t number)
{
    struct host host = {.chance = chance_of(seed, kind, number)};
    host.country = chance_zipf(&host.chance, COUNTRIES);
    host.city = chance_below(&host.chance, CITIES_A_COUNTRY);
    host.fields[0] = host.fields[1] = chance_zipf(&host.chance, FIELDS);
    if (chance_below(&host.chance, 10) < 4)
        host.fields[1] = field_beside(&host.chance, host.fields[0]);
    return host;
}

/* In the order of codes. */
static char **sectors_of(struct arena *arena, const struct host *host, size_t *ret_count)
{
    char *codes[] = {sector(arena, host->fields[0], 4), sector(arena, host->fields[1], 4)};
    int order = strcmp(codes[0], codes[1]);
    *ret_count = order ? 2 : 1;
    if (order > 0)
        return arena_copy(arena, (char *[]){codes[1], codes[0]}, sizeof codes);
    return arena_copy(arena, codes, sizeof codes);
}

static void put_organisation(struct match_builder *builder, struct arena *arena, uint32_t kind,
                             uint32_t number)
{
    static Partner__V1__Role host_role = PARTNER__V1__ROLE__ROLE_EMPLOYER,
                             sender_role = PARTNER__V1__ROLE__ROLE_SENDING;
    struct host host = host_of(kind, number);
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    organisation.id = kind == KIND_HOST ? host_id(arena, number) : sender_id(arena, number);
    organisation.name = arena_format(arena, "Vocational school number %u", number);
    organisation.country = country(arena, host.country);
    organisation.region =
        arena_format(arena, "%s%u%u%u", organisation.country, 1 + host.city, host.city * 5 % 9, host.city);
    organisation.city = arena_strdup(arena, "Some Town");
    organisation.roles = kind == KIND_HOST ? &host_role : &sender_role;
    organisation.n_roles = 1;
    organisation.sectors = sectors_of(arena, &host, &organisation.n_sectors);
    organisation.languages = languages(arena, &host.chance, host.country, &organisation.n_languages);
    Partner__V1__Theme theme = 1 + chance_below(&host.chance, 4);
    organisation.themes = &theme;
    organisation.n_themes = chance_below(&host.chance, 10) < 3;
    pb_identifier identifier = PARTNER__V1__IDENTIFIER__INIT, *one = &identifier;
    identifier.scheme = arena_strdup(arena, "oid");
    identifier.value = arena_format(arena, "E%08u", number % 100 == 1 ? number - 1 : number);
    organisation.identifiers = &one;
    organisation.n_identifiers = kind == KIND_HOST; /* one in 50 is a body with another */
    struct record record = {.kind = RECORD_ORGANISATION, .organisation = &organisation};
    match_builder_put(builder, &record);
}

static void draw_windows(struct arena *arena, struct chance *chance, pb_offer *offer)
{
    static const uint32_t counts[] = {0, 1, 1, 2}, places[] = {1, 2, 2, 3, 4, 8};
    uint32_t count = counts[chance_below(chance, 4)], month = 1 + chance_below(chance, 5);
    offer->windows = arena_array(arena, 2, sizeof *offer->windows);
    for (uint32_t i = 0; i < count; i++, month += 1 + chance_below(chance, 4)) {
        pb_window *window = offer->windows[offer->n_windows++] = arena_alloc(arena, sizeof *window);
        partner__v1__window__init(window);
        window->places = places[chance_below(chance, 6)];
        window->period = period(arena, month);
    }
}

static void draw_recognition(struct arena *arena, struct chance *chance, pb_offer *offer)
{
    if (chance_below(chance, 10) >= 6)
        return;
    Partner__V1__Recognition *recognition = offer->recognition = arena_alloc(arena, sizeof *recognition);
    partner__v1__recognition__init(recognition);
    recognition->assessment = recognition->documents = one_text(arena, arena_strdup(arena, "portfolio"));
    recognition->n_assessment = 1;
    recognition->n_documents = chance_below(chance, 4) > 0;
    recognition->validated_by_host = chance_below(chance, 2) != 0;
}

static void draw_duration(struct arena *arena, struct chance *chance, pb_offer *offer)
{
    static const uint32_t weeks[] = {2, 2, 3, 3, 4, 6, 8, 12, 24}, less[] = {0, 7, 14}, more[] = {0, 7, 28};
    uint32_t middle = 7 * weeks[chance_below(chance, 9)], shorter = less[chance_below(chance, 3)];
    offer->duration =
        days(arena, middle > shorter + 5 ? middle - shorter : 5, middle + more[chance_below(chance, 3)]);
}

static void draw_eqf_levels(struct arena *arena, struct chance *chance, pb_offer *offer)
{
    static const uint32_t choices[][3] = {{2, 3, 4}, {1, 4}, {2, 4, 5}, {1, 3}, {1, 5}};
    if (chance_below(chance, 10) >= 7)
        return;
    const uint32_t *choice = choices[chance_below(chance, 5)];
    offer->n_eqf_levels = choice[0];
    offer->eqf_levels = arena_copy(arena, choice + 1, 2 * sizeof *choice);
}

/* Two a host at most; `chance` is of the offer. */
static pb_offer *offer_of(struct arena *arena, struct chance chance, uint32_t number, uint32_t which)
{
    struct host host = host_of(KIND_HOST, number);
    pb_offer *offer = arena_alloc(arena, sizeof *offer);
    partner__v1__offer__init(offer);
    offer->organisation_id = host_id(arena, number);
    offer->id = arena_format(arena, "%s.%u", offer->organisation_id, which);
    offer->title = arena_format(arena, "Placement %u of number %u", which, number);
    offer->sectors = sectors_of(arena, &host, &offer->n_sectors);
    offer->languages = languages(arena, &host.chance, host.country, &offer->n_languages);
    offer->outcomes = arena_array(arena, OUTCOMES, sizeof *offer->outcomes);
    while (offer->n_outcomes < OUTCOMES - GENERAL_OUTCOMES)
        add_outcome(arena, offer->outcomes, &offer->n_outcomes,
                    concept_of(&chance, host.fields[chance_below(&chance, 2)]));
    while (offer->n_outcomes < OUTCOMES)
        add_outcome(arena, offer->outcomes, &offer->n_outcomes, general_concept(&chance));
    draw_duration(arena, &chance, offer);
    draw_eqf_levels(arena, &chance, offer);
    draw_windows(arena, &chance, offer);
    draw_recognition(arena, &chance, offer);
    Partner__V1__Theme theme = 1 + chance_below(&chance, 4);
    offer->themes = arena_copy(arena, &theme, sizeof theme);
    offer->n_themes = chance_below(&chance, 5) == 0;
    return offer;
}

static void put_offer(struct match_builder *builder, struct arena *arena, struct chance chance,
                      uint32_t number, uint32_t which)
{
    struct record record = {.kind = RECORD_OFFER, .offer = offer_of(arena, chance, number, which)};
    match_builder_put(builder, &record);
}

/* Most partners are of the circle that a sender shares with its neighbours, the others of all, by popularity. */
static uint32_t draw_partner(struct chance *chance, uint32_t sender)
{
    uint64_t circle = host_count < CIRCLE_HOSTS ? host_count : CIRCLE_HOSTS, rank;
    double share = chance_share(chance);
    if (chance_below(chance, 10) < 7)
        rank =
            sender / (CIRCLE_HOSTS / HOSTS_A_SENDER) * CIRCLE_HOSTS + chance_zipf(chance, (uint32_t)circle);
    else
        rank = (uint64_t)(host_count * share * share);
    return (uint32_t)((rank * 2654435761u + 7) % host_count);
}

/* A sender, its partner, and with one in ten another host of the sender's. */
static void put_partnerships(struct match_builder *builder, struct arena *arena, uint32_t sender)
{
    struct chance chance = chance_of(seed, KIND_PARTNERSHIP, sender);
    char *last = NULL;
    for (uint32_t i = 0; i < PARTNERS_A_SENDER; i++) {
        pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
        char *ids[] = {sender_id(arena, sender), host_id(arena, draw_partner(&chance, sender)), last};
        partnership.id = arena_format(arena, "r1/p%06u-%02u", sender, i);
        partnership.organisation_ids = ids;
        partnership.n_organisation_ids =
            last && strcmp(last, ids[1]) != 0 && !chance_below(&chance, 10) ? 3 : 2;
        partnership.mobilities = chance_zipf(&chance, 200);
        struct record record = {.kind = RECORD_PARTNERSHIP, .partnership = &partnership};
        match_builder_put(builder, &record);
        last = ids[1];
    }
}

/* ---- questions ---- */

/* What a question may be drawn as: as schools state needs; such for a group at a fixed time; or with few wishes. */
enum mix { USUAL, NARROW, BROAD };

static uint32_t one_of(struct chance *chance, const uint32_t *values, uint32_t count)
{
    return values[chance_below(chance, count)];
}

static void draw_places(struct arena *arena, struct chance *chance, enum mix mix, pb_need *need)
{
    static const uint32_t levels[] = {0, 3, 3, 4};
    uint32_t drawn[3], count = 0, first = chance_zipf(chance, COUNTRIES);
    drawn[count++] = first;
    for (uint32_t more = chance_below(chance, 3); more > 0; more--) {
        uint32_t other = chance_zipf(chance, COUNTRIES);
        if (other != first && (count == 1 || other != drawn[1]))
            drawn[count++] = other;
    }
    need->countries = arena_array(arena, count, sizeof *need->countries);
    for (uint32_t i = 0; i < count; i++)
        need->countries[i] = country(arena, drawn[i]);
    need->n_countries = mix == NARROW || chance_below(chance, 2) ? count : 0;
    pb_language_level *spoken[] = {language(arena, "en", one_of(chance, levels, 4)),
                                   language(arena, language_of(first), one_of(chance, levels, 4))};
    need->languages = arena_copy(arena, spoken, sizeof spoken);
    if (mix == NARROW || chance_below(chance, 10) < (mix == BROAD ? 5 : 7))
        need->n_languages = strcmp(language_of(first), "en") != 0 ? 2 : 1;
}

static void draw_sector(struct arena *arena, struct chance *chance, enum mix mix, uint32_t field,
                        pb_need *need)
{
    uint32_t broad = chance_below(chance, 20), digits = 4;
    if (mix == USUAL && chance_below(chance, 10) >= 6)
        digits = 3;
    if (mix == BROAD)
        digits = broad < 4 ? 2 : broad < 8 ? 3 : 4;
    need->sectors = one_text(arena, sector(arena, field, digits));
    need->n_sectors = mix != BROAD || broad; /* one in 20 leaves the sector open */
}

static pb_need *need_of(struct arena *arena, struct chance *chance, enum mix mix)
{
    static const uint32_t weeks[] = {2, 3, 4, 4, 6, 8}, more[] = {0, 7, 14}, group[] = {1, 2, 2, 3};
    static const uint32_t eqf_levels[] = {3, 4, 4, 5};
    pb_need *need = arena_alloc(arena, sizeof *need);
    partner__v1__need__init(need);
    uint32_t field = chance_zipf(chance, FIELDS), stay = one_of(chance, weeks, 6);
    need->organisation_id = sender_id(arena, chance_below(chance, sender_count));
    draw_sector(arena, chance, mix, field, need);
    need->outcomes = arena_array(arena, OUTCOMES, sizeof *need->outcomes);
    for (uint32_t i = 3 + chance_below(chance, 4); i > 0; i--)
        add_outcome(arena, need->outcomes, &need->n_outcomes, concept_of(chance, field));
    if (chance_below(chance, 10) < 3)
        add_outcome(arena, need->outcomes, &need->n_outcomes, general_concept(chance));
    if (mix != BROAD || chance_below(chance, 4))
        need->duration = days(arena, 7 * stay - 7, 7 * stay + one_of(chance, more, 3));
    draw_places(arena, chance, mix, need);
    if (mix == NARROW || chance_below(chance, 10) < 3)
        need->eqf_level = one_of(chance, eqf_levels, 4);
    if (mix == NARROW || chance_below(chance, 10) < 4) {
        need->period = period(arena, 1 + chance_below(chance, 6));
        need->learners = mix == NARROW ? 2 + chance_below(chance, 3) : one_of(chance, group, 4);
    }
    return need;
}

static struct match_question question_of(struct arena *arena, struct chance *chance, enum mix mix)
{
    return (struct match_question){.need = need_of(arena, chance, mix),
                                   .sender_id = "",
                                   .view = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC,
                                   .page_size = PAGE_SIZE,
                                   .page_token = "",
                                   .today = TODAY};
}

/* One in so many hosts has a need of its own stored. */
enum { HOSTS_A_NEED = 10 };

static void put_needs(struct match_builder *builder)
{
    struct arena *arena = arena_new(0);
    struct chance chance = chance_of(seed, KIND_NEED, 0);
    for (uint32_t i = 0; i < host_count / HOSTS_A_NEED; i++, arena_reset(arena)) {
        pb_need need = *need_of(arena, &chance, i % 2 ? NARROW : USUAL);
        need.id = arena_format(arena, "r1/need-%u", i);
        struct record record = {.kind = RECORD_NEED, .need = &need};
        match_builder_put(builder, &record);
    }
    arena_free(arena);
}

static int compare_ns(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Two builds agree where their answers have the same sum. */
static uint64_t answer_sum(const Partner__V1__FindHostsResponse *response, uint64_t sum)
{
    sum = sum * 31 + response->eligible;
    for (size_t i = 0; i < response->n_relaxations; i++)
        sum = sum * 31 + response->relaxations[i]->eligible;
    for (size_t i = 0; i < response->n_matches; i++) {
        for (const char *at = response->matches[i]->offer_id; *at; at++)
            sum = sum * 31 + (unsigned char)*at;
        sum = sum * 31 + (uint64_t)(response->matches[i]->score * 1e9);
    }
    return sum;
}

static void tell(const char *what, int64_t *times_ns, uint32_t count)
{
    qsort(times_ns, count, sizeof *times_ns, compare_ns);
    printf("%-34s p50 %8.3f ms  p90 %8.3f ms  p99 %8.3f ms  most %8.3f ms\n", what,
           (double)times_ns[count / 2] / 1e6, (double)times_ns[count * 9 / 10] / 1e6,
           (double)times_ns[count * 99 / 100] / 1e6, (double)times_ns[count - 1] / 1e6);
    fflush(stdout);
}

static Partner__V1__FindHostsResponse ask_one(const struct match_index *index, struct arena *arena,
                                              const struct match_question *question)
{
    Partner__V1__FindHostsResponse response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    struct status status = match_find_hosts(index, arena, question, &response);
    if (!status_ok(status))
        abort();
    return response;
}

/* How many hosts are eligible for a question, both included. */
struct range {
    uint64_t least, most;
};

/* Questions of one mix, drawn until enough of them are in the range. */
static struct match_question *collect(const struct match_index *index, struct arena *arena, const char *what,
                                      uint32_t count, enum mix mix, struct range range)
{
    struct match_question *list = arena_array(arena, count, sizeof *list);
    struct arena *scratch = arena_new(0);
    struct chance chance = chance_of(seed, KIND_QUESTION, mix);
    double eligible = 0;
    for (uint32_t i = 0, tries = 0; i < count; tries++, arena_reset(scratch)) {
        struct match_question question = question_of(arena, &chance, mix == BROAD || tries % 2 ? mix : USUAL);
        Partner__V1__FindHostsResponse response = ask_one(index, scratch, &question);
        if ((response.eligible < range.least || response.eligible > range.most) && tries < 50 * count)
            continue;
        eligible += (double)response.eligible;
        list[i++] = question;
    }
    printf("%s: %u questions, %.0f eligible on average\n", what, count, eligible / count);
    arena_free(scratch);
    return list;
}

static void ask(const struct match_index *index, const char *what, struct match_question *questions,
                uint32_t count, Partner__V1__MatchView view)
{
    int64_t *times_ns = heap_alloc(count * sizeof *times_ns);
    uint64_t sum = 0;
    struct arena *arena = arena_new(0);
    for (uint32_t i = 0; i < count; i++, arena_reset(arena)) {
        questions[i].view = view;
        int64_t start_ns = cpu_ns();
        Partner__V1__FindHostsResponse response = ask_one(index, arena, &questions[i]);
        times_ns[i] = cpu_ns() - start_ns;
        sum = answer_sum(&response, sum);
    }
    tell(what, times_ns, count);
    printf("%34s sum of the answers %016" PRIx64 "\n", "", sum);
    arena_free(arena);
    free(times_ns);
}

/* Offers that ask which of the stored needs they could serve. */
static void ask_senders(const struct match_index *index, const char *what, uint32_t count,
                        Partner__V1__MatchView view)
{
    int64_t *times_ns = heap_alloc(count * sizeof *times_ns);
    struct arena *arena = arena_new(0);
    double eligible = 0;
    for (uint32_t i = 0; i < count; i++, arena_reset(arena)) {
        struct chance chance = chance_of(seed, KIND_CHANGE, UINT32_MAX + (uint64_t)i);
        Partner__V1__FindSendersResponse response = PARTNER__V1__FIND_SENDERS_RESPONSE__INIT;
        struct senders_question question = {.offer =
                                                offer_of(arena, chance, chance_below(&chance, host_count), 0),
                                            .view = view,
                                            .page_size = 20,
                                            .page_token = "",
                                            .today = TODAY};
        int64_t start_ns = cpu_ns();
        if (!status_ok(match_find_senders(index, arena, &question, &response)))
            abort();
        times_ns[i] = cpu_ns() - start_ns;
        eligible += (double)response.eligible;
    }
    printf("%zu needs, %.0f eligible on average\n", match_index_need_count(index), eligible / count);
    tell(what, times_ns, count);
    arena_free(arena);
    free(times_ns);
}

/* ---- changes ---- */

/* A publication after each of some changes; returns the last index. */
static struct match_index *change(struct match_builder *builder, struct match_index *index, uint32_t changes,
                                  uint32_t at_once, const char *what)
{
    static uint64_t changed;
    struct arena *arena = arena_new(0);
    uint32_t rounds = changes / at_once;
    int64_t *times_ns = heap_alloc(rounds * sizeof *times_ns);
    for (uint32_t i = 0; i < rounds; i++) {
        for (uint32_t j = 0; j < at_once; j++, arena_reset(arena)) {
            struct chance chance = chance_of(seed, KIND_CHANGE, changed++);
            put_offer(builder, arena, chance, chance_below(&chance, host_count), 0);
        }
        int64_t start_ns = cpu_ns();
        struct match_index *next = match_builder_publish(builder);
        times_ns[i] = cpu_ns() - start_ns;
        match_index_release(index);
        index = next;
    }
    tell(what, times_ns, rounds);
    free(times_ns);
    arena_free(arena);
    return index;
}

static struct match_index *rebuild(struct match_builder *builder, struct match_index *index)
{
    int64_t start_ns = cpu_ns();
    struct match_rebuild *rebuild = match_rebuild_begin(builder);
    int64_t begun_ns = cpu_ns();
    match_rebuild_run(rebuild);
    int64_t run_ns = cpu_ns();
    match_rebuild_finish(builder, rebuild);
    match_rebuild_free(rebuild);
    int64_t finished_ns = cpu_ns();
    struct match_index *next = match_builder_publish(builder);
    printf("rebuild of the base: begin %.3f ms, run %.0f ms, finish %.3f ms, publish %.1f ms\n",
           (double)(begun_ns - start_ns) / 1e6, (double)(run_ns - begun_ns) / 1e6,
           (double)(finished_ns - run_ns) / 1e6, (double)(cpu_ns() - finished_ns) / 1e6);
    match_index_release(index);
    return next;
}

static void put_all(struct match_builder *builder, struct arena *arena)
{
    for (uint32_t i = 0; i < host_count; i++, arena_reset(arena))
        put_organisation(builder, arena, KIND_HOST, i);
    for (uint32_t i = 0; i < sender_count; i++, arena_reset(arena))
        put_organisation(builder, arena, KIND_SENDER, i);
    for (uint32_t i = 0; i < host_count; i++)
        for (uint32_t which = 0; which <= (i % 5 == 0); which++, arena_reset(arena))
            put_offer(builder, arena, chance_of(seed, KIND_OFFER, i * 2ull + which), i, which);
    for (uint32_t i = 0; i < sender_count; i++, arena_reset(arena))
        put_partnerships(builder, arena, i);
}

static struct match_index *load(struct match_builder *builder)
{
    struct arena *arena = arena_new(0);
    int64_t start_ns = cpu_ns();
    put_all(builder, arena);
    int64_t put_ns = cpu_ns();
    struct match_index *index = match_builder_publish(builder);
    printf(
        "%u hosts: made and put in %.1f s, first index in %.2f s; a host %.0f bytes for filters and scores, "
        "%.0f in all\n",
        host_count, (double)(put_ns - start_ns) / 1e9, (double)(cpu_ns() - put_ns) / 1e9,
        (double)match_index_column_bytes(index) / host_count, (double)match_index_bytes(index) / host_count);
    fflush(stdout);
    arena_free(arena);
    return index;
}

int main(int argc, char **argv)
{
    const Partner__V1__MatchView basic = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC,
                                 full_view = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL;
    host_count = argc > 1 ? (uint32_t)atoi(argv[1]) : 100000;
    sender_count = host_count / HOSTS_A_SENDER + 1;
    uint32_t count = argc > 2 ? (uint32_t)atoi(argv[2]) : 2000;
    struct match_builder *builder = match_builder_new();
    struct vocabulary *vocabulary = make_vocabulary();
    match_builder_set_vocabulary(builder, vocabulary);
    struct match_index *index = load(builder);

    struct arena *arena = arena_new(0);
    const struct range full_page = {PAGE_SIZE, UINT64_MAX}, few_page = {PAGE_SIZE, FEW_CANDIDATES};
    struct match_question *full = collect(index, arena, "full page", count, USUAL, full_page);
    struct match_question *few = collect(index, arena, "few candidates", count, NARROW, few_page);
    struct match_question *less =
        collect(index, arena, "less than a page", count, NARROW, (struct range){0, PAGE_SIZE - 1});
    struct match_question *broad = collect(index, arena, "broad", count, BROAD, full_page);
    ask(index, "full page, basic", full, count, basic);
    ask(index, "full page, full view", full, count, full_view);
    ask(index, "few candidates, basic", few, count, basic);
    ask(index, "less than a page, basic", less, count, basic);
    ask(index, "broad, basic", broad, count, basic);
    index = change(builder, index, 50, 1, "publish, a change each");
    index = change(builder, index, 1000, 100, "publish, 100 changes each");
    ask(index, "full page, delta of 1,050", full, count, basic);
    ask(index, "less than a page, the same", less, count, basic);
    index = change(builder, index, 200, 20, "publish, 20 changes, large delta");
    index = rebuild(builder, index);
    index = change(builder, index, 20, 1, "publish after it, a change each");
    ask(index, "full page, after the rebuild", full, count, basic);

    put_needs(builder);
    index = change(builder, index, 1, 1, "publish, all needs new");
    index = rebuild(builder, index);
    ask_senders(index, "senders, basic", count, basic);
    ask_senders(index, "senders, full view", count, full_view);
    index = change(builder, index, 20, 1, "publish with needs, a change each");

    match_index_release(index);
    match_builder_free(builder);
    vocabulary_release(vocabulary);
    arena_free(arena);
    return 0;
}
