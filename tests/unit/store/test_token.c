#include "store/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "store/support_database.h"
#include "store/support_write.h"
#include "store/token_feed.h"

/* The last state that a feed has given. */
struct follower {
    struct bench *bench;
    struct token_feed *feed;
    unsigned given_count;
    size_t token_count, revoked_count;
    uint64_t version;
};

struct world {
    struct bench bench;
    struct follower follower;
    struct status status;
    uint64_t version;
    const struct token *listed;
    size_t listed_count;
};

static void on_tokens(void *context, const struct token *tokens, size_t count, uint64_t version)
{
    struct follower *follower = context;
    follower->given_count++;
    follower->token_count = count;
    follower->version = version;
    follower->revoked_count = 0;
    for (size_t i = 0; i < count; i++)
        follower->revoked_count += tokens[i].revoked;
}

static bool has_been_given(void *context)
{
    return ((struct follower *)context)->given_count > 0;
}

static void follow(struct world *world, const struct store_settings *settings)
{
    world->follower = (struct follower){.bench = &world->bench};
    world->follower.feed = token_feed_new(world->bench.loop, settings, on_tokens, &world->follower);
    bench_wait_until(&world->bench, has_been_given, &world->follower);
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){0};
    bench_open(&world.bench, database_new_migrated());
    bench_create_registry(&world.bench, "es");
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    token_feed_free(world->follower.feed);
    bench_close(&world->bench);
    return 0;
}

static void on_done(void *context, struct status status, uint64_t version)
{
    struct world *world = context;
    world->status = status;
    world->version = version;
    world->bench.open_count--;
    loop_stop(world->bench.loop);
}

static enum status_code create(struct world *world, const char *id, int access, const char *scope)
{
    struct token token = {.id = id, .title = "A token", .access = access, .scope = scope};
    memcpy(token.secret_hash, id, strnlen(id, sizeof token.secret_hash));
    world->bench.open_count++;
    store_token_create(world->bench.store, world->bench.arena, &token, on_done, world);
    bench_wait(&world->bench);
    return world->status.code;
}

static enum status_code revoke(struct world *world, const char *id)
{
    world->bench.open_count++;
    store_token_revoke(world->bench.store, world->bench.arena, id, on_done, world);
    bench_wait(&world->bench);
    return world->status.code;
}

static void on_listed(void *context, struct status status, const struct token *tokens, size_t count)
{
    struct world *world = context;
    world->listed = tokens;
    world->listed_count = count;
    on_done(context, status, 0);
}

static void list(struct world *world, int64_t after_number, size_t most)
{
    world->bench.open_count++;
    store_token_list(world->bench.store, world->bench.arena, after_number, most, on_listed, world);
    bench_wait(&world->bench);
    assert_int_equal(world->status.code, STATUS_OK);
}

static void on_used(void *context, struct status status)
{
    on_done(context, status, 0);
}

static bool has_version(void *context)
{
    const struct world *world = context;
    return world->follower.version == world->version;
}

/* ---- */

static void a_token_is_kept_as_it_was_given(void **state)
{
    struct world *world = *state;
    int64_t began_us = clock_realtime_us();
    assert_int_equal(create(world, "one", 4, ""), STATUS_OK);
    assert_int_equal(create(world, "two", 2, "es/school"), STATUS_OK);
    list(world, 0, 10);
    assert_int_equal(world->listed_count, 2);
    assert_string_equal(world->listed[0].id, "one");
    assert_string_equal(world->listed[1].scope, "es/school");
    assert_int_equal(world->listed[1].access, 2);
    assert_int_equal(world->listed[1].expire_time_us, 0);
    assert_int_equal(world->listed[1].last_use_time_us, 0);
    assert_in_range(world->listed[1].create_time_us, began_us, clock_realtime_us());
    assert_memory_equal(world->listed[1].secret_hash, "two", 4);
    list(world, world->listed[0].number, 10);
    assert_int_equal(world->listed_count, 1);
    list(world, 0, 1);
    assert_string_equal(world->listed[0].id, "one");
}

static void an_expiry_is_kept_to_the_microsecond(void **state)
{
    struct world *world = *state;
    struct token token = {
        .id = "one", .title = "", .access = 1, .scope = "", .expire_time_us = 253402300799999999};
    world->bench.open_count++;
    store_token_create(world->bench.store, world->bench.arena, &token, on_done, world);
    bench_wait(&world->bench);
    list(world, 0, 1);
    assert_true(world->listed[0].expire_time_us == token.expire_time_us);
}

static void a_scopes_registry_has_to_be_there(void **state)
{
    struct world *world = *state;
    assert_int_equal(create(world, "one", 3, "xx"), STATUS_NOT_FOUND);
    assert_string_equal(world->status.field, "scope");
    assert_int_equal(create(world, "two", 2, "xx/school"), STATUS_NOT_FOUND);
    assert_int_equal(create(world, "three", 3, "es"), STATUS_OK);
    assert_int_equal(database_number(world->bench.conninfo, "SELECT count(*) FROM token"), 1);
}

static void revoking_again_changes_nothing(void **state)
{
    struct world *world = *state;
    create(world, "one", 1, "");
    assert_int_equal(revoke(world, "one"), STATUS_OK);
    uint64_t version = world->version;
    assert_int_equal(revoke(world, "one"), STATUS_OK);
    assert_int_equal(world->version, version);
    assert_int_equal(revoke(world, "none"), STATUS_NOT_FOUND);
    assert_string_equal(world->status.field, "id");
}

static void a_use_is_noted_and_is_no_change(void **state)
{
    struct world *world = *state;
    static const char *const ids[] = {"one", "none"};
    create(world, "one", 1, "");
    int64_t version = database_number(world->bench.conninfo, "SELECT version FROM token_line");
    world->bench.open_count++;
    store_token_used(world->bench.store, world->bench.arena, ids, 2, on_used, world);
    bench_wait(&world->bench);
    assert_int_equal(world->status.code, STATUS_OK);
    list(world, 0, 1);
    assert_true(world->listed[0].last_use_time_us > 0);
    assert_int_equal(database_number(world->bench.conninfo, "SELECT version FROM token_line"), version);
}

static void a_follower_hears_of_every_change(void **state)
{
    struct world *world = *state;
    follow(world, &(struct store_settings){.conninfo = world->bench.conninfo});
    assert_int_equal(world->follower.token_count, 0);
    create(world, "one", 1, "");
    bench_wait_until(&world->bench, has_version, world);
    assert_int_equal(world->follower.token_count, 1);
    revoke(world, "one");
    bench_wait_until(&world->bench, has_version, world);
    assert_int_equal(world->follower.revoked_count, 1);
}

static void a_follower_that_gets_no_notice_hears_all_the_same(void **state)
{
    struct world *world = *state;
    follow(world, &(struct store_settings){.conninfo = world->bench.conninfo});
    database_run(world->bench.conninfo,
                 "CREATE OR REPLACE FUNCTION token_changed() RETURNS trigger LANGUAGE plpgsql AS"
                 " $$BEGIN UPDATE token_line SET version = version + 1; RETURN NULL; END$$");
    create(world, "one", 1, "");
    bench_wait_until(&world->bench, has_version, world);
    assert_int_equal(world->follower.token_count, 1);
}

static bool has_come_again(void *context)
{
    return ((struct follower *)context)->given_count > 1;
}

static void a_follower_goes_on_when_the_database_is_back(void **state)
{
    struct world *world = *state;
    create(world, "one", 1, "");
    follow(world, &(struct store_settings){.conninfo = world->bench.conninfo});
    database_server_stop();
    database_server_start();
    bench_wait_until(&world->bench, has_come_again, &world->follower);
    bench_wait_reachable(&world->bench, true);
    revoke(world, "one");
    bench_wait_until(&world->bench, has_version, world);
    assert_int_equal(world->follower.revoked_count, 1);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_kept_as_it_was_given),
        TEST(an_expiry_is_kept_to_the_microsecond),
        TEST(a_scopes_registry_has_to_be_there),
        TEST(revoking_again_changes_nothing),
        TEST(a_use_is_noted_and_is_no_change),
        TEST(a_follower_hears_of_every_change),
        TEST(a_follower_that_gets_no_notice_hears_all_the_same),
        TEST(a_follower_goes_on_when_the_database_is_back),
    };
    return cmocka_run_group_tests(tests, database_group_setup, database_group_teardown);
}
