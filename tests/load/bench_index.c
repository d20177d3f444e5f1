/* How much processor time an index of synthetic offers takes to make and to ask, on one thread:
 *     bench_index [OFFERS [QUESTIONS]]
 * Attributes are independent and outcomes follow Zipf's law; real registries are correlated. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "match/query.h"
#include "vocab/vocabulary.h"

enum { CONCEPTS = 5000, ORGANISATIONS_PER_100_OFFERS = 50, PARTNERSHIPS_PER_100_OFFERS = 20, TODAY = 20000 };

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

static struct vocabulary *make_vocabulary(void)
{
    struct arena *arena = arena_new(0);
    struct vocabulary_builder *builder = vocabulary_builder_new();
    for (uint32_t i = 0; i < CONCEPTS; i++) {
        const char *links[] = {concept_code(arena, i / 6), concept_code(arena, below(CONCEPTS)),
                               concept_code(arena, below(CONCEPTS))};
        struct concept_words words = {
            .language = "en", .label = arena_format(arena, "skill %u", i), .description = ""};
        struct concept_source source = {
            .scheme = SCHEME_OUTCOME,
            .code = concept_code(arena, i),
            .vocabulary = "BENCH 1",
            .reuse = i % 5 == 0 ? "cross-sector" : "sector-specific",
            .broader = {links, i ? 1 : 0},
            .related = {links + 1, 2},
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

static char *country(struct arena *arena)
{
    static const char codes[] = "DEFRESITPLFIPTGRATNLBESEDKIECZHUROBGHRSISKEELVLTLUMTCYISNOTR";
    return arena_strndup(arena, codes + 2 * zipf(sizeof codes / 2), 2);
}

static char *sector(struct arena *arena)
{
    return arena_format(arena, "%02u%u%u", below(11), 1 + below(4), 1 + below(5));
}

static pb_day_range *days(struct arena *arena)
{
    pb_day_range *range = arena_alloc(arena, sizeof *range);
    partner__v1__day_range__init(range);
    range->min_days = 7 + below(60);
    range->max_days = range->min_days + below(90);
    return range;
}

static pb_outcome **outcomes(struct arena *arena, uint32_t count)
{
    pb_outcome **list = arena_array(arena, count, sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = arena_alloc(arena, sizeof **list);
        partner__v1__outcome__init(list[i]);
        list[i]->concept = concept_code(arena, zipf(CONCEPTS));
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

static pb_language_level **languages(struct arena *arena)
{
    static const char *const codes[] = {"en", "de", "fr", "es", "it", "pl", "fi"};
    pb_language_level *level = arena_alloc(arena, sizeof *level);
    partner__v1__language_level__init(level);
    level->language = arena_strdup(arena, codes[zipf(7)]);
    level->level = below(7);
    return arena_copy(arena, &level, sizeof level);
}

static char *organisation_id(struct arena *arena, uint32_t number)
{
    return arena_format(arena, "r%u/org-%u", number % 20, number);
}

/* ---- records ---- */

static void put_organisation(struct match_builder *builder, struct arena *arena, uint32_t number)
{
    static Partner__V1__Role roles[] = {PARTNER__V1__ROLE__ROLE_SENDING, PARTNER__V1__ROLE__ROLE_HOSTING};
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    organisation.id = organisation_id(arena, number);
    organisation.name = arena_format(arena, "Vocational school number %u", number);
    organisation.country = country(arena);
    organisation.city = arena_strdup(arena, "Some Town");
    organisation.roles = roles;
    organisation.n_roles = 2;
    organisation.sectors = one_text(arena, sector(arena));
    organisation.n_sectors = 1;
    organisation.languages = languages(arena);
    organisation.n_languages = 1;
    pb_identifier identifier = PARTNER__V1__IDENTIFIER__INIT, *one = &identifier;
    identifier.scheme = arena_strdup(arena, "oid");
    identifier.value = arena_format(arena, "E%08u", number % 50 == 1 ? number - 1 : number);
    organisation.identifiers = &one;
    organisation.n_identifiers = 1;
    struct record record = {.kind = RECORD_ORGANISATION, .organisation = &organisation};
    match_builder_put(builder, &record);
}

static void put_offer(struct match_builder *builder, struct arena *arena, uint32_t number,
                      uint32_t organisations)
{
    pb_offer offer = PARTNER__V1__OFFER__INIT;
    offer.id = arena_format(arena, "r1/offer-%u", number);
    offer.organisation_id = organisation_id(arena, below(organisations));
    offer.title = arena_format(arena, "Placement number %u", number);
    offer.sectors = one_text(arena, sector(arena));
    offer.n_sectors = 1;
    offer.duration = days(arena);
    offer.n_outcomes = 15;
    offer.outcomes = outcomes(arena, 15);
    pb_window window = PARTNER__V1__WINDOW__INIT, *one = &window;
    window.period = period(arena, 60 + below(200));
    window.places = 1 + below(6);
    offer.windows = &one;
    offer.n_windows = below(3) > 0;
    struct record record = {.kind = RECORD_OFFER, .offer = &offer};
    match_builder_put(builder, &record);
}

static void put_partnership(struct match_builder *builder, struct arena *arena, uint32_t number,
                            uint32_t organisations)
{
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    char *ids[] = {organisation_id(arena, zipf(organisations)), organisation_id(arena, below(organisations))};
    partnership.id = arena_format(arena, "r1/p-%u", number);
    partnership.organisation_ids = ids;
    partnership.n_organisation_ids = 2;
    partnership.mobilities = below(30);
    struct record record = {.kind = RECORD_PARTNERSHIP, .partnership = &partnership};
    match_builder_put(builder, &record);
}

/* ---- questions ---- */

static struct match_question question_of(struct arena *arena, uint32_t organisations)
{
    pb_need *need = arena_alloc(arena, sizeof *need);
    partner__v1__need__init(need);
    need->organisation_id = organisation_id(arena, below(organisations));
    need->n_outcomes = 3 + below(4);
    need->outcomes = outcomes(arena, (uint32_t)need->n_outcomes);
    need->duration = days(arena);
    if (below(4)) {
        need->sectors = one_text(arena, arena_strndup(arena, sector(arena), 2 + below(3)));
        need->n_sectors = 1;
    }
    if (below(2)) {
        need->countries = one_text(arena, country(arena));
        need->n_countries = 1;
    }
    if (below(2)) {
        need->languages = languages(arena);
        need->n_languages = 1;
    }
    if (below(2)) {
        need->period = period(arena, 120);
        need->learners = 1 + below(3);
    }
    return (struct match_question){
        .need = need, .sender_id = "", .page_size = 20, .page_token = "", .today = TODAY};
}

static int compare_ns(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void tell(const char *what, int64_t *times_ns, uint32_t count)
{
    qsort(times_ns, count, sizeof *times_ns, compare_ns);
    printf("%s: p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, most %.3f ms\n", what,
           (double)times_ns[count / 2] / 1e6, (double)times_ns[count * 9 / 10] / 1e6,
           (double)times_ns[count * 99 / 100] / 1e6, (double)times_ns[count - 1] / 1e6);
}

static void ask(const struct match_index *index, uint32_t organisations, uint32_t questions)
{
    int64_t *times_ns = heap_alloc(questions * sizeof *times_ns), estimate_us = 0;
    uint64_t eligible = 0, relaxed = 0;
    for (uint32_t i = 0; i < questions; i++) {
        struct arena *arena = arena_new(0);
        struct match_question question = question_of(arena, organisations);
        Partner__V1__FindHostsResponse response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
        int64_t start_ns = cpu_ns();
        estimate_us += match_find_hosts_cost_us(index, &question);
        struct status status = match_find_hosts(index, arena, &question, &response);
        times_ns[i] = cpu_ns() - start_ns;
        eligible += status_ok(status) ? response.eligible : 0;
        relaxed += response.n_relaxations > 0;
        arena_free(arena);
    }
    printf("%u questions: %.0f eligible each, %.0f us estimated each, %.0f %% with relaxations\n", questions,
           (double)eligible / questions, (double)estimate_us / questions,
           100.0 * (double)relaxed / questions);
    tell("find", times_ns, questions);
    free(times_ns);
}

int main(int argc, char **argv)
{
    uint32_t offers = argc > 1 ? (uint32_t)atoi(argv[1]) : 100000;
    uint32_t questions = argc > 2 ? (uint32_t)atoi(argv[2]) : 2000;
    uint32_t organisations = offers / 100 * ORGANISATIONS_PER_100_OFFERS + 10;
    struct match_builder *builder = match_builder_new();
    struct vocabulary *vocabulary = make_vocabulary();
    struct arena *arena = arena_new(0);
    match_builder_set_vocabulary(builder, vocabulary);

    int64_t start_ns = cpu_ns();
    for (uint32_t i = 0; i < organisations; i++, arena_reset(arena))
        put_organisation(builder, arena, i);
    for (uint32_t i = 0; i < offers; i++, arena_reset(arena))
        put_offer(builder, arena, i, organisations);
    for (uint32_t i = 0; i < offers / 100 * PARTNERSHIPS_PER_100_OFFERS; i++, arena_reset(arena))
        put_partnership(builder, arena, i, organisations);
    printf("%u offers put in %.0f ms\n", offers, (double)(cpu_ns() - start_ns) / 1e6);

    struct match_index *index = NULL;
    int64_t times_ns[7];
    for (uint32_t i = 0; i < 7; i++) {
        put_offer(builder, arena, below(offers), organisations);
        start_ns = cpu_ns();
        struct match_index *next = match_builder_publish(builder);
        times_ns[i] = cpu_ns() - start_ns;
        match_index_release(index);
        index = next;
    }
    printf("first publish %.1f ms; ", (double)times_ns[0] / 1e6);
    tell("then with one change", times_ns + 1, 6);
    printf("%zu MiB\n", match_index_bytes(index) >> 20);
    ask(index, organisations, questions);

    match_index_release(index);
    match_builder_free(builder);
    vocabulary_release(vocabulary);
    arena_free(arena);
    return 0;
}
