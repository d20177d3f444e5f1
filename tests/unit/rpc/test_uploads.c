#include "rpc/support_calls.h"

#include "base/arena.h"
#include "rpc/grpc.h"
#include "rpc/server_parts.h"

static void uploads_are_bounded_over_all_calls(void **state)
{
    struct world *world = *state;
    enum { CALLS = 16 };
    struct rpc_call *calls[CALLS];
    unsigned taken = 0;
    for (int i = 0; i < CALLS; i++) {
        calls[i] = begin(world, methods[PUSH].path);
        rpc_call_on_data(calls[i], "\0\0\x40\0\0", 5); /* 4 MiB, of which nothing comes */
        taken += !world->ended;
    }
    assert_int_equal(taken, 3); /* of 16 MiB a quarter is for small ones */
    assert_int_equal(world->status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(world->status.retry_ms, 1000);
    struct rpc_call *small = begin(world, methods[FIND_HOSTS].path);
    put_find(world, small, "page");
    rpc_call_on_end(small);
    assert_int_equal(world->status.code, STATUS_OK);
    rpc_call_on_close(small);
    for (int i = 0; i < CALLS; i++)
        rpc_call_on_close(calls[i]);
    struct rpc_call *call = begin(world, methods[PUSH].path);
    rpc_call_on_data(call, "\0\0\x40\0\0", 5);
    assert_false(world->ended);
    rpc_call_on_close(call);
}

static void uploads_are_bounded_on_each_connection(void **state)
{
    struct world *world = *state;
    struct rpc_server_settings settings = *rpc_server_settings(world->server);
    rpc_server_free(world->server);
    settings.upload_bytes = 0;
    world->server = rpc_server_new(&settings);
    enum { CALLS = 12 };
    struct rpc_call *calls[CALLS];
    size_t upload_bytes = 0;
    unsigned taken = 0;
    for (int i = 0; i < CALLS; i++) {
        forget(world);
        calls[i] = begin_counted(world, &upload_bytes);
        rpc_call_on_data(calls[i], "\0\0\x40\0\0x", 6);
        taken += !world->ended;
    }
    assert_int_equal(taken, 8);
    assert_string_equal(world->status.reason, "CONNECTION_BUSY");
    assert_int_equal(upload_bytes, 32 << 20);
    for (int i = 0; i < CALLS; i++)
        rpc_call_on_close(calls[i]);
    assert_int_equal(upload_bytes, 0);
}

static void a_call_that_outlives_its_connection_leaves_the_count_of_its_uploads_alone(void **state)
{
    struct world *world = *state;
    size_t upload_bytes = 0;
    struct rpc_call *call = begin_counted(world, &upload_bytes);
    rpc_call_on_data(call, "\0\0\x40\0\0x", 6);
    assert_int_equal(upload_bytes, 4 << 20);
    rpc_call_hold(call);
    rpc_call_on_close(call);
    assert_int_equal(upload_bytes, 0);
    upload_bytes = 1234; /* somebody else's by now */
    rpc_call_release(call);
    assert_int_equal(upload_bytes, 1234);
}

static void evil_bodies_cost_a_call_little(void **state)
{
    struct world *world = *state;
    static unsigned char body[5 + PUSH_BYTES];
    grpc_prefix(PUSH_BYTES, body);
    static const struct {
        const char *piece;
        size_t size;
        enum status_code code;
    } rows[] = {{"\xc0\x3e\x01\xc0", 4, STATUS_INVALID_ARGUMENT},
                {"\xc2\x3e\x01x", 4, STATUS_OK},
                {"\x12\x00", 2, STATUS_INVALID_ARGUMENT},
                {"\x0a\x02\x18\x01", 4, STATUS_INVALID_ARGUMENT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t at = 0; at < PUSH_BYTES; at += rows[i].size)
            memcpy(body + 5 + at, rows[i].piece, rows[i].size);
        struct rpc_call *call = begin(world, methods[PUSH].path);
        for (size_t at = 0; at < sizeof body; at += 16384)
            rpc_call_on_data(call, body + at, sizeof body - at < 16384 ? sizeof body - at : 16384);
        assert_in_range(arena_used(rpc_call_arena(call)), 0, 1 << 20);
        rpc_call_on_end(call);
        assert_int_equal(world->status.code, rows[i].code);
        rpc_call_on_close(call);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(uploads_are_bounded_over_all_calls),
        TEST(uploads_are_bounded_on_each_connection),
        TEST(a_call_that_outlives_its_connection_leaves_the_count_of_its_uploads_alone),
        TEST(evil_bodies_cost_a_call_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
