#include "rpc/support_calls.h"

#include "base/arena.h"

static void a_client_stream_brings_each_message_and_its_end(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[PUSH].path);
    assert_int_equal(world->started, 1);
    put_push(world, call, "one");
    put_push(world, call, "two");
    assert_int_equal(world->messages, 2);
    assert_string_equal(world->last_title, "two");
    rpc_call_on_end(call);
    assert_int_equal(world->half_closed, 1);
    assert_int_equal(world->status.code, STATUS_OK);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 0);
}

static void a_paused_stream_takes_nothing_and_holds_the_peer_back(void **state)
{
    struct world *world = *state;
    world->pause_each = true;
    struct rpc_call *call = begin(world, methods[PUSH].path);
    size_t size = put_push(world, call, "1");
    assert_int_equal(world->messages, 1);
    assert_int_equal(world->consumed, size);
    /* Two more and a part of the next, then the rest and the end. */
    put_push(world, call, "2");
    put_push(world, call, "3");
    rpc_call_on_data(call, "\0\0", 2);
    rpc_call_on_data(call,
                     "\0\0\5\x0a\3\x0a\1"
                     "4",
                     8);
    rpc_call_on_end(call);
    turn(world);
    assert_int_equal(world->messages, 1);
    assert_int_equal(world->consumed, size);
    for (unsigned i = 2; i <= 4; i++) {
        rpc_call_resume(call);
        rpc_call_resume(call);
        assert_int_equal(world->messages, i - 1); /* later, from the loop */
        turn(world);
        assert_int_equal(world->messages, i);
        assert_in_range(world->consumed, i * size, i * size + 2);
    }
    assert_int_equal(world->half_closed, 0);
    rpc_call_resume(call);
    turn(world);
    assert_int_equal(world->half_closed, 1);
    assert_string_equal(world->last_title, "4");
    rpc_call_on_close(call);
}

static void a_stream_lost_while_it_was_paused_or_about_to_resume_is_cancelled(void **state)
{
    struct world *world = *state;
    world->pause_each = true;
    for (int i = 0; i < 2; i++) {
        struct rpc_call *call = begin(world, methods[PUSH].path);
        put_push(world, call, "1");
        put_push(world, call, "2");
        if (i)
            rpc_call_resume(call);
        rpc_call_on_close(call);
        turn(world);
        assert_int_equal(world->messages, 1);
        assert_int_equal(world->cancelled, 1);
    }
}

static void a_stream_may_be_answered_before_it_ends(void **state)
{
    struct world *world = *state;
    world->answer_first = true;
    struct rpc_call *call = begin(world, methods[PUSH].path);
    assert_int_equal(world->status.code, STATUS_NOT_FOUND);
    size_t size = put_push(world, call, "1");
    assert_int_equal(world->messages, 0);
    assert_int_equal(world->consumed, size);
    rpc_call_on_end(call);
    assert_int_equal(world->half_closed, 0);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 0);

    /* Answered while paused: what waits is given back. */
    world->answer_first = false;
    world->pause_each = true;
    call = begin(world, methods[PUSH].path);
    size = put_push(world, call, "1");
    put_push(world, call, "2");
    rpc_call_finish(call, status_make(STATUS_ABORTED, "enough"));
    assert_int_equal(world->consumed, 2 * size);
    rpc_call_on_close(call);
}

static void a_bad_message_in_a_stream_ends_it_and_its_handler_knows(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[PUSH].path);
    put_push(world, call, "1");
    rpc_call_on_data(call, "\0\0\0\0\2\x0a\5", 7);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(world->status.field, "options");
    assert_int_equal(world->cancelled, 1);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 1);
}

static void a_server_stream_is_told_when_to_wait_and_when_to_go_on(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[EXPORT].path);
    rpc_call_on_data(call, "\0\0\0\0\0", 5);
    rpc_call_on_end(call);
    rpc_call_on_writable(call);
    assert_int_equal(world->writable, 0);
    static char chunk[60 << 10];
    assert_true(rpc_call_send_packed(call, chunk, sizeof chunk));
    assert_true(rpc_call_send_packed(call, chunk, sizeof chunk));
    assert_false(rpc_call_send_packed(call, chunk, sizeof chunk));
    assert_int_equal(world->body.size, 3 * (sizeof chunk + 5));
    world->unsent = 0;
    rpc_call_on_writable(call);
    rpc_call_on_writable(call);
    assert_int_equal(world->writable, 1);
    rpc_call_finish(call, STATUS_NONE);
    assert_int_equal(world->trailers, 1);
    assert_int_equal(world->status.code, STATUS_OK);
    rpc_call_on_close(call);
}

static void an_empty_server_stream_has_a_head_and_trailers(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[EXPORT].path);
    rpc_call_on_data(call, "\0\0\0\0\0", 5);
    rpc_call_on_end(call);
    rpc_call_finish(call, STATUS_NONE);
    assert_int_equal(world->heads, 1);
    assert_int_equal(world->trailers, 1);
    rpc_call_on_close(call);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_client_stream_brings_each_message_and_its_end),
        TEST(a_paused_stream_takes_nothing_and_holds_the_peer_back),
        TEST(a_stream_lost_while_it_was_paused_or_about_to_resume_is_cancelled),
        TEST(a_stream_may_be_answered_before_it_ends),
        TEST(a_bad_message_in_a_stream_ends_it_and_its_handler_knows),
        TEST(a_server_stream_is_told_when_to_wait_and_when_to_go_on),
        TEST(an_empty_server_stream_has_a_head_and_trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
