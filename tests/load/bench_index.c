/* How much processor time an index of synthetic offers takes to make, to change and to ask, on one thread:
 *     bench_index [HOSTS [QUESTIONS]]
 * Each host has one offer of 15 outcomes. Attributes go together as they do in life: outcomes with the sector, languages with
 * the country; all follow Zipf's law. Questions come in two mixes: those that fill a page of 20, and those that don't, whose
 * answers tell what each wish costs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "match/query.h"
#include "match/senders.h"
#include "vocab/vocabulary.h"

enum {
    FIELDS = 80,        /* of 4 digits */
    FIELDS_A_BROAD = 8, /* share the first two */
    CONCEPTS_A_FIELD = 150,
    GENERAL_CONCEPTS = 400, /* of every field */
    CONCEPTS = FIELDS * CONCEPTS_A_FIELD + GENERAL_CONCEPTS,
    COUNTRIES = 30,
    OUTCOMES = 15,
    PARTNERSHIPS_A_100_HOSTS = 10,
    TODAY = 20000
};

/* Of this thread alone: a busy machine disturbs it less than the clock on the wall. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 11) % bound);
}

/* Low numbers often: about proportional to 1 / (n + 1). */
static uint32_t zipf(uint32_t bound)
{
    uint32_t n = bound;
    for (uint32_t range = bound; range > 1 && below(3); range = range / 3 + 1)
        n = range / 3 + 1;
    return below(n < bound ? n : bound);
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
    for (uint32_t i = 0; i < CONCEPTS; i++) {
        uint32_t first = i / CONCEPTS_A_FIELD * CONCEPTS_A_FIELD, own = i - first;
        const char *links[] = {concept_code(arena, first + own / 6),
                               concept_code(arena, first + below(CONCEPTS_A_FIELD))};
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

static char *sector(struct arena *arena, uint32_t field, uint32_t digits)
{
    char *code = arena_format(arena, "%02u%u%u", field / FIELDS_A_BROAD, 1 + field % FIELDS_A_BROAD / 4,
                              1 + field % 4);
    code[digits] = '\0';
    return code;
}

static pb_day_range *days(struct arena *arena)
{
    pb_day_range *range = arena_alloc(arena, sizeof *range);
    partner__v1__day_range__init(range);
    range->min_days = 7 + below(60);
    range->max_days = range->min_days + below(90);
    return range;
}

/* Most of the field itself, some of those near, some of use everywhere. */
static uint32_t outcome(uint32_t field)
{
    uint32_t kind = below(10);
    if (kind == 0)
        return FIELDS * CONCEPTS_A_FIELD + zipf(GENERAL_CONCEPTS);
    if (kind == 1)
        field = field / FIELDS_A_BROAD * FIELDS_A_BROAD + below(FIELDS_A_BROAD);
    return field * CONCEPTS_A_FIELD + zipf(CONCEPTS_A_FIELD);
}

static pb_outcome **outcomes(struct arena *arena, uint32_t field, uint32_t count, bool essential)
{
    pb_outcome **list = arena_array(arena, count, sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = arena_alloc(arena, sizeof **list);
        partner__v1__outcome__init(list[i]);
        list[i]->concept = concept_code(arena, outcome(field));
        list[i]->essential = essential && i == 0;
    }
    return list;
}

static pb_date_range *period(struct arena *arena, uint32_t span)
{
    pb_date_range *range = arena_alloc(arena, sizeof *range);
    partner__v1__date_range__init(range);
    char text[11];
    int32_t start = TODAY + (int32_t)below(300);
    date_format(start, text);
    range->start_date = arena_strdup(arena, text);
    date_format(start + (int32_t)span, text);
    range->end_date = arena_strdup(arena, text);
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

/* The country's own, and English in every other place. */
static pb_language_level **languages(struct arena *arena, uint32_t number, size_t *ret_count)
{
    static const char *const codes[COUNTRIES] = {"de", "fr", "es", "it", "pl", "fi", "pt", "el", "de", "nl",
                                                 "nl", "sv", "da", "en", "cs", "hu", "ro", "bg", "hr", "sl",
                                                 "sk", "et", "lv", "lt", "fr", "mt", "el", "is", "no", "tr"};
    pb_language_level *list[] = {language(arena, codes[number], 1 + below(5)),
                                 language(arena, "en", 2 + below(3))};
    *ret_count = 1 + below(2);
    return arena_copy(arena, list, sizeof list);
}

static char *organisation_id(struct arena *arena, uint32_t number)
{
    return arena_format(arena, "r%u/org-%u", number % 20, number);
}

/* ---- records ---- */

/* What a host is like follows from its number, so that its offer can be made to go with it. */
struct host {
    uint32_t field, country;
};

static struct host *hosts;

static void put_organisation(struct match_builder *builder, struct arena *arena, uint32_t number)
{
    static Partner__V1__Role roles[] = {PARTNER__V1__ROLE__ROLE_SENDING, PARTNER__V1__ROLE__ROLE_HOSTING};
    struct host host = hosts[number];
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    organisation.id = organisation_id(arena, number);
    organisation.name = arena_format(arena, "Vocational school number %u", number);
    organisation.country = country(arena, host.country);
    organisation.region =
        arena_format(arena, "%s%u%u%u", organisation.country, 1 + zipf(9), below(9), below(9));
    organisation.city = arena_strdup(arena, "Some Town");
    organisation.roles = roles;
    organisation.n_roles = number % 10 ? 2 : 1;
    organisation.sectors = one_text(arena, sector(arena, host.field, 4));
    organisation.n_sectors = 1;
    organisation.languages = languages(arena, host.country, &organisation.n_languages);
    pb_identifier identifier = PARTNER__V1__IDENTIFIER__INIT, *one = &identifier;
    identifier.scheme = arena_strdup(arena, "oid");
    identifier.value = arena_format(arena, "E%08u", number % 100 == 1 ? number - 1 : number);
    organisation.identifiers = &one;
    organisation.n_identifiers = 1;
    struct record record = {.kind = RECORD_ORGANISATION, .organisation = &organisation};
    match_builder_put(builder, &record);
}

static pb_offer *offer_of(struct arena *arena, uint32_t number)
{
    static Partner__V1__Mode modes[] = {PARTNER__V1__MODE__MODE_PHYSICAL, PARTNER__V1__MODE__MODE_BLENDED};
    struct host host = hosts[number];
    pb_offer *offer = arena_alloc(arena, sizeof *offer);
    partner__v1__offer__init(offer);
    uint32_t other = host.field / FIELDS_A_BROAD * FIELDS_A_BROAD + below(FIELDS_A_BROAD);
    char *sectors[] = {sector(arena, host.field, 4), sector(arena, other, 4)};
    offer->id = arena_format(arena, "r%u/offer-%u", number % 20, number);
    offer->organisation_id = organisation_id(arena, number);
    offer->title = arena_format(arena, "Placement number %u", number);
    offer->sectors = arena_copy(arena, sectors, sizeof sectors);
    offer->n_sectors = below(5) || other == host.field ? 1 : 2;
    offer->duration = days(arena);
    offer->n_outcomes = OUTCOMES;
    offer->outcomes = outcomes(arena, host.field, OUTCOMES, false);
    offer->languages = languages(arena, host.country, &offer->n_languages);
    uint32_t levels[] = {3 + below(2), 5};
    offer->eqf_levels = arena_copy(arena, levels, sizeof levels);
    offer->n_eqf_levels = 1 + below(2);
    offer->modes = modes;
    offer->n_modes = below(5) ? 1 : 2;
    Partner__V1__Recognition *recognition = offer->recognition = arena_alloc(arena, sizeof *recognition);
    partner__v1__recognition__init(recognition);
    recognition->assessment = recognition->documents = one_text(arena, arena_strdup(arena, "portfolio"));
    recognition->n_assessment = below(2);
    recognition->n_documents = below(3) == 0;
    recognition->validated_by_host = below(4) == 0;
    pb_window *window = arena_alloc(arena, sizeof *window);
    partner__v1__window__init(window);
    window->period = period(arena, 60 + below(200));
    window->places = 1 + below(6);
    offer->windows = arena_copy(arena, &window, sizeof(pb_window *));
    offer->n_windows = below(3) > 0;
    return offer;
}

static void put_offer(struct match_builder *builder, struct arena *arena, uint32_t number)
{
    struct record record = {.kind = RECORD_OFFER, .offer = offer_of(arena, number)};
    match_builder_put(builder, &record);
}

static void put_partnership(struct match_builder *builder, struct arena *arena, uint32_t number,
                            uint32_t host_count)
{
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    char *ids[] = {organisation_id(arena, zipf(host_count)), organisation_id(arena, below(host_count))};
    partnership.id = arena_format(arena, "r1/p-%u", number);
    partnership.organisation_ids = ids;
    partnership.n_organisation_ids = 2;
    partnership.mobilities = below(30);
    struct record record = {.kind = RECORD_PARTNERSHIP, .partnership = &partnership};
    match_builder_put(builder, &record);
}

/* ---- questions ---- */

/* From broad to narrow; `narrow` ones ask for more than most hosts give. */
static struct match_question question_of(struct arena *arena, uint32_t host_count, bool narrow)
{
    pb_need *need = arena_alloc(arena, sizeof *need);
    partner__v1__need__init(need);
    uint32_t sender = below(host_count), field = hosts[sender].field, broad = below(20);
    need->organisation_id = organisation_id(arena, sender);
    need->n_outcomes = 3 + below(4);
    need->outcomes = outcomes(arena, field, (uint32_t)need->n_outcomes, narrow && below(2));
    if (below(4))
        need->duration = days(arena);
    if (broad || narrow) { /* one in 20 leaves the sector open */
        need->sectors = one_text(arena, sector(arena, field, broad < 4 ? 2 : broad < 8 ? 3 : 4));
        need->n_sectors = 1;
    }
    if (below(2) || narrow) {
        need->n_countries = narrow ? 1 : 1 + below(3);
        need->countries = arena_array(arena, need->n_countries, sizeof *need->countries);
        for (size_t i = 0; i < need->n_countries; i++)
            need->countries[i] = country(arena, zipf(COUNTRIES));
    }
    if (narrow && below(2)) {
        need->regions =
            one_text(arena, arena_format(arena, "%s%u%u", need->countries[0], 1 + below(9), below(9)));
        need->n_regions = 1;
    }
    if (below(2))
        need->languages = languages(arena, zipf(COUNTRIES), &need->n_languages);
    if (below(5) < 2) {
        need->period = period(arena, 120);
        need->learners = 1 + below(3);
    }
    if (below(4) == 0)
        need->eqf_level = 3 + below(3);
    return (struct match_question){.need = need,
                                   .sender_id = "",
                                   .view = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC,
                                   .page_size = 20,
                                   .page_token = "",
                                   .today = TODAY};
}

/* One in so many hosts has a need of its own stored. */
enum { HOSTS_A_NEED = 10 };

static void put_needs(struct match_builder *builder, uint32_t host_count)
{
    struct arena *arena = arena_new(0);
    for (uint32_t i = 0; i < host_count / HOSTS_A_NEED; i++, arena_reset(arena)) {
        pb_need need = *question_of(arena, host_count, below(2)).need;
        need.id = arena_format(arena, "r%u/need-%u", i % 20, i);
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

/* Questions of one mix: whether they fill the page. */
static struct match_question *collect(const struct match_index *index, struct arena *arena,
                                      uint32_t host_count, uint32_t count, bool full)
{
    struct match_question *list = arena_array(arena, count, sizeof *list);
    struct arena *scratch = arena_new(0);
    double eligible = 0;
    for (uint32_t i = 0, tries = 0; i < count; tries++) {
        struct match_question question = question_of(arena, host_count, !full);
        Partner__V1__FindHostsResponse response = ask_one(index, scratch, &question);
        if ((response.eligible >= question.page_size) == full || tries > 50 * count) {
            eligible += (double)response.eligible;
            list[i++] = question;
        }
        arena_reset(scratch);
    }
    printf("%u questions, %.0f eligible on average\n", count, eligible / count);
    arena_free(scratch);
    return list;
}

static void ask(const struct match_index *index, const char *what, struct match_question *questions,
                uint32_t count, Partner__V1__MatchView view)
{
    int64_t *times_ns = heap_alloc(count * sizeof *times_ns);
    struct arena *arena = arena_new(0);
    for (uint32_t i = 0; i < count; i++) {
        questions[i].view = view;
        int64_t start_ns = cpu_ns();
        ask_one(index, arena, &questions[i]);
        times_ns[i] = cpu_ns() - start_ns;
        arena_reset(arena);
    }
    tell(what, times_ns, count);
    arena_free(arena);
    free(times_ns);
}

/* Offers that ask which of the stored needs they could serve. */
static void ask_senders(const struct match_index *index, const char *what, uint32_t host_count,
                        uint32_t count, Partner__V1__MatchView view)
{
    int64_t *times_ns = heap_alloc(count * sizeof *times_ns);
    struct arena *arena = arena_new(0);
    double eligible = 0;
    for (uint32_t i = 0; i < count; i++, arena_reset(arena)) {
        Partner__V1__FindSendersResponse response = PARTNER__V1__FIND_SENDERS_RESPONSE__INIT;
        struct senders_question question = {.offer = offer_of(arena, below(host_count)),
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
static struct match_index *change(struct match_builder *builder, struct match_index *index,
                                  uint32_t host_count, uint32_t changes, uint32_t at_once, const char *what)
{
    struct arena *arena = arena_new(0);
    uint32_t rounds = changes / at_once;
    int64_t *times_ns = heap_alloc(rounds * sizeof *times_ns);
    for (uint32_t i = 0; i < rounds; i++) {
        for (uint32_t j = 0; j < at_once; j++, arena_reset(arena))
            put_offer(builder, arena, below(host_count));
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
    int64_t finished_ns = cpu_ns();
    struct match_index *next = match_builder_publish(builder);
    printf("rebuild of the base: begin %.3f ms, run %.0f ms, finish %.3f ms, publish %.1f ms\n",
           (double)(begun_ns - start_ns) / 1e6, (double)(run_ns - begun_ns) / 1e6,
           (double)(finished_ns - run_ns) / 1e6, (double)(cpu_ns() - finished_ns) / 1e6);
    match_index_release(index);
    return next;
}

static struct match_index *load(struct match_builder *builder, uint32_t host_count)
{
    struct arena *arena = arena_new(0);
    hosts = heap_alloc(host_count * sizeof *hosts);
    for (uint32_t i = 0; i < host_count; i++)
        hosts[i] = (struct host){zipf(FIELDS), zipf(COUNTRIES)};
    int64_t start_ns = cpu_ns();
    for (uint32_t i = 0; i < host_count; i++, arena_reset(arena))
        put_organisation(builder, arena, i);
    for (uint32_t i = 0; i < host_count; i++, arena_reset(arena))
        put_offer(builder, arena, i);
    for (uint32_t i = 0; i < host_count / 100 * PARTNERSHIPS_A_100_HOSTS; i++, arena_reset(arena))
        put_partnership(builder, arena, i, host_count);
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
    const Partner__V1__MatchView basic = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC;
    uint32_t host_count = argc > 1 ? (uint32_t)atoi(argv[1]) : 100000;
    uint32_t count = argc > 2 ? (uint32_t)atoi(argv[2]) : 2000;
    struct match_builder *builder = match_builder_new();
    struct vocabulary *vocabulary = make_vocabulary();
    match_builder_set_vocabulary(builder, vocabulary);
    struct match_index *index = load(builder, host_count);

    struct arena *arena = arena_new(0);
    struct match_question *full = collect(index, arena, host_count, count, true);
    struct match_question *narrow = collect(index, arena, host_count, count, false);
    ask(index, "full page, basic", full, count, basic);
    ask(index, "full page, full view", full, count, PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL);
    ask(index, "less than a page, basic", narrow, count, basic);
    index = change(builder, index, host_count, 50, 1, "publish, a change each");
    index = change(builder, index, host_count, 1000, 100, "publish, 100 changes each");
    ask(index, "full page, delta of 1,050", full, count, basic);
    index = change(builder, index, host_count, 200, 20, "publish, 20 changes, large delta");
    index = rebuild(builder, index);
    index = change(builder, index, host_count, 20, 1, "publish after it, a change each");
    ask(index, "full page, after the rebuild", full, count, basic);

    put_needs(builder, host_count);
    index = change(builder, index, host_count, 1, 1, "publish, all needs new");
    ask_senders(index, "senders, basic", host_count, count, basic);
    ask_senders(index, "senders, full view", host_count, count, PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL);
    index = change(builder, index, host_count, 20, 1, "publish with needs, a change each");

    match_index_release(index);
    match_builder_free(builder);
    vocabulary_release(vocabulary);
    arena_free(arena);
    free(hosts);
    return 0;
}
