#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/packer.h"
#include "match/support_world.h"

/* Random questions to random registries, answered by the index and by a plain loop, must agree in everything. */

typedef Partner__V1__FindHostsResponse find_response;
typedef Partner__V1__ExplainMatchResponse explain_response;

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
    SEEN_PROFILES,
    SEEN_PARTNERS,
    SEEN_NEAR,
    SEEN_NEW,
    SEEN_TWO_GROUPS,
    SEEN_FREE_PLACES,
    SEEN_EXPLAINED,
    SEEN_NOT_ELIGIBLE,
    SEEN_RANK_BEYOND_FIRST,
    SEEN_DECISIVE,
    SEEN_COUNT = SEEN_DECISIVE + 11
};
static const char *const seen_names[SEEN_COUNT] = {"questions",
                                                   "with matches",
                                                   "without",
                                                   "with several pages",
                                                   "ties",
                                                   "profiles",
                                                   "partners",
                                                   "partners of partners",
                                                   "new",
                                                   "two groups",
                                                   "free places",
                                                   "explained eligible",
                                                   "explained not eligible",
                                                   "rank beyond the first",
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

static void see_answer(const struct oracle_answer *answer)
{
    seen[SEEN_QUESTIONS]++;
    seen[answer->eligible ? SEEN_ELIGIBLE : SEEN_NONE]++;
    for (size_t i = 0; i < answer->eligible; i++) {
        const struct oracle_match *match = &answer->matches[i];
        seen[SEEN_PROFILES] += !match->offer;
        seen[SEEN_PARTNERS] += match->distance == 1;
        seen[SEEN_NEAR] += match->distance == 2;
        seen[SEEN_NEW] += match->distance == 3;
        seen[SEEN_FREE_PLACES] += match->free_places > 0;
        seen[SEEN_TIES] += i && match[-1].score == match->score;
        seen[SEEN_TWO_GROUPS] += i && match[-1].group != match->group;
    }
    for (size_t i = 0; i < answer->relaxation_count; i++)
        for (int j = SEEN_DECISIVE; j < SEEN_COUNT; j++)
            if (answer->relaxation_counts[i] > answer->eligible &&
                strcmp(seen_names[j], answer->relaxation_names[i]) == 0)
                seen[j]++;
}

static bool near(double left, double right)
{
    return fabs(left - right) <= 1.0001e-9;
}

/* ---- one match ---- */

static size_t check_criteria(const Partner__V1__Match *match, const struct oracle_match *expected)
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
              match->organisation_id, criterion->value, expected->values[i]);
        CHECK(criterion->weight == expected->weights[i], "weight of %s", criterion->name);
        CHECK(!criterion->filter && *criterion->reason, "%s has no reason", criterion->name);
    }
    return row;
}

static void check_outcomes(const Partner__V1__Match *match, const struct oracle_match *expected)
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

static void check_scorecard(const Partner__V1__Match *match, const struct oracle_match *expected)
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
}

static size_t check_match(const Partner__V1__Match *match, const struct oracle_match *expected)
{
    const pb_offer *offer = expected->offer;
    CHECK(strcmp(match->organisation_id, expected->organisation->id) == 0, "%s, expected %s",
          match->organisation_id, expected->organisation->id);
    CHECK(strcmp(match->offer_id, offer ? offer->id : "") == 0, "offer %s of %s, expected %s",
          match->offer_id, match->organisation_id, offer ? offer->id : "none");
    CHECK(near(match->score, expected->score), "score of %s: %.12f, expected %.12f", match->organisation_id,
          match->score, expected->score);
    CHECK(strcmp(match->name, expected->organisation->name) == 0 &&
              strcmp(match->country, expected->organisation->country) == 0,
          "name or country");
    CHECK(strcmp(match->title, offer ? offer->title : "") == 0, "title");
    CHECK(match->free_places == expected->free_places, "free places of %s: %u, expected %u",
          match->organisation_id, match->free_places, expected->free_places);
    CHECK(match->network->distance == expected->distance, "distance of %s: %u, expected %u",
          match->organisation_id, match->network->distance, expected->distance);
    CHECK(match->network->mobilities == expected->mobilities, "mobilities of %s", match->organisation_id);
    CHECK(match->network->n_via == expected->via_count, "via of %s: %zu, expected %zu",
          match->organisation_id, match->network->n_via, expected->via_count);
    for (size_t i = 0; i < expected->via_count; i++)
        CHECK(strcmp(match->network->via[i], expected->via[i]) == 0, "via %s", match->network->via[i]);
    check_outcomes(match, expected);
    check_scorecard(match, expected);
    return check_criteria(match, expected);
}

/* ---- answers ---- */

static void check_relaxations(const find_response *response, const struct oracle_answer *expected,
                              uint32_t page_size, bool first)
{
    if (!first || expected->eligible >= page_size) {
        CHECK(response->n_relaxations == 0, "relaxations without need");
        return;
    }
    CHECK(response->n_relaxations == expected->relaxation_count, "%zu relaxations, expected %zu",
          response->n_relaxations, expected->relaxation_count);
    for (size_t i = 0; i < expected->relaxation_count; i++) {
        CHECK(strcmp(response->relaxations[i]->filter, expected->relaxation_names[i]) == 0, "relaxation %s",
              response->relaxations[i]->filter);
        CHECK(response->relaxations[i]->eligible == expected->relaxation_counts[i],
              "without %s: %llu, expected %zu", expected->relaxation_names[i],
              (unsigned long long)response->relaxations[i]->eligible, expected->relaxation_counts[i]);
    }
}

static void check_facets(const find_response *response, const struct oracle_answer *expected)
{
    size_t sum = 0, expected_sum = 0;
    for (size_t i = 0; i < response->n_facets; i++) {
        const Partner__V1__Facet *facet = response->facets[i];
        bool is_country = strcmp(facet->field, "countries") == 0;
        CHECK(is_country || strcmp(facet->field, "sectors") == 0, "facet of %s", facet->field);
        size_t count = is_country ? expected->by_country[(facet->value[0] - 'A') * 26 + facet->value[1] - 'A']
                                  : expected->by_sector[(facet->value[0] - '0') * 10 + facet->value[1] - '0'];
        CHECK(facet->eligible == count && count > 0, "%llu in %s, expected %zu",
              (unsigned long long)facet->eligible, facet->value, count);
        sum += count;
    }
    for (size_t i = 0; i < 26 * 26; i++)
        expected_sum += expected->by_country[i];
    for (size_t i = 0; i < 100; i++)
        expected_sum += expected->by_sector[i];
    CHECK(sum == expected_sum, "facets add up to %zu, expected %zu", sum, expected_sum);
}

/* The packed answer is the answer, packed. */
static void check_packed(const struct match_index *index, struct arena *arena,
                         const struct match_question *question)
{
    enum { REVISION = 300 };
    find_response response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    struct packer packer = packer_of(arena);
    CHECK(status_ok(match_find_hosts(index, arena, question, &response)), "no answer");
    CHECK(status_ok(match_find_hosts_packed(index, arena, question, REVISION, &packer)), "no packed answer");
    response.revision = REVISION;
    size_t size = protobuf_c_message_get_packed_size(&response.base);
    uint8_t *packed = arena_alloc(arena, size);
    protobuf_c_message_pack(&response.base, packed);
    CHECK(packer_size(&packer) == size, "%zu bytes packed, expected %zu", packer_size(&packer), size);
    CHECK(memcmp(packer_bytes(&packer), packed, size) == 0, "packed otherwise");
}

/* All pages one after the other. */
static void check_find(const struct match_index *index, const struct oracle_world *lists,
                       struct match_question question)
{
    struct arena *arena = arena_new(0);
    struct oracle_answer expected = oracle_find(arena, lists, &question);
    size_t given = 0;
    question.facets = true;
    see_answer(&expected);
    for (bool first = true, more = true; more; first = false) {
        find_response response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
        struct status status = match_find_hosts(index, arena, &question, &response);
        CHECK(status_ok(status), "%s", status.message);
        struct match_question basic = question;
        basic.view = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC;
        check_packed(index, arena, first ? &basic : &question); /* a token is bound to the view */
        CHECK(response.eligible == expected.eligible, "%llu eligible, expected %zu",
              (unsigned long long)response.eligible, expected.eligible);
        check_relaxations(&response, &expected, question.page_size, first);
        check_facets(&response, &expected);
        CHECK(response.n_matches <= question.page_size, "a page too large");
        for (size_t i = 0; i < response.n_matches; i++) {
            CHECK(given < expected.eligible, "too many matches");
            size_t rows = check_match(response.matches[i], &expected.matches[given++]);
            CHECK(response.matches[i]->n_criteria == rows, "too many criteria");
        }
        more = *response.next_page_token != '\0';
        CHECK(!more || response.n_matches == question.page_size, "a page too small");
        seen[SEEN_PAGES] += first && more;
        question.page_token = response.next_page_token;
    }
    CHECK(given == expected.eligible, "%zu matches, expected %zu", given, expected.eligible);
    arena_free(arena);
}

static void check_rows(const Partner__V1__Match *match, size_t row, const struct oracle_explanation *expected,
                       bool eligible)
{
    bool all_met = true;
    CHECK(match->n_criteria == row + expected->stated_count, "%zu filter rows, expected %zu",
          match->n_criteria - row, expected->stated_count);
    for (size_t i = 0; i < expected->stated_count; i++) {
        const Partner__V1__Criterion *criterion = match->criteria[row + i];
        CHECK(strcmp(criterion->name, expected->stated[i]) == 0, "filter row %s", criterion->name);
        CHECK(criterion->filter && *criterion->reason, "filter %s has no reason", criterion->name);
        all_met = all_met && criterion->met;
    }
    CHECK(all_met == eligible, "filters met or not, against eligible");
}

static void check_explain(const struct match_index *index, const struct oracle_world *lists,
                          const struct match_question *question, const char *organisation_id,
                          const char *offer_id)
{
    struct arena *arena = arena_new(0);
    struct oracle_explanation expected = oracle_explain(arena, lists, question, organisation_id, offer_id);
    explain_response response = PARTNER__V1__EXPLAIN_MATCH_RESPONSE__INIT;
    struct status status = match_explain(index, arena, question, organisation_id, offer_id, &response);
    CHECK(status_ok(status) == expected.found, "%s%s found or not", organisation_id, offer_id);
    if (expected.found) {
        CHECK(response.eligible == expected.match.eligible, "%s%s eligible or not", organisation_id,
              offer_id);
        CHECK(response.rank == expected.rank, "rank of %s%s: %llu, expected %zu", organisation_id, offer_id,
              (unsigned long long)response.rank, expected.rank);
        size_t rows = check_match(response.match, &expected.match);
        seen[response.eligible ? SEEN_EXPLAINED : SEEN_NOT_ELIGIBLE]++;
        seen[SEEN_RANK_BEYOND_FIRST] += expected.rank > 1;
        check_rows(response.match, rows, &expected, response.eligible);
    }
    arena_free(arena);
}

static void ask_questions(struct world *world, unsigned questions)
{
    struct match_index *index = match_builder_publish(world->builder);
    struct arena *arena = arena_new(0);
    struct oracle_world lists = world_lists(world, arena);
    for (unsigned i = 0; i < questions; i++) {
        current_question++;
        struct match_question question = world_question(world, arena);
        check_find(index, &lists, question);
        check_explain(index, &lists, &question, world_organisation_id(world, arena), "");
        check_explain(index, &lists, &question, "", world_offer_id(world, arena));
    }
    arena_free(arena);
    match_index_release(index);
}

static void run_worlds(uint64_t first_seed, unsigned worlds, uint32_t organisations, uint32_t offers,
                       uint32_t partnerships, unsigned rounds, unsigned questions)
{
    for (unsigned i = 0; i < worlds; i++) {
        struct world world;
        current_seed = first_seed + i;
        current_question = 0;
        uint32_t own = 1 + (uint32_t)(i % organisations) + organisations / 2;
        world_init(&world, current_seed, own, offers * (1 + i % 3) / 3, partnerships * (i % 4) / 3,
                   i % 5 != 0);
        for (unsigned round = 0; round < rounds; round++) {
            ask_questions(&world, questions);
            world_turn(&world, i + round);
        }
        world_fini(&world);
    }
}

/* ---- tests ---- */

static void an_empty_registry_answers(void **)
{
    run_worlds(1, 5, 1, 0, 0, 2, 20);
}

static void small_registries_agree_with_the_plain_loop(void **)
{
    const char *scale = getenv("MATCH_EXACT_WORLDS");
    run_worlds(1000, scale ? (unsigned)atoi(scale) : 130, 12, 24, 16, 4, 20);
}

static void larger_registries_agree_with_the_plain_loop(void **)
{
    run_worlds(5000, 6, 90, 500, 60, 2, 25);
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
        cmocka_unit_test(larger_registries_agree_with_the_plain_loop),
        cmocka_unit_test(the_questions_reached_every_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
