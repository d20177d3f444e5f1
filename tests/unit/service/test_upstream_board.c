#include "service/upstream_board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"

#define SECOND INT64_C(1000000)

static const int64_t now_us = 1000 * SECOND;

static struct upstream_state upstream(uint64_t newest, int64_t contact_us)
{
    return (struct upstream_state){.name = "madrid",
                                   .url = "",
                                   .connected = true,
                                   .newest = newest,
                                   .contact_us = contact_us,
                                   .error = ""};
}

static struct followed_state followed(uint64_t revision, int64_t in_step_us)
{
    return (struct followed_state){.registry = "es",
                                   .upstream = "madrid",
                                   .epoch = "e",
                                   .revision = revision,
                                   .in_step_us = in_step_us,
                                   .error = ""};
}

static void who_holds_all_lags_by_nothing(void **)
{
    struct upstream_state state = upstream(7, now_us - SECOND);
    struct followed_state registry = followed(7, now_us - 4 * SECOND);
    struct upstream_lag lag = upstream_lag_of(&state, &registry, now_us);
    assert_int_equal(0, lag.revisions);
    assert_true(lag.seconds == 0);
    assert_string_equal("", upstream_error_of(&state, &registry, now_us));
}

static void lag_counts_from_when_all_was_here(void **)
{
    struct upstream_state state = upstream(10, now_us);
    struct followed_state registry = followed(7, now_us - 4 * SECOND);
    struct upstream_lag lag = upstream_lag_of(&state, &registry, now_us);
    assert_int_equal(3, lag.revisions);
    assert_true(lag.seconds == 4);
}

static void an_upstream_that_is_away_makes_time_pass(void **)
{
    struct upstream_state state = upstream(7, now_us);
    struct followed_state registry = followed(7, now_us - 9 * SECOND);
    state.connected = false;
    state.error = "can't be reached";
    assert_true(upstream_lag_of(&state, &registry, now_us).seconds == 9);
    assert_string_equal("can't be reached", upstream_error_of(&state, &registry, now_us));
}

static void silence_is_told_though_nobody_says_so(void **)
{
    struct upstream_state state = upstream(7, now_us - 31 * SECOND);
    struct followed_state registry = followed(7, now_us - 31 * SECOND);
    assert_false(upstream_is_connected(&state, now_us));
    assert_string_not_equal("", upstream_error_text(&state, now_us));
    assert_true(upstream_lag_of(&state, &registry, now_us).seconds == 31);
    assert_true(upstream_is_connected(&state, now_us - 2 * SECOND));
}

static void the_registrys_own_trouble_comes_first(void **)
{
    struct upstream_state state = upstream(7, now_us);
    struct followed_state registry = followed(7, now_us - SECOND);
    registry.error = "not carried";
    assert_string_equal("not carried", upstream_error_of(&state, &registry, now_us));
    assert_true(upstream_lag_of(&state, &registry, now_us).seconds == 1);
}

static void news_outlive_newer_ones_as_long_as_they_are_held(void **)
{
    struct upstream_board *board = upstream_board_new();
    assert_null(upstream_board_acquire(board));
    assert_null(upstream_board_acquire(NULL));
    for (int round = 0; round < 2; round++) {
        struct arena *arena = arena_new(0);
        struct followed_state *registries = arena_array(arena, 2, sizeof *registries);
        registries[0] = followed((uint64_t)round, 0);
        registries[1] = (struct followed_state){.registry = "fi", .upstream = ""};
        const struct upstream_news *old = upstream_board_acquire(board);
        upstream_board_set(
            board, &(struct upstream_look){.arena = arena, .registries = registries, .registry_count = 2});
        if (old)
            assert_int_equal(0, upstream_news_registry(old, "es")->revision);
        upstream_news_release(old);
    }
    const struct upstream_news *news = upstream_board_acquire(board);
    assert_int_equal(1, upstream_news_registry(news, "es")->revision);
    assert_null(upstream_news_registry(news, "fi"));
    assert_null(upstream_news_registry(news, "de"));
    assert_null(upstream_news_upstream(news, "madrid"));
    upstream_board_free(board);
    assert_int_equal(1, upstream_news_registry(news, "es")->revision);
    upstream_news_release(news);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_holds_all_lags_by_nothing),
        cmocka_unit_test(lag_counts_from_when_all_was_here),
        cmocka_unit_test(an_upstream_that_is_away_makes_time_pass),
        cmocka_unit_test(silence_is_told_though_nobody_says_so),
        cmocka_unit_test(the_registrys_own_trouble_comes_first),
        cmocka_unit_test(news_outlive_newer_ones_as_long_as_they_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
