#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/field_path.h"
#include "client/match_text.h"
#include "partner/v1/admin.pb-c.h"
#include "partner/v1/match.pb-c.h"

static struct arena *arena;
static struct text_buffer out;
static Partner__V1__Match match;

static int set_up(void **state)
{
    static Partner__V1__NetworkPath network;
    static Partner__V1__OutcomeFit fits[2];
    static Partner__V1__OutcomeFit *fit_list[] = {&fits[0], &fits[1]};
    static Partner__V1__Outcome wanted;
    static char *via[] = {(char *)"es/1", (char *)"es/2"};
    (void)state;
    arena = arena_new(0);
    partner__v1__match__init(&match);
    partner__v1__network_path__init(&network);
    partner__v1__outcome_fit__init(&fits[0]);
    partner__v1__outcome_fit__init(&fits[1]);
    partner__v1__outcome__init(&wanted);
    match.name = (char *)"A \"school\"";
    match.score = 0.875;
    match.free_places = 3;
    network.distance = 2;
    network.via = via;
    network.n_via = 2;
    match.network = &network;
    wanted.text = (char *)"weld";
    fits[0].wanted = &wanted;
    fits[0].fit = 1;
    match.outcomes = fit_list;
    match.n_outcomes = 2;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    text_buffer_fini(&out);
    arena_free(arena);
    return 0;
}

static const char *value(const char *text, bool json)
{
    const struct field_path *path;
    assert_true(status_ok(field_path_parse(arena, &partner__v1__match__descriptor, text, &path)));
    text_buffer_clear(&out);
    text_buffer_add(&out, "");
    (json ? field_path_json : field_path_text)(&out, path, &match.base);
    return out.bytes;
}

static void a_value_is_found_by_its_path(void **state)
{
    (void)state;
    assert_string_equal(value("score", false), "0.875");
    assert_string_equal(value("network.distance", false), "2");
    assert_string_equal(value("freePlaces", false), "3");
    assert_string_equal(value("free_places", true), "3");
    assert_string_equal(value("name", true), "\"A \\\"school\\\"\"");
}

static void what_is_not_set_is_empty_or_null(void **state)
{
    (void)state;
    assert_string_equal(value("scorecard.strategic", false), "");
    assert_string_equal(value("scorecard.strategic", true), "null");
    assert_string_equal(value("title", false), "");
    assert_string_equal(value("title", true), "\"\"");
}

static void a_path_through_a_list_means_each(void **state)
{
    (void)state;
    assert_string_equal(value("network.via", false), "es/1; es/2");
    assert_string_equal(value("network.via", true), "[\"es/1\",\"es/2\"]");
    assert_string_equal(value("outcomes.fit", true), "[1,0]");
    assert_string_equal(value("outcomes.wanted.text", true), "[\"weld\"]");
    assert_string_equal(value("criteria.name", true), "[]");
}

static void a_time_is_text_without_quotes_and_json_with_them(void **state)
{
    const struct field_path *path;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Partner__V1__GetStatusResponse answer = PARTNER__V1__GET_STATUS_RESPONSE__INIT;
    (void)state;
    time.seconds = 86400;
    answer.start_time = &time;
    assert_true(status_ok(field_path_parse(arena, answer.base.descriptor, "start_time", &path)));
    field_path_text(&out, path, &answer.base);
    assert_string_equal(out.bytes, "1970-01-02T00:00:00Z");
    text_buffer_clear(&out);
    field_path_json(&out, path, &answer.base);
    assert_string_equal(out.bytes, "\"1970-01-02T00:00:00Z\"");
}

static void an_unknown_field_is_named(void **state)
{
    const struct field_path *path;
    (void)state;
    struct status status =
        field_path_parse(arena, &partner__v1__match__descriptor, "network.distanse", &path);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "'distance'"));
    assert_false(status_ok(field_path_parse(arena, &partner__v1__match__descriptor, "name.first", &path)));
    assert_false(status_ok(field_path_parse(arena, &partner__v1__match__descriptor, "", &path)));
    assert_false(status_ok(field_path_parse(arena, &partner__v1__match__descriptor, "network.", &path)));
}

static void advice_begins_with_what_brings_most(void **state)
{
    Partner__V1__Relaxation country = PARTNER__V1__RELAXATION__INIT, stay = PARTNER__V1__RELAXATION__INIT,
                            mode = PARTNER__V1__RELAXATION__INIT;
    Partner__V1__FindHostsResponse answer = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    Partner__V1__Relaxation *all[] = {&stay, &mode, &country};
    (void)state;
    answer.eligible = 2;
    answer.relaxations = all;
    answer.n_relaxations = 3;
    country.filter = (char *)"countries";
    country.eligible = 14;
    stay.filter = (char *)"duration";
    stay.eligible = 3;
    mode.filter = (char *)"modes";
    mode.eligible = 2;
    assert_string_equal(match_advice(arena, &answer), "one wish given up would bring more:\n"
                                                      "  without the country: 12 more\n"
                                                      "  with any length of stay: 1 more\n");
}

static void letters_show_the_scorecard_with_and_without_bars(void **state)
{
    Partner__V1__Scorecard card = PARTNER__V1__SCORECARD__INIT;
    (void)state;
    card.strategic = 0;
    card.meaningful = 1;
    card.recognisable = 0.5;
    card.transferable = 0.26;
    assert_string_equal(match_letters(arena, &card, false), "S0 M10 R5 T3");
    assert_string_equal(match_letters(arena, &card, true), "S▁ M█ R▅ T▃");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_text_without_quotes_and_json_with_them),
        cmocka_unit_test(a_value_is_found_by_its_path),
        cmocka_unit_test(what_is_not_set_is_empty_or_null),
        cmocka_unit_test(a_path_through_a_list_means_each),
        cmocka_unit_test(an_unknown_field_is_named),
        cmocka_unit_test(advice_begins_with_what_brings_most),
        cmocka_unit_test(letters_show_the_scorecard_with_and_without_bars),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
