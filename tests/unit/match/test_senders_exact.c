#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/senders.h"
#include "match/support_senders.h"
#include "match/support_world.h"

/* Random offers against the needs of random registries, answered by the index and by a plain loop, must agree in everything. */

typedef Partner__V1__FindSendersResponse senders_response;
typedef Partner__V1__SenderMatch sender_match;

static uint64_t current_seed;
static unsigned current_question;

#define CHECK(condition, ...)                                                                           \
    do {                                                                                                \
        if (!(condition)) {                                                                             \
            print_error("seed %llu question %u: ", (unsigned long long)current_seed, current_question); \
            print_error(__VA_ARGS__);                                                                   \
            print_error("\n");                                                                          \
            fail();                                                                                     \
        }                                                                                               \
    } while (0)

/* How often the generator reached what must be reached; see the last test. */
enum {
    SEEN_QUESTIONS,
    SEEN_ELIGIBLE,
    SEEN_NONE,
    SEEN_PAGES,
    SEEN_TIES,
    SEEN_PARTNERS,
    SEEN_NEAR,
    SEEN_NEW,
    SEEN_TWO_GROUPS,
    SEEN_STORED,
    SEEN_FITS,
    SEEN_NOT_FOUND,
    SEEN_BASIC,
    SEEN_DECISIVE,
    SEEN_COUNT = SEEN_DECISIVE + 11
};
static const char *const seen_names[SEEN_COUNT] = {"questions",
                                                   "with matches",
                                                   "without",
                                                   "with several pages",
                                                   "ties",
                                                   "partners",
                                                   "partners of partners",
                                                   "new",
                                                   "two groups",
                                                   "stored offers",
                                                   "outcomes that fit",
                                                   "not found",
                                                   "brief",
                                                   "sectors",
                                                   "countries",
                                                   "regions",
                                                   "duration",
                                                   "languages",
                                                   "eqf_level",
                                                   "modes",
                                                   "period",
                                                   "learners",
                                                   "outcomes",
                                                   "network"};
static size_t seen[SEEN_COUNT];

static void see_answer(const struct oracle_senders *answer)
{
    seen[SEEN_QUESTIONS]++;
    seen[answer->eligible ? SEEN_ELIGIBLE : SEEN_NONE]++;
    for (size_t i = 0; i < answer->eligible; i++) {
        const struct oracle_match *match = &answer->senders[i].match;
        seen[SEEN_PARTNERS] += match->distance == 1;
        seen[SEEN_NEAR] += match->distance == 2;
        seen[SEEN_NEW] += match->distance == 3;
        seen[SEEN_FITS] += match->applies[0] && match->values[0] > 0;
        seen[SEEN_TIES] += i && answer->senders[i - 1].match.score == match->score;
        seen[SEEN_TWO_GROUPS] += i && answer->senders[i - 1].match.group != match->group;
    }
    for (size_t i = 0; i < answer->relaxation_count; i++)
        for (int j = SEEN_DECISIVE; j < SEEN_COUNT; j++)
            if (strcmp(seen_names[j], answer->relaxation_names[i]) == 0)
                seen[j]++;
}

static bool near(double left, double right)
{
    return fabs(left - right) <= 1.0001e-9;
}

/* ---- one match ---- */

static void check_facts(const sender_match *match, const struct oracle_sender *expected)
{
    const pb_need *need = expected->need;
    CHECK(strcmp(match->organisation_id, expected->organisation->id) == 0, "%s, expected %s",
          match->organisation_id, expected->organisation->id);
    CHECK(strcmp(match->need_id, need->id) == 0, "need %s of %s, expected %s", match->need_id,
          match->organisation_id, need->id);
    CHECK(near(match->score, expected->match.score), "score of %s: %.12f, expected %.12f", match->need_id,
          match->score, expected->match.score);
    CHECK(strcmp(match->name, expected->organisation->name) == 0 &&
              strcmp(match->country, expected->organisation->country) == 0 &&
              strcmp(match->city, expected->organisation->city) == 0,
          "name, country or city of %s", match->organisation_id);
    CHECK(strcmp(match->title, need->title) == 0, "title of %s", match->need_id);
    CHECK(!match->duration == !need->duration &&
              (!need->duration || (match->duration->min_days == need->duration->min_days &&
                                   match->duration->max_days == need->duration->max_days)),
          "duration of %s", match->need_id);
}

static void check_criteria(const sender_match *match, const struct oracle_match *expected)
{
    size_t row = 0;
    for (int i = 0; i < ORACLE_CRITERIA; i++) {
        if (!expected->applies[i])
            continue;
        CHECK(row < match->n_criteria, "too few criteria");
        const Partner__V1__Criterion *criterion = match->criteria[row++];
        CHECK(strcmp(criterion->name, oracle_criteria[i]) == 0, "criterion %s, expected %s", criterion->name,
              oracle_criteria[i]);
        CHECK(near(criterion->value, expected->values[i]), "%s of %s: %.12f, expected %.12f", criterion->name,
              match->need_id, criterion->value, expected->values[i]);
        CHECK(criterion->weight == expected->weights[i], "weight of %s", criterion->name);
        CHECK(!criterion->filter && *criterion->reason, "%s has no reason", criterion->name);
    }
    CHECK(match->n_criteria == row, "too many criteria");
}

static void check_outcomes(const sender_match *match, const struct oracle_match *expected)
{
    CHECK(match->n_outcomes == expected->fit_count, "%zu outcomes", match->n_outcomes);
    for (size_t i = 0; i < match->n_outcomes; i++) {
        const Partner__V1__OutcomeFit *fit = match->outcomes[i];
        CHECK(strcmp(fit->wanted->concept, expected->wanted[i]) == 0, "wanted %s", fit->wanted->concept);
        CHECK(near(fit->fit, expected->fits[i]), "fit of %s: %f", fit->wanted->concept, fit->fit);
        CHECK(!fit->offered == !expected->offered[i], "offered for %s", fit->wanted->concept);
        CHECK(!fit->offered || strcmp(fit->offered->concept, expected->offered[i]) == 0,
              "offered %s, expected %s", fit->offered->concept, expected->offered[i]);
    }
}

static void check_scorecard(const sender_match *match, const struct oracle_match *expected, bool has_wishes)
{
    const Partner__V1__Scorecard *card = match->scorecard;
    const double letters[] = {card->strategic, card->meaningful, card->recognisable, card->transferable};
    size_t notes = 0;
    for (int i = 0; i < 4; i++) {
        CHECK(near(letters[i], expected->letters[i]), "letter %d: %f, expected %f", i, letters[i],
              expected->letters[i]);
        notes += !expected->letter_stated[i];
    }
    CHECK(card->n_notes == notes, "%zu notes, expected %zu", card->n_notes, notes);
    bool unread = !expected->letter_stated[3] && strstr(card->notes[notes - 1], "could not be read");
    CHECK(expected->letter_stated[3] || unread == has_wishes, "wishes read or not");
}

static void check_network(const sender_match *match, const struct oracle_match *expected)
{
    CHECK(match->network->distance == expected->distance, "distance of %s: %u, expected %u",
          match->organisation_id, match->network->distance, expected->distance);
    CHECK(match->network->mobilities == expected->mobilities, "mobilities of %s", match->organisation_id);
    CHECK(match->network->n_via == expected->via_count, "via of %s: %zu, expected %zu",
          match->organisation_id, match->network->n_via, expected->via_count);
    for (size_t i = 0; i < expected->via_count; i++)
        CHECK(strcmp(match->network->via[i], expected->via[i]) == 0, "via %s", match->network->via[i]);
}

static void check_match(const sender_match *match, const struct oracle_sender *expected, bool brief)
{
    check_facts(match, expected);
    if (brief) {
        CHECK(!match->n_criteria && !match->n_outcomes && !match->scorecard && !match->network &&
                  !match->learners,
              "a brief match says more");
        seen[SEEN_BASIC]++;
        return;
    }
    CHECK(match->learners == expected->need->learners, "learners of %s", match->need_id);
    check_criteria(match, &expected->match);
    check_outcomes(match, &expected->match);
    check_scorecard(match, &expected->match, expected->need->n_outcomes > 0);
    check_network(match, &expected->match);
}

/* ---- answers ---- */

static void check_relaxations(const senders_response *response, const struct oracle_senders *expected,
                              uint32_t page_size, bool first)
{
    if (!first || expected->eligible >= page_size) {
        CHECK(response->n_relaxations == 0, "relaxations without need");
        return;
    }
    CHECK(response->n_relaxations == expected->relaxation_count, "%zu relaxations, expected %zu",
          response->n_relaxations, expected->relaxation_count);
    for (size_t i = 0; i < expected->relaxation_count; i++) {
        CHECK(strcmp(response->relaxations[i]->filter, expected->relaxation_names[i]) == 0,
              "relaxation %s, expected %s", response->relaxations[i]->filter, expected->relaxation_names[i]);
        CHECK(response->relaxations[i]->eligible == expected->relaxation_counts[i],
              "without %s: %llu, expected %zu", expected->relaxation_names[i],
              (unsigned long long)response->relaxations[i]->eligible, expected->relaxation_counts[i]);
    }
}

/* All pages one after the other. */
static void check_find(const struct match_index *index, const struct oracle_world *lists,
                       struct senders_question question)
{
    struct arena *arena = arena_new(0);
    struct oracle_senders expected = oracle_find_senders(arena, lists, &question);
    size_t given = 0;
    see_answer(&expected);
    for (bool first = true, more = true; more; first = false) {
        senders_response response = PARTNER__V1__FIND_SENDERS_RESPONSE__INIT;
        struct status status = match_find_senders(index, arena, &question, &response);
        CHECK(status_ok(status) == expected.found, "found or not: %s", status.message);
        if (!expected.found) {
            CHECK(status.code == STATUS_NOT_FOUND, "code %d", (int)status.code);
            seen[SEEN_NOT_FOUND]++;
            break;
        }
        CHECK(response.eligible == expected.eligible, "%llu eligible, expected %zu",
              (unsigned long long)response.eligible, expected.eligible);
        check_relaxations(&response, &expected, question.page_size, first);
        for (size_t i = 0; i < response.n_matches; i++) {
            CHECK(given < expected.eligible, "too many matches");
            check_match(response.matches[i], &expected.senders[given++],
                        question.view == PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC);
        }
        more = *response.next_page_token != '\0';
        CHECK(more ? response.n_matches == question.page_size : response.n_matches <= question.page_size,
              "a page of %zu", response.n_matches);
        seen[SEEN_PAGES] += first && more;
        question.page_token = response.next_page_token;
    }
    CHECK(given == expected.eligible, "%zu matches, expected %zu", given, expected.eligible);
    arena_free(arena);
}

static void ask_questions(struct world *world, unsigned questions)
{
    static const uint32_t page_sizes[] = {1, 2, 3, 5, 20, 1000};
    struct match_index *index = match_builder_publish(world->builder);
    struct arena *arena = arena_new(0);
    struct oracle_world lists = world_lists(world, arena);
    for (unsigned i = 0; i < questions; i++) {
        struct senders_question question = {
            .network = random_below(&world->random, 3),
            .weights = world_weights(world, arena),
            .view = random_chance(&world->random, 10) ? PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC
                                                      : PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL,
            .page_size = page_sizes[random_below(&world->random, 6)],
            .page_token = "",
            .today = WORLD_TODAY,
        };
        current_question++;
        question.offer = world_offer(world, arena, &question.offer_id);
        if (!question.offer)
            continue;
        seen[SEEN_STORED] += *question.offer_id != '\0';
        check_find(index, &lists, question);
    }
    arena_free(arena);
    match_index_release(index);
}

/* Organisations get other places, and nothing else changes. */
static void renew_base(struct world *world)
{
    struct match_rebuild *rebuild = match_rebuild_begin(world->builder);
    match_rebuild_run(rebuild);
    match_rebuild_finish(world->builder, rebuild);
    match_rebuild_free(rebuild);
}

struct sizes {
    unsigned worlds, rounds, questions;
    uint32_t organisations, offers, partnerships, needs;
};

static void run_worlds(uint64_t first_seed, const struct sizes *sizes)
{
    for (unsigned i = 0; i < sizes->worlds; i++) {
        struct world world;
        current_seed = first_seed + i;
        current_question = 0;
        uint32_t own = 1 + (uint32_t)(i % sizes->organisations) + sizes->organisations / 2;
        world_init(&world, current_seed, own, sizes->offers * (1 + i % 3) / 3,
                   sizes->partnerships * (i % 4) / 3, i % 5 != 0);
        world_add_needs(&world, sizes->needs * (1 + i % 3) / 3);
        for (unsigned round = 0; round < sizes->rounds; round++) {
            ask_questions(&world, sizes->questions);
            renew_base(&world);
            ask_questions(&world, sizes->questions / 4);
            world_turn(&world, i + round);
        }
        world_fini(&world);
    }
}

/* ---- tests ---- */

static void an_empty_registry_answers(void **)
{
    run_worlds(1, &(struct sizes){.worlds = 5, .rounds = 2, .questions = 20, .organisations = 1});
}

static void small_registries_agree_with_the_plain_loop(void **)
{
    const char *scale = getenv("MATCH_EXACT_WORLDS");
    run_worlds(1000, &(struct sizes){.worlds = scale ? (unsigned)atoi(scale) : 300,
                                     .rounds = 4,
                                     .questions = 20,
                                     .organisations = 12,
                                     .offers = 18,
                                     .partnerships = 16,
                                     .needs = 40});
}

/* So many that most stand in the large set, with some gone from it and some beside it. */
static void many_needs_agree_with_the_plain_loop(void **)
{
    run_worlds(5001, &(struct sizes){.worlds = 3,
                                     .rounds = 4,
                                     .questions = 12,
                                     .organisations = 60,
                                     .offers = 60,
                                     .partnerships = 60,
                                     .needs = 4500});
}

/* Runs last: what was never reached would not be tested. */
static void the_questions_reached_every_rule(void **)
{
    for (int i = 0; i < SEEN_COUNT; i++) {
        if (getenv("MATCH_EXACT_SEEN"))
            print_message("%8zu %s\n", seen[i], seen_names[i]);
        assert_true(seen[i] >= 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_registry_answers),
        cmocka_unit_test(small_registries_agree_with_the_plain_loop),
        cmocka_unit_test(many_needs_agree_with_the_plain_loop),
        cmocka_unit_test(the_questions_reached_every_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
