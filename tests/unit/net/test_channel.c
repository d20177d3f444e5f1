#include "net/channel.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "loop/loop.h"
#include "net/server.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "partner/v1/vocabulary.pb-c.h"
#include "rpc/call.h"
#include "rpc/method.h"
#include "rpc/server.h"

/* A server and a channel on one loop, on loopback. The services are these few functions. */

struct world {
    struct loop *loop;
    struct rpc_server *rpc;
    struct net_server *net;
    struct channel *channel;
    struct arena *arena;
    char target[64];
    bool drained;

    /* what the services saw */
    unsigned pushed, cancelled, sent;
    struct rpc_call *sleeper;
    char authorization[64];
};

static struct world *world_of(struct rpc_call *call)
{
    return rpc_call_services(call);
}

/* The page token says what shall happen. */
static void find_hosts(struct rpc_call *call, const ProtobufCMessage *request)
{
    const Partner__V1__FindHostsRequest *ask = (const void *)request;
    struct world *world = world_of(call);
    const char *authorization = rpc_call_metadata(call, "authorization");
    snprintf(world->authorization, sizeof world->authorization, "%s", authorization ? authorization : "");
    if (strcmp(ask->page_token, "sleep") == 0) {
        world->sleeper = call;
        return;
    }
    if (strcmp(ask->page_token, "fail") == 0) {
        static const struct fault more = {.field = "need.countries[1]", .message = "is no country: \"Ž\""};
        rpc_call_finish(call, (struct status){.code = STATUS_INVALID_ARGUMENT,
                                              .field = "need.duration.max_days",
                                              .message = "must be at least min_days, 100 % of it\n",
                                              .reason = "BAD_RANGE",
                                              .more = &more,
                                              .retry_ms = 1500});
        return;
    }
    Partner__V1__Match match = PARTNER__V1__MATCH__INIT, *matches[] = {&match};
    Partner__V1__FindHostsResponse answer = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    match.organisation_id = ask->sender_id;
    match.score = 0.5;
    answer.n_matches = 1;
    answer.matches = matches;
    answer.eligible = 77;
    rpc_call_reply(call, &answer.base);
}

static void on_cancelled(struct rpc_call *call)
{
    world_of(call)->cancelled++;
}

static void push_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    (void)call, (void)request;
}

static void push_resume(void *context)
{
    struct rpc_call *call = context;
    rpc_call_resume(call);
    rpc_call_release(call);
}

/* Every message is slow. */
static void push_message(struct rpc_call *call, const ProtobufCMessage *message)
{
    const Partner__V1__PushRequest *push = (const void *)message;
    struct world *world = world_of(call);
    world->pushed++;
    if (push->part_case == PARTNER__V1__PUSH_REQUEST__PART_OPTIONS && push->options->dry_run) {
        rpc_call_finish(call, status_make(STATUS_FAILED_PRECONDITION, "enough"));
        return;
    }
    rpc_call_pause(call);
    rpc_call_hold(call);
    loop_post(world->loop, push_resume, call);
}

static void push_half_close(struct rpc_call *call)
{
    Partner__V1__PushResponse answer = PARTNER__V1__PUSH_RESPONSE__INIT;
    answer.revision = world_of(call)->pushed;
    rpc_call_reply(call, &answer.base);
}

enum { EXPORT_MESSAGES = 200, EXPORT_BYTES = 20000 };

/* As much as may be, then when there is room again. */
static void export_more(struct rpc_call *call)
{
    static char name[EXPORT_BYTES];
    memset(name, 'x', sizeof name - 1);
    struct world *world = world_of(call);
    Partner__V1__Organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    Partner__V1__Record record = PARTNER__V1__RECORD__INIT, *records[] = {&record};
    Partner__V1__ExportResponse answer = PARTNER__V1__EXPORT_RESPONSE__INIT;
    organisation.name = name;
    record.kind_case = PARTNER__V1__RECORD__KIND_ORGANISATION;
    record.organisation = &organisation;
    answer.records = records;
    answer.n_records = 1;
    uint64_t *sent = rpc_call_state(call);
    while (*sent < EXPORT_MESSAGES) {
        answer.revision = ++*sent;
        world->sent++;
        if (!rpc_call_send(call, &answer.base))
            return;
    }
    rpc_call_finish(call, STATUS_NONE);
}

static void export_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    (void)request;
    world_of(call)->sent = 0;
    rpc_call_set_state(call, arena_zalloc(rpc_call_arena(call), sizeof(uint64_t)));
    export_more(call);
}

static const struct rpc_method methods[] = {
    {.path = "/partner.v1.MatchService/FindHosts",
     .request = &partner__v1__find_hosts_request__descriptor,
     .response = &partner__v1__find_hosts_response__descriptor,
     .kind = RPC_UNARY,
     .message_bytes = 64 << 10,
     .start = find_hosts,
     .cancelled = on_cancelled},
    {.path = "/partner.v1.MatchService/PlanCohort",
     .request = &partner__v1__plan_cohort_request__descriptor,
     .response = &partner__v1__plan_cohort_response__descriptor,
     .kind = RPC_UNARY},
    {.path = "/partner.v1.RegistryService/Push",
     .request = &partner__v1__push_request__descriptor,
     .response = &partner__v1__push_response__descriptor,
     .kind = RPC_CLIENT_STREAM,
     .message_bytes = 4 << 20,
     .start = push_start,
     .message = push_message,
     .half_close = push_half_close,
     .cancelled = on_cancelled},
    {.path = "/partner.v1.RegistryService/Export",
     .request = &partner__v1__export_request__descriptor,
     .response = &partner__v1__export_response__descriptor,
     .kind = RPC_SERVER_STREAM,
     .message_bytes = 1 << 20,
     .start = export_start,
     .writable = export_more,
     .cancelled = on_cancelled},
    {.path = NULL},
};

static void server_open(struct world *world, const char *address)
{
    const char *addresses[] = {address, NULL};
    const struct net_server_settings settings = {
        .addresses = addresses,
        .loops = &world->loop,
        .loop_count = 1,
        .limits = net_limits_default(),
        .calls = &net_calls_rpc,
        .rpc = world->rpc,
    };
    assert_int_equal(net_server_open(world->arena, &settings, &world->net).code, STATUS_OK);
    snprintf(world->target, sizeof world->target, "http://127.0.0.1:%u", net_server_port(world->net, 0));
    net_server_start(world->net);
}

static int set_up(void **state)
{
    static const struct rpc_method *const tables[] = {methods, NULL};
    struct world *world = calloc(1, sizeof *world);
    const struct rpc_server_settings rpc_settings = {.tables = tables, .services = world};
    world->loop = loop_new("test", 0);
    world->arena = arena_new(0);
    world->rpc = rpc_server_new(&rpc_settings);
    server_open(world, "127.0.0.1:0");
    const struct channel_settings settings = {.target = world->target, .token = "secret"};
    world->channel = channel_open(world->loop, &settings);
    *state = world;
    return 0;
}

static void on_drained(void *context)
{
    struct world *world = context;
    world->drained = true;
    loop_stop(world->loop);
}

static void server_close(struct world *world)
{
    net_server_drain(world->net, on_drained, world);
    while (!world->drained)
        loop_run(world->loop);
    net_server_free(world->net);
    world->net = NULL;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    channel_close(world->channel);
    if (world->net)
        server_close(world);
    rpc_server_free(world->rpc);
    loop_free(world->loop);
    arena_free(world->arena);
    free(world);
    return 0;
}

static struct status find(struct world *world, const char *page_token, int64_t timeout_ms,
                          Partner__V1__FindHostsResponse **ret_answer)
{
    Partner__V1__FindHostsRequest request = PARTNER__V1__FIND_HOSTS_REQUEST__INIT;
    request.sender_id = (char *)"sk/oid-E10000001";
    request.page_token = (char *)page_token;
    return channel_call_blocking(world->channel, methods[0].path, &request.base, methods[0].response,
                                 world->arena, timeout_ms, (ProtobufCMessage **)ret_answer);
}

static void a_unary_call_brings_its_answer(void **state)
{
    struct world *world = *state;
    Partner__V1__FindHostsResponse *answer = NULL;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(find(world, "", 5000, &answer).code, STATUS_OK);
        assert_string_equal(answer->matches[0]->organisation_id, "sk/oid-E10000001");
        assert_int_equal(answer->eligible, 77);
    }
    assert_string_equal(world->authorization, "Bearer secret");
}

static void a_failure_arrives_with_all_its_faults(void **state)
{
    Partner__V1__FindHostsResponse *answer = NULL;
    struct status status = find(*state, "fail", 5000, &answer);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.field, "need.duration.max_days");
    assert_string_equal(status.message, "must be at least min_days, 100 % of it\n");
    assert_string_equal(status.reason, "BAD_RANGE");
    assert_string_equal(status.more->field, "need.countries[1]");
    assert_string_equal(status.more->message, "is no country: \"Ž\"");
    assert_null(status.more->next);
    assert_int_equal(status.retry_ms, 1500);
    assert_null(answer);
}

static void a_deadline_ends_the_call_at_both_ends(void **state)
{
    struct world *world = *state;
    Partner__V1__FindHostsResponse *answer = NULL;
    assert_int_equal(find(world, "sleep", 30, &answer).code, STATUS_DEADLINE_EXCEEDED);
    /* The next answer comes on the same connection after what ended the sleeper. */
    assert_int_equal(find(world, "", 5000, &answer).code, STATUS_OK);
    assert_int_equal(world->cancelled, 1);
}

static void methods_unknown_or_not_built_are_unimplemented(void **state)
{
    struct world *world = *state;
    Partner__V1__PlanCohortRequest request = PARTNER__V1__PLAN_COHORT_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    const char *const paths[] = {methods[1].path, "/partner.v1.MatchService/Nothing", "/x", "/"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(channel_call_blocking(world->channel, paths[i], &request.base, methods[1].response,
                                               world->arena, 5000, &answer)
                             .code,
                         STATUS_UNIMPLEMENTED);
}

static void a_server_that_is_not_there_is_unavailable(void **state)
{
    struct world *world = *state;
    server_close(world);
    Partner__V1__FindHostsResponse *answer = NULL;
    struct status status = find(world, "", 5000, &answer);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(status.message, "cannot reach http://127.0.0.1:"));
    assert_non_null(strstr(status.message, "refused"));
}

static void a_server_that_came_back_is_found_again(void **state)
{
    struct world *world = *state;
    Partner__V1__FindHostsResponse *answer = NULL;
    assert_int_equal(find(world, "", 5000, &answer).code, STATUS_OK);
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%u", net_server_port(world->net, 0));
    server_close(world);
    world->drained = false;
    server_open(world, address);
    assert_int_equal(find(world, "", 5000, &answer).code, STATUS_OK);
}

static void a_target_that_cannot_be_read_is_refused(void **state)
{
    struct world *world = *state;
    const char *const targets[] = {
        "", "ftp://example.org", "http://", "https://", "host:", "host:x", "host:123456", "[::1", "a/b"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        channel_close(world->channel);
        world->channel = channel_open(world->loop, &(struct channel_settings){.target = targets[i]});
        Partner__V1__FindHostsResponse *answer = NULL;
        assert_int_equal(find(world, "", 5000, &answer).code, STATUS_INVALID_ARGUMENT);
    }
}

/* A streaming call's side of the caller. */
struct caller {
    struct world *world;
    struct channel_call *call;
    unsigned to_send, sent, refusals, received, pauses;
    bool done, cancel_early;
    enum status_code code;
    uint64_t revision;
};

static void push_more(void *context)
{
    struct caller *caller = context;
    static char name[400];
    memset(name, 'n', sizeof name - 1);
    Partner__V1__Offer offer = PARTNER__V1__OFFER__INIT;
    Partner__V1__Record record = PARTNER__V1__RECORD__INIT;
    Partner__V1__Change change = PARTNER__V1__CHANGE__INIT;
    Partner__V1__PushRequest push = PARTNER__V1__PUSH_REQUEST__INIT;
    offer.title = name;
    record.kind_case = PARTNER__V1__RECORD__KIND_OFFER;
    record.offer = &offer;
    change.kind_case = PARTNER__V1__CHANGE__KIND_UPSERT;
    change.upsert = &record;
    push.part_case = PARTNER__V1__PUSH_REQUEST__PART_CHANGE;
    push.change = &change;
    while (caller->sent < caller->to_send) {
        caller->sent++;
        if (!channel_call_send(caller->call, &push.base)) {
            caller->refusals++;
            return;
        }
    }
    channel_call_half_close(caller->call);
}

static void on_push_answer(void *context, const ProtobufCMessage *message)
{
    struct caller *caller = context;
    caller->received++;
    caller->revision = ((const Partner__V1__PushResponse *)(const void *)message)->revision;
}

static void on_end(void *context, struct status status)
{
    struct caller *caller = context;
    caller->code = status.code;
    caller->done = true;
}

static struct channel_call *begin_push(struct caller *caller)
{
    const struct channel_call_settings settings = {
        .path = "/partner.v1.RegistryService/Push",
        .response = &partner__v1__push_response__descriptor,
        .message = on_push_answer,
        .writable = push_more,
        .end = on_end,
        .context = caller,
    };
    caller->call = channel_call_begin(caller->world->channel, &settings);
    return caller->call;
}

static void a_push_is_held_back_by_a_slow_server_and_arrives_whole(void **state)
{
    struct caller caller = {.world = *state, .to_send = 10000};
    begin_push(&caller);
    push_more(&caller);
    channel_wait(caller.world->channel, &caller.done);
    assert_int_equal(caller.code, STATUS_OK);
    assert_int_equal(caller.revision, 10000);
    assert_int_equal(caller.world->pushed, 10000);
    assert_in_range(caller.refusals, 5, 10000);
}

static void a_push_that_is_refused_early_ends_at_once(void **state)
{
    struct caller caller = {.world = *state, .to_send = 100000};
    begin_push(&caller);
    Partner__V1__PushOptions options = PARTNER__V1__PUSH_OPTIONS__INIT;
    Partner__V1__PushRequest push = PARTNER__V1__PUSH_REQUEST__INIT;
    options.dry_run = true;
    push.part_case = PARTNER__V1__PUSH_REQUEST__PART_OPTIONS;
    push.options = &options;
    channel_call_send(caller.call, &push.base);
    push_more(&caller);
    channel_wait(caller.world->channel, &caller.done);
    assert_int_equal(caller.code, STATUS_FAILED_PRECONDITION);
    assert_in_range(caller.sent, 1, 99999);
    Partner__V1__FindHostsResponse *answer = NULL;
    assert_int_equal(find(*state, "", 5000, &answer).code, STATUS_OK);
}

static void a_push_that_is_cancelled_tells_the_server(void **state)
{
    struct world *world = *state;
    struct caller caller = {.world = world, .to_send = 5000};
    Partner__V1__FindHostsResponse *answer = NULL;
    channel_call_cancel(begin_push(&caller)); /* before there is a connection */
    assert_int_equal(find(world, "", 5000, &answer).code, STATUS_OK);
    begin_push(&caller);
    push_more(&caller);
    assert_int_equal(find(world, "", 5000, &answer).code, STATUS_OK);
    channel_call_cancel(caller.call);
    assert_int_equal(find(world, "", 5000, &answer).code, STATUS_OK);
    assert_int_equal(world->cancelled, 1);
    assert_false(caller.done);
}

static void resume(void *context)
{
    channel_call_resume(((struct caller *)context)->call);
}

static void on_export(void *context, const ProtobufCMessage *message)
{
    struct caller *caller = context;
    const Partner__V1__ExportResponse *answer = (const void *)message;
    caller->received++;
    assert_int_equal(answer->revision, caller->received);
    assert_int_equal(strlen(answer->records[0]->organisation->name), EXPORT_BYTES - 1);
    if (caller->cancel_early && caller->received == 3) {
        channel_call_cancel(caller->call);
        caller->done = true;
    } else {
        /* The server is never further ahead than what may be under way. */
        assert_in_range(caller->world->sent, caller->received, caller->received + 150);
        channel_call_pause(caller->call);
        caller->pauses++;
        loop_post(caller->world->loop, resume, caller);
    }
}

static void begin_export(struct caller *caller)
{
    const struct channel_call_settings settings = {
        .path = "/partner.v1.RegistryService/Export",
        .response = &partner__v1__export_response__descriptor,
        .message = on_export,
        .end = on_end,
        .context = caller,
    };
    Partner__V1__ExportRequest request = PARTNER__V1__EXPORT_REQUEST__INIT;
    caller->call = channel_call_begin(caller->world->channel, &settings);
    channel_call_send(caller->call, &request.base);
    channel_call_half_close(caller->call);
    channel_wait(caller->world->channel, &caller->done);
}

static void an_export_is_held_back_by_a_slow_reader_and_arrives_whole(void **state)
{
    struct caller caller = {.world = *state};
    begin_export(&caller);
    assert_int_equal(caller.code, STATUS_OK);
    assert_int_equal(caller.received, EXPORT_MESSAGES);
}

static void a_call_may_be_cancelled_from_within_its_message(void **state)
{
    struct world *world = *state;
    struct caller caller = {.world = world, .cancel_early = true};
    begin_export(&caller);
    assert_int_equal(caller.received, 3);
    /* What was under way does not use up the connection: more than its window passes after it. */
    for (int i = 0; i < 4; i++) {
        caller = (struct caller){.world = world, .cancel_early = i % 2};
        begin_export(&caller);
        assert_int_equal(caller.received, i % 2 ? 3 : EXPORT_MESSAGES);
    }
}

static void closing_the_channel_ends_calls_as_cancelled(void **state)
{
    struct world *world = *state;
    struct caller caller = {.world = world, .to_send = 100};
    begin_push(&caller);
    push_more(&caller);
    channel_close(world->channel);
    world->channel = NULL;
    assert_true(caller.done);
    assert_int_equal(caller.code, STATUS_CANCELLED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_unary_call_brings_its_answer),
        TEST(a_failure_arrives_with_all_its_faults),
        TEST(a_deadline_ends_the_call_at_both_ends),
        TEST(methods_unknown_or_not_built_are_unimplemented),
        TEST(a_server_that_is_not_there_is_unavailable),
        TEST(a_server_that_came_back_is_found_again),
        TEST(a_target_that_cannot_be_read_is_refused),
        TEST(a_push_is_held_back_by_a_slow_server_and_arrives_whole),
        TEST(a_push_that_is_refused_early_ends_at_once),
        TEST(a_push_that_is_cancelled_tells_the_server),
        TEST(an_export_is_held_back_by_a_slow_reader_and_arrives_whole),
        TEST(a_call_may_be_cancelled_from_within_its_message),
        TEST(closing_the_channel_ends_calls_as_cancelled),
    };
    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
