#include "rpc/support_calls.h"

#include <event2/event.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "partner/v1/match.pb-c.h"
#include "rpc/grpc.h"

static int64_t counted(const char *labels)
{
    return metric_value(
        metric_new(METRIC_COUNTER, "partnerd_rpc_total", labels, "Calls ended, by method and code."));
}

static void a_unary_call_is_answered_when_its_input_has_ended(void **state)
{
    struct world *world = *state;
    int64_t before = counted("method=\"FindHosts\",code=\"OK\"");
    struct rpc_call *call = begin(world, methods[FIND_HOSTS].path);
    size_t size = put_find(world, call, "page");
    assert_int_equal(world->consumed, size);
    assert_int_equal(world->started, 0);
    rpc_call_on_end(call);
    assert_int_equal(world->started, 1);
    assert_int_equal(world->trailers, 1);
    assert_int_equal(world->status.code, STATUS_OK);
    assert_memory_equal(world->body.bytes, "\0\0\0\0\6\x12\4page", 11);
    assert_int_equal(world->body.size, 11);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 0);
    assert_int_equal(counted("method=\"FindHosts\",code=\"OK\""), before + 1);
}

static void an_empty_message_is_a_message(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[FIND_HOSTS].path);
    rpc_call_on_data(call, "\0\0\0\0\0", 5);
    rpc_call_on_end(call);
    assert_int_equal(world->status.code, STATUS_OK);
    rpc_call_on_close(call);
}

static void heads_that_cannot_be_are_refused_at_once(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *path;
        struct rpc_header header;
        enum status_code code;
    } rows[] = {
        {"/partner.v1.MatchService/Nothing", {"a", "b"}, STATUS_UNIMPLEMENTED},
        {"/partner.v1.MatchService/FindSenders", {"a", "b"}, STATUS_UNIMPLEMENTED},
        {"", {"a", "b"}, STATUS_UNIMPLEMENTED},
        {"/partner.v1.MatchService/FindHosts", {"grpc-timeout", "soon"}, STATUS_INVALID_ARGUMENT},
        {"/partner.v1.MatchService/FindHosts", {"grpc-timeout", "0m"}, STATUS_DEADLINE_EXCEEDED},
        {"/partner.v1.MatchService/FindHosts", {"grpc-encoding", "br"}, STATUS_UNIMPLEMENTED},
        {"/partner.v1.MatchService/FindHosts", {"authorization", "nobody"}, STATUS_UNAUTHENTICATED},
        {"/partner.v1.RegistryService/Push", {"authorization", "nobody"}, STATUS_UNAUTHENTICATED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rpc_call *call = begin_with(world, rows[i].path, &rows[i].header, 1);
        assert_true(world->ended);
        assert_int_equal(world->trailers, 0); /* trailers only: in the head */
        assert_int_equal(world->status.code, rows[i].code);
        /* What still comes is thrown away, and the connection's window stays open. */
        rpc_call_on_data(call, "abc", 3);
        assert_int_equal(world->consumed, 3);
        rpc_call_on_end(call);
        rpc_call_on_writable(call);
        rpc_call_on_close(call);
        assert_int_equal(world->started, 0);
    }
    struct rpc_call *call = begin_with(world, methods[FIND_HOSTS].path, &rows[5].header, 1);
    assert_string_equal(world->accept_encoding, "identity,gzip");
    rpc_call_on_close(call);
}

static void other_requests_than_grpc_are_refused(void **state)
{
    struct world *world = *state;
    const struct rpc_header json = {"content-type", "application/json"},
                            grpc = {"content-type", "application/grpc"};
    const struct {
        struct rpc_request_head head;
        enum status_code code;
    } rows[] = {
        {{.method = "POST", .path = methods[FIND_HOSTS].path, .headers = &json, .header_count = 1},
         STATUS_INVALID_ARGUMENT},
        {{.method = "POST", .path = methods[FIND_HOSTS].path}, STATUS_INVALID_ARGUMENT},
        {{.method = "GET", .path = methods[FIND_HOSTS].path, .headers = &grpc, .header_count = 1},
         STATUS_UNIMPLEMENTED},
        {{.method = NULL, .path = NULL}, STATUS_UNIMPLEMENTED},
        {{.method = "POST", .path = methods[FIND_HOSTS].path, .headers_too_large = true},
         STATUS_RESOURCE_EXHAUSTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        forget(world);
        struct rpc_call *call = rpc_server_begin(world->server, world->loop, &sink, world, &rows[i].head);
        assert_int_equal(world->status.code, rows[i].code);
        rpc_call_on_close(call);
    }
}

static void a_unary_call_takes_exactly_one_whole_message(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[FIND_HOSTS].path);
    rpc_call_on_end(call);
    assert_int_equal(world->status.code, STATUS_UNIMPLEMENTED);
    rpc_call_on_close(call);

    call = begin(world, methods[FIND_HOSTS].path);
    put_find(world, call, "a");
    put_find(world, call, "b");
    assert_int_equal(world->status.code, STATUS_UNIMPLEMENTED);
    rpc_call_on_close(call);

    static const char *const cut[] = {"\0\0\0", "\0\0\0\0\5ab"};
    for (size_t i = 0; i < 2; i++) {
        call = begin(world, methods[FIND_HOSTS].path);
        rpc_call_on_data(call, cut[i], i ? 7 : 3);
        rpc_call_on_end(call);
        assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
        rpc_call_on_close(call);
        assert_int_equal(world->started, 0);
    }
}

static void a_message_over_the_limit_is_refused_by_its_prefix(void **state)
{
    struct world *world = *state;
    static const char *const prefixes[] = {"\0\0\1\0\1", "\0\xff\xff\xff\xff", "\1\xff\xff\xff\xff"};
    for (size_t i = 0; i < 3; i++) {
        struct rpc_call *call = begin(world, methods[FIND_HOSTS].path);
        rpc_call_on_data(call, prefixes[i], 5);
        assert_int_equal(world->status.code, STATUS_RESOURCE_EXHAUSTED);
        assert_string_equal(world->status.reason, "MESSAGE_TOO_LARGE");
        rpc_call_on_close(call);
    }
    struct rpc_call *call = begin(world, methods[FIND_HOSTS].path);
    rpc_call_on_data(call, "\3\0\0\0\0", 5);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    rpc_call_on_close(call);
}

static void a_bad_message_is_refused_with_its_field(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[FIND_HOSTS].path);
    rpc_call_on_data(call, "\0\0\0\0\3\x1a\1\xff", 8);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(world->status.field, "sender_id");
    rpc_call_on_close(call);
}

static size_t gzip(const void *bytes, size_t size, unsigned char *packed, size_t most)
{
    z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (uInt)size};
    deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    stream.next_out = packed;
    stream.avail_out = (uInt)most;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static void gzip_is_taken_where_it_was_announced(void **state)
{
    struct world *world = *state;
    static const struct rpc_header gzipped = {"grpc-encoding", "gzip"};
    static unsigned char plain[MATCH_BYTES + 1], packed[4096] = {1};
    memcpy(plain, "\x42\4page", 6);
    size_t size = gzip(plain, 6, packed + 5, sizeof packed - 5);
    packed[4] = (unsigned char)size;
    struct rpc_call *call = begin_with(world, methods[FIND_HOSTS].path, &gzipped, 1);
    rpc_call_on_data(call, packed, size + 5);
    rpc_call_on_end(call);
    assert_int_equal(world->status.code, STATUS_OK);
    assert_memory_equal(world->body.bytes, "\0\0\0\0\6\x12\4page", 11);
    rpc_call_on_close(call);

    call = begin(world, methods[FIND_HOSTS].path);
    rpc_call_on_data(call, packed, size + 5);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    rpc_call_on_close(call);

    size = gzip(plain, sizeof plain, packed + 5, sizeof packed - 5);
    packed[3] = (unsigned char)(size >> 8);
    packed[4] = (unsigned char)size;
    call = begin_with(world, methods[FIND_HOSTS].path, &gzipped, 1);
    rpc_call_on_data(call, packed, size + 5);
    assert_int_equal(world->status.code, STATUS_RESOURCE_EXHAUSTED);
    rpc_call_on_close(call);

    packed[20] ^= 0x55;
    call = begin_with(world, methods[FIND_HOSTS].path, &gzipped, 1);
    rpc_call_on_data(call, packed, size + 5);
    assert_int_equal(world->status.code, STATUS_INVALID_ARGUMENT);
    rpc_call_on_close(call);
}

static void a_lost_call_is_cancelled_and_lives_while_it_is_held(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[FIND_HOSTS].path);
    put_find(world, call, "hold");
    rpc_call_on_end(call);
    assert_false(rpc_call_is_over(call));
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 1);
    assert_false(world->ended); /* the sink is not used any more */
    assert_true(rpc_call_is_over(call));
    assert_non_null(arena_strdup(rpc_call_arena(call), "still there"));
    Partner__V1__FindHostsResponse answer = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    rpc_call_reply(call, &answer.base);
    assert_int_equal(world->heads, 0);
    rpc_call_release(call);
}

static void a_call_that_was_lost_before_it_began_is_no_ones(void **state)
{
    struct world *world = *state;
    struct rpc_call *call = begin(world, methods[FIND_HOSTS].path);
    rpc_call_on_data(call, "\0\0\0\0\3a", 6);
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 0);
    assert_int_equal(world->started, 0);
}

static void a_deadline_ends_a_call_by_itself(void **state)
{
    struct world *world = *state;
    static const struct rpc_header timeout = {"grpc-timeout", "20m"};
    int64_t began_ms = clock_monotonic_ms();
    struct rpc_call *call = begin_with(world, methods[FIND_HOSTS].path, &timeout, 1);
    assert_in_range(rpc_call_deadline_ms(call), began_ms + 20, clock_monotonic_ms() + 20);
    put_find(world, call, "hold");
    rpc_call_on_end(call);
    while (!world->ended)
        event_base_loop(loop_base(world->loop), EVLOOP_ONCE);
    assert_int_equal(world->status.code, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(world->cancelled, 1);
    assert_true(rpc_call_is_over(call));
    rpc_call_on_close(call);
    assert_int_equal(world->cancelled, 1);
    rpc_call_release(call);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_unary_call_is_answered_when_its_input_has_ended),
        TEST(an_empty_message_is_a_message),
        TEST(heads_that_cannot_be_are_refused_at_once),
        TEST(other_requests_than_grpc_are_refused),
        TEST(a_unary_call_takes_exactly_one_whole_message),
        TEST(a_message_over_the_limit_is_refused_by_its_prefix),
        TEST(a_bad_message_is_refused_with_its_field),
        TEST(gzip_is_taken_where_it_was_announced),
        TEST(a_lost_call_is_cancelled_and_lives_while_it_is_held),
        TEST(a_call_that_was_lost_before_it_began_is_no_ones),
        TEST(a_deadline_ends_a_call_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
