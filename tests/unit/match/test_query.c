#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/query.h"

/* What questions promise beside the ranking: pages, tokens, views, refusals. */

typedef Partner__V1__FindHostsResponse find_response;
typedef Partner__V1__ExplainMatchResponse explain_response;

struct fixture {
    struct arena *arena;
    struct match_builder *builder;
    struct match_index *index;
    pb_need need;
    Partner__V1__Weights weights;
    struct match_question question;
};

static void put_host(struct fixture *fixture, const char *id, const char *name)
{
    static Partner__V1__Role role = PARTNER__V1__ROLE__ROLE_HOSTING;
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    organisation.id = arena_strdup(fixture->arena, id);
    organisation.name = arena_strdup(fixture->arena, name);
    organisation.roles = &role;
    organisation.n_roles = 1;
    struct record record = {.kind = RECORD_ORGANISATION, .organisation = &organisation};
    match_builder_put(fixture->builder, &record);
}

static void publish(struct fixture *fixture)
{
    match_index_release(fixture->index);
    fixture->index = match_builder_publish(fixture->builder);
}

static int set_up(void **state)
{
    struct fixture *fixture = heap_zalloc(sizeof *fixture);
    fixture->arena = arena_new(0);
    fixture->builder = match_builder_new();
    partner__v1__need__init(&fixture->need);
    partner__v1__weights__init(&fixture->weights);
    fixture->question = (struct match_question){
        .need = &fixture->need, .sender_id = "", .page_size = 2, .page_token = "", .today = 20000};
    for (unsigned i = 0; i < 5; i++)
        put_host(fixture, arena_format(fixture->arena, "aa/h%u", i), "Host");
    publish(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    match_index_release(fixture->index);
    match_builder_free(fixture->builder);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static find_response find(struct fixture *fixture)
{
    find_response response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    assert_true(status_ok(match_find_hosts(fixture->index, fixture->arena, &fixture->question, &response)));
    return response;
}

static void assert_refused(struct fixture *fixture, const char *token)
{
    find_response response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    fixture->question.page_token = token;
    struct status status = match_find_hosts(fixture->index, fixture->arena, &fixture->question, &response);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.field, "page_token");
}

static void pages_are_cut_at_their_size_and_the_last_has_no_token(void **state)
{
    struct fixture *fixture = *state;
    size_t pages = 0, matches = 0;
    for (bool more = true; more; pages++) {
        find_response response = find(fixture);
        assert_int_equal(response.eligible, 5);
        matches += response.n_matches;
        fixture->question.page_token = response.next_page_token;
        more = *response.next_page_token;
    }
    assert_int_equal(pages, 3);
    assert_int_equal(matches, 5);
}

static void a_token_is_refused_with_another_question(void **state)
{
    struct fixture *fixture = *state;
    const char *token = find(fixture).next_page_token;
    fixture->question.sender_id = "aa/h0";
    assert_refused(fixture, token);
    fixture->question.sender_id = "";
    fixture->need.learners = 2;
    assert_refused(fixture, token);
    fixture->need.learners = 0;
    fixture->question.network = PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_KEEP;
    assert_refused(fixture, token);
    fixture->question.network = 0;
    fixture->question.view = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC;
    assert_refused(fixture, token);
    fixture->question.view = 0;
    fixture->question.facets = true;
    assert_refused(fixture, token);
    fixture->question.facets = false;
    fixture->weights.sector = 1;
    fixture->question.weights = &fixture->weights;
    assert_refused(fixture, token);
}

static void a_token_is_taken_with_another_page_size_and_output_fields(void **state)
{
    struct fixture *fixture = *state;
    fixture->question.page_token = find(fixture).next_page_token;
    fixture->question.page_size = 10;
    fixture->need.revision = 7;
    assert_int_equal(find(fixture).n_matches, 3);
}

static void a_token_of_a_stored_need_outlives_its_change(void **state)
{
    struct fixture *fixture = *state;
    fixture->question.need_id = "aa/n1";
    fixture->question.page_token = find(fixture).next_page_token;
    fixture->need.learners = 2;
    assert_int_equal(find(fixture).n_matches, 2);
    fixture->question.need_id = "aa/n2";
    assert_refused(fixture, fixture->question.page_token);
}

static void what_is_no_token_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char *token = find(fixture).next_page_token;
    static const char *const bad[] = {"x", "0", "00000000000000000000000000000000000aa/h1", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(fixture, bad[i]);
    assert_refused(fixture, arena_format(fixture->arena, "%s ", token));
    assert_refused(fixture, arena_strndup(fixture->arena, token, 33));
    token[16] = '7';
    assert_refused(fixture, token);
}

static void the_next_page_is_what_comes_after_the_last_match_now(void **state)
{
    struct fixture *fixture = *state;
    fixture->question.page_token = find(fixture).next_page_token; /* after aa/h1 */
    match_builder_remove(fixture->builder, "aa/h1");
    match_builder_remove(fixture->builder, "aa/h2");
    put_host(fixture, "aa/h11", "Host");
    publish(fixture);
    find_response response = find(fixture);
    assert_int_equal(response.n_matches, 2);
    assert_string_equal(response.matches[0]->organisation_id, "aa/h11");
    assert_string_equal(response.matches[1]->organisation_id, "aa/h3");
}

static void a_page_ends_before_three_mebibytes(void **state)
{
    struct fixture *fixture = *state;
    static char name[100001];
    memset(name, 'n', sizeof name - 1);
    for (unsigned i = 0; i < 60; i++)
        put_host(fixture, arena_format(fixture->arena, "bb/h%02u", i), name);
    publish(fixture);
    fixture->question.page_size = 1000;
    size_t matches = 0, pages = 0;
    for (bool more = true; more; pages++) {
        find_response response = find(fixture);
        assert_true(response.n_matches > 0);
        assert_true(protobuf_c_message_get_packed_size(&response.base) <= 3u << 20);
        matches += response.n_matches;
        fixture->question.page_token = response.next_page_token;
        more = *response.next_page_token;
    }
    assert_int_equal(matches, 65);
    assert_int_equal(pages, 2);
}

static void the_basic_view_has_the_bare_facts(void **state)
{
    struct fixture *fixture = *state;
    fixture->question.view = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC;
    const Partner__V1__Match *match = find(fixture).matches[0];
    assert_string_equal(match->organisation_id, "aa/h0");
    assert_string_equal(match->name, "Host");
    assert_int_equal(match->n_criteria, 0);
    assert_int_equal(match->n_outcomes, 0);
    assert_null(match->scorecard);
    assert_null(match->network);
}

static void unknown_records_are_not_found(void **state)
{
    struct fixture *fixture = *state;
    explain_response response = PARTNER__V1__EXPLAIN_MATCH_RESPONSE__INIT;
    struct status status =
        match_explain(fixture->index, fixture->arena, &fixture->question, "aa/nobody", "", &response);
    assert_int_equal(status.code, STATUS_NOT_FOUND);
    assert_string_equal(status.field, "organisation_id");
    status = match_explain(fixture->index, fixture->arena, &fixture->question, "", "aa/nothing", &response);
    assert_int_equal(status.code, STATUS_NOT_FOUND);
    assert_string_equal(status.field, "offer_id");
}

static void weights_are_numbers_not_below_zero(void **state)
{
    struct fixture *fixture = *state;
    Partner__V1__Weights weights = PARTNER__V1__WEIGHTS__INIT;
    struct faults faults = {.arena = fixture->arena};
    weights.outcomes = 1e308;
    match_weights_check(&weights, &faults);
    assert_int_equal(faults.count, 0);
    weights.sector = -0.5;
    weights.transfer = NAN;
    weights.network = INFINITY;
    match_weights_check(&weights, &faults);
    assert_int_equal(faults.count, 3);
    assert_string_equal(faults.first->field, "weights.sector");
}

static void enormous_and_tiny_weights_give_scores_from_0_to_1(void **state)
{
    struct fixture *fixture = *state;
    static Partner__V1__Theme theme = PARTNER__V1__THEME__THEME_GREEN;
    fixture->need.themes = &theme;
    fixture->need.n_themes = 1;
    fixture->question.weights = &fixture->weights;
    const double sizes[] = {1.7e308, 5e-324};
    for (size_t i = 0; i < 2; i++) {
        fixture->weights.recognition = fixture->weights.strategy = sizes[i];
        double score = find(fixture).matches[0]->score;
        assert_true(score >= 0 && score <= 1);
    }
}

static void the_cost_grows_with_what_is_asked(void **state)
{
    struct fixture *fixture = *state;
    int64_t few_us = match_find_hosts_cost_us(fixture->index, &fixture->question);
    pb_outcome outcome = PARTNER__V1__OUTCOME__INIT, *one = &outcome;
    outcome.text = arena_strdup(fixture->arena, "weld pipes");
    fixture->need.outcomes = &one;
    fixture->need.n_outcomes = 1;
    assert_true(few_us > 0 && match_find_hosts_cost_us(fixture->index, &fixture->question) > few_us);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_are_cut_at_their_size_and_the_last_has_no_token),
        TEST(a_token_is_refused_with_another_question),
        TEST(a_token_is_taken_with_another_page_size_and_output_fields),
        TEST(a_token_of_a_stored_need_outlives_its_change),
        TEST(what_is_no_token_is_refused),
        TEST(the_next_page_is_what_comes_after_the_last_match_now),
        TEST(a_page_ends_before_three_mebibytes),
        TEST(the_basic_view_has_the_bare_facts),
        TEST(unknown_records_are_not_found),
        TEST(weights_are_numbers_not_below_zero),
        TEST(enormous_and_tiny_weights_give_scores_from_0_to_1),
        TEST(the_cost_grows_with_what_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
