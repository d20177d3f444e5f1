#include "service/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "partner/v1/admin.pb-c.h"
#include "rpc/call.h"
#include "rpc/exchange.h"
#include "rpc/method.h"
#include "rpc/server.h"
#include "rpc/status.h"
#include "service/services.h"
#include "service/token_keeper.h"
#include "service/token_secret.h"

/* Calls with tokens, from here and from afar, without a network and a database. */

struct world {
    struct arena *arena;
    struct loop *loop;
    struct service_loop parts;
    struct services services;
    struct rpc_server *server;
    struct token tokens[8];
    char *secrets[8];
    size_t token_count;
    uint64_t version;
};

/* One call as its transport sees it. */
struct talk {
    struct world *world;
    struct rpc_call *call;
    bool has_ended;
    struct status status;
};

static void note_end(struct talk *talk, const struct rpc_header *headers, size_t count)
{
    const char *code = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(headers[i].name, "grpc-status") == 0)
            code = headers[i].value;
    talk->status = rpc_status_read(talk->world->arena, code, NULL, NULL);
    talk->has_ended = true;
}

static void sink_headers(void *stream, const struct rpc_header *headers, size_t count, bool end)
{
    if (end)
        note_end(stream, headers, count);
}

static void sink_data(void *, const void *, size_t) {}

static void sink_trailers(void *stream, const struct rpc_header *headers, size_t count)
{
    note_end(stream, headers, count);
}

static void sink_reset(void *, uint32_t) {}

static void sink_consumed(void *, size_t) {}

static size_t sink_unsent(void *)
{
    return 0;
}

static const struct rpc_sink sink = {.headers = sink_headers,
                                     .data = sink_data,
                                     .trailers = sink_trailers,
                                     .reset = sink_reset,
                                     .consumed = sink_consumed,
                                     .unsent = sink_unsent};

/* Goes on until somebody ends it. */
static void stay_open(struct rpc_call *call, const ProtobufCMessage *)
{
    rpc_call_set_state(call, call);
}

#define METHOD(PATH, KIND, ACCESS)                                                                     \
    {                                                                                                  \
        .path = (PATH), .request = &partner__v1__get_status_request__descriptor,                       \
        .response = &partner__v1__get_status_response__descriptor, .kind = (KIND), .access = (ACCESS), \
        .message_bytes = 1024, .start = stay_open                                                      \
    }

static const struct rpc_method methods[] = {
    METHOD("/t/Read", RPC_UNARY, ACCESS_READ),
    METHOD("/t/Apply", RPC_UNARY, ACCESS_APPLY),
    METHOD("/t/Push", RPC_CLIENT_STREAM, ACCESS_PUSH),
    METHOD("/t/Party", RPC_UNARY, ACCESS_PARTY),
    METHOD("/t/Admin", RPC_UNARY, ACCESS_ADMIN),
    METHOD("/t/Watch", RPC_SERVER_STREAM, ACCESS_READ),
    {.path = NULL},
};

static const struct rpc_method *const tables[] = {methods, NULL};

static void stop(void *context)
{
    loop_stop(context);
}

static void run_posted(struct world *world)
{
    loop_post(world->loop, stop, world->loop);
    loop_run(world->loop);
}

static void give_tokens(struct world *world)
{
    struct token_set *set = token_set_new(world->tokens, world->token_count, ++world->version);
    token_keeper_give(world->parts.tokens, set);
    token_set_release(set);
    run_posted(world);
}

static size_t add_token(struct world *world, enum caller caller, const char *scope)
{
    size_t at = world->token_count++;
    world->tokens[at] = (struct token){.id = token_id_new(world->arena),
                                       .title = "",
                                       .scope = scope,
                                       .access = (int)caller,
                                       .number = (int64_t)at + 1};
    world->secrets[at] = token_secret_new(world->arena, world->tokens[at].secret_hash);
    return at;
}

static int setup(void **state)
{
    struct arena *arena = arena_new(0);
    struct world *world = arena_zalloc(arena, sizeof *world);
    world->arena = arena;
    world->loop = loop_new("test", 0);
    world->parts = (struct service_loop){.loop = world->loop, .tokens = token_keeper_new(world->loop, NULL)};
    world->services =
        (struct services){.public_read = PUBLIC_READ_LOOPBACK, .loops = &world->parts, .loop_count = 1};
    world->server = rpc_server_new(&(struct rpc_server_settings){
        .tables = tables, .services = &world->services, .authorise = auth_authorise, .ended = auth_ended});
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    token_keeper_free(world->parts.tokens);
    rpc_server_free(world->server);
    loop_free(world->loop);
    arena_free(world->arena);
    return 0;
}

enum from { FROM_HERE, FROM_AFAR, FROM_AFAR_BY_TLS };

static void talk_begin(struct world *world, struct talk *talk, const char *path, const char *authorization,
                       enum from from)
{
    struct rpc_header headers[] = {{"content-type", "application/grpc"}, {"authorization", authorization}};
    struct rpc_request_head head = {.method = "POST",
                                    .path = path,
                                    .headers = headers,
                                    .header_count = authorization ? 2 : 1,
                                    .peer = "peer",
                                    .peer_is_loopback = from == FROM_HERE,
                                    .is_encrypted = from == FROM_AFAR_BY_TLS};
    *talk = (struct talk){.world = world};
    talk->call = rpc_server_begin(world->server, world->loop, &sink, talk, &head);
}

static char *bearer(struct world *world, size_t token)
{
    return arena_format(world->arena, "Bearer %s", world->secrets[token]);
}

/* The request, an empty message, and its end. */
static void talk_send(struct talk *talk)
{
    rpc_call_on_data(talk->call, "\0\0\0\0\0", 5);
    rpc_call_on_end(talk->call);
}

static void talk_end(struct talk *talk)
{
    rpc_call_on_close(talk->call);
}

/* OK: let in. */
static enum status_code ask(struct world *world, const char *path, const char *authorization, enum from from)
{
    struct talk talk;
    talk_begin(world, &talk, path, authorization, from);
    enum status_code code = talk.has_ended ? talk.status.code : STATUS_OK;
    talk_end(&talk);
    return code;
}

/* ---- who is let in ---- */

static void a_token_is_taken_from_afar_over_tls_alone(void **state)
{
    struct world *world = *state;
    char *authorization = bearer(world, add_token(world, CALLER_ADMIN, ""));
    give_tokens(world);
    assert_int_equal(ask(world, "/t/Admin", authorization, FROM_HERE), STATUS_OK);
    assert_int_equal(ask(world, "/t/Admin", authorization, FROM_AFAR_BY_TLS), STATUS_OK);
    assert_int_equal(ask(world, "/t/Admin", authorization, FROM_AFAR), STATUS_UNAUTHENTICATED);
    world->services.public_read = PUBLIC_READ_ALL;
    assert_int_equal(ask(world, "/t/Read", authorization, FROM_AFAR), STATUS_UNAUTHENTICATED);
    assert_int_equal(ask(world, "/t/Read", NULL, FROM_AFAR), STATUS_OK);
}

static void nobody_reads_as_the_setting_says(void **state)
{
    static const struct {
        enum public_read setting;
        enum status_code here, afar;
    } cases[] = {{PUBLIC_READ_NONE, STATUS_UNAUTHENTICATED, STATUS_UNAUTHENTICATED},
                 {PUBLIC_READ_LOOPBACK, STATUS_OK, STATUS_UNAUTHENTICATED},
                 {PUBLIC_READ_ALL, STATUS_OK, STATUS_OK}};
    struct world *world = *state;
    give_tokens(world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world->services.public_read = cases[i].setting;
        assert_int_equal(ask(world, "/t/Read", NULL, FROM_HERE), cases[i].here);
        assert_int_equal(ask(world, "/t/Read", NULL, FROM_AFAR), cases[i].afar);
        assert_int_equal(ask(world, "/t/Apply", NULL, FROM_HERE), STATUS_UNAUTHENTICATED);
    }
}

static void an_open_server_is_open_from_here_until_a_token_exists(void **state)
{
    struct world *world = *state;
    world->services.open = true;
    give_tokens(world);
    assert_int_equal(ask(world, "/t/Admin", NULL, FROM_HERE), STATUS_OK);
    assert_int_equal(ask(world, "/t/Admin", NULL, FROM_AFAR), STATUS_UNAUTHENTICATED);
    assert_int_equal(ask(world, "/t/Admin", NULL, FROM_AFAR_BY_TLS), STATUS_UNAUTHENTICATED);
    world->tokens[add_token(world, CALLER_READER, "")].revoked = true;
    give_tokens(world);
    assert_int_equal(ask(world, "/t/Admin", NULL, FROM_HERE), STATUS_UNAUTHENTICATED);
    assert_int_equal(ask(world, "/t/Read", NULL, FROM_HERE), STATUS_OK);
}

static void until_the_tokens_are_read_only_public_reading_is_known(void **state)
{
    struct world *world = *state;
    char *authorization = bearer(world, add_token(world, CALLER_ADMIN, ""));
    assert_int_equal(ask(world, "/t/Read", NULL, FROM_HERE), STATUS_OK);
    assert_int_equal(ask(world, "/t/Read", authorization, FROM_HERE), STATUS_UNAVAILABLE);
    assert_int_equal(ask(world, "/t/Apply", NULL, FROM_HERE), STATUS_UNAUTHENTICATED);
    world->services.open = true;
    assert_int_equal(ask(world, "/t/Read", NULL, FROM_HERE), STATUS_OK);
    assert_int_equal(ask(world, "/t/Apply", NULL, FROM_HERE), STATUS_UNAVAILABLE);
    world->services.public_read = PUBLIC_READ_NONE;
    assert_int_equal(ask(world, "/t/Read", NULL, FROM_HERE), STATUS_UNAVAILABLE);
}

static void an_expired_or_revoked_token_is_not_good(void **state)
{
    struct world *world = *state;
    int64_t now_us = clock_realtime_us();
    size_t past = add_token(world, CALLER_ADMIN, ""), future = add_token(world, CALLER_ADMIN, ""),
           revoked = add_token(world, CALLER_ADMIN, "");
    world->tokens[past].expire_time_us = now_us;
    world->tokens[future].expire_time_us = now_us + INT64_C(3600000000);
    world->tokens[revoked].revoked = true;
    give_tokens(world);
    assert_int_equal(ask(world, "/t/Read", bearer(world, past), FROM_HERE), STATUS_UNAUTHENTICATED);
    assert_int_equal(ask(world, "/t/Read", bearer(world, future), FROM_HERE), STATUS_OK);
    assert_int_equal(ask(world, "/t/Read", bearer(world, revoked), FROM_HERE), STATUS_UNAUTHENTICATED);
}

static void each_kind_of_token_calls_what_it_may(void **state)
{
    static const char *const paths[] = {"/t/Read", "/t/Apply", "/t/Push", "/t/Party", "/t/Admin"};
    static const bool allowed[][5] = {[CALLER_READER] = {true, false, false, false, false},
                                      [CALLER_INSTITUTION] = {true, true, false, true, false},
                                      [CALLER_AGENCY] = {true, true, true, false, false},
                                      [CALLER_ADMIN] = {true, true, true, true, true}};
    struct world *world = *state;
    size_t tokens[CALLER_ADMIN + 1];
    for (enum caller caller = CALLER_READER; caller <= CALLER_ADMIN; caller++)
        tokens[caller] = add_token(world, caller, caller == CALLER_AGENCY ? "es" : "");
    give_tokens(world);
    for (enum caller caller = CALLER_READER; caller <= CALLER_ADMIN; caller++)
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(ask(world, paths[i], bearer(world, tokens[caller]), FROM_HERE),
                             allowed[caller][i] ? STATUS_OK : STATUS_PERMISSION_DENIED);
}

static void a_registry_is_written_by_its_agency_its_institutions_and_admins(void **state)
{
    static const struct {
        enum caller caller;
        const char *scope, *registry;
        enum status_code code;
    } cases[] = {
        {CALLER_ADMIN, "", "es", STATUS_OK},
        {CALLER_AGENCY, "es", "es", STATUS_OK},
        {CALLER_AGENCY, "es", "e", STATUS_PERMISSION_DENIED},
        {CALLER_AGENCY, "es", "es-2", STATUS_PERMISSION_DENIED},
        {CALLER_INSTITUTION, "es/school", "es", STATUS_OK},
        {CALLER_INSTITUTION, "es/school", "e", STATUS_PERMISSION_DENIED},
        {CALLER_INSTITUTION, "es-2/school", "es", STATUS_PERMISSION_DENIED},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct talk talk;
        world->token_count = 0;
        size_t token = add_token(world, cases[i].caller, cases[i].scope);
        give_tokens(world);
        talk_begin(world, &talk, "/t/Apply", bearer(world, token), FROM_HERE);
        assert_int_equal(auth_check_registry(talk.call, cases[i].registry).code, cases[i].code);
        assert_int_equal(auth_caller(talk.call), cases[i].caller);
        talk_end(&talk);
    }
}

/* ---- open calls ---- */

static void a_revoked_token_ends_what_it_has_open_but_for_writes_that_have_come_whole(void **state)
{
    struct world *world = *state;
    size_t bad = add_token(world, CALLER_ADMIN, ""), good = add_token(world, CALLER_ADMIN, "");
    struct talk stream, waiting, unsent, upload, writing, other;
    give_tokens(world);
    talk_begin(world, &stream, "/t/Watch", bearer(world, bad), FROM_HERE);
    talk_begin(world, &waiting, "/t/Read", bearer(world, bad), FROM_HERE);
    talk_begin(world, &unsent, "/t/Apply", bearer(world, bad), FROM_HERE);
    talk_begin(world, &upload, "/t/Push", bearer(world, bad), FROM_HERE);
    talk_begin(world, &writing, "/t/Apply", bearer(world, bad), FROM_HERE);
    talk_begin(world, &other, "/t/Watch", bearer(world, good), FROM_HERE);
    struct talk *const sent[] = {&stream, &waiting, &writing, &other};
    for (size_t i = 0; i < 4; i++)
        talk_send(sent[i]);
    give_tokens(world); /* a change that is none of theirs */
    struct talk *const all[] = {&stream, &waiting, &unsent, &upload, &writing, &other};
    for (size_t i = 0; i < 6; i++)
        assert_false(all[i]->has_ended);
    world->tokens[bad].revoked = true;
    give_tokens(world);
    for (size_t i = 0; i < 4; i++) {
        assert_true(all[i]->has_ended);
        assert_int_equal(all[i]->status.code, STATUS_UNAUTHENTICATED);
    }
    assert_false(writing.has_ended);
    assert_false(other.has_ended);
    for (size_t i = 0; i < 6; i++)
        talk_end(all[i]);
}

static void the_first_token_ends_what_an_open_server_let_in(void **state)
{
    struct world *world = *state;
    struct talk open, public;
    world->services.open = true;
    give_tokens(world);
    talk_begin(world, &open, "/t/Watch", NULL, FROM_HERE);
    talk_send(&open);
    add_token(world, CALLER_ADMIN, "");
    give_tokens(world);
    assert_true(open.has_ended);
    assert_int_equal(open.status.code, STATUS_UNAUTHENTICATED);
    talk_begin(world, &public, "/t/Watch", NULL, FROM_HERE);
    talk_send(&public);
    give_tokens(world);
    assert_false(public.has_ended);
    talk_end(&open);
    talk_end(&public);
}

/* ---- secrets ---- */

static void a_secret_is_known_by_its_hash_and_nothing_else_has_its_form(void **state)
{
    struct world *world = *state;
    unsigned char made[SECRET_HASH_BYTES], read[SECRET_HASH_BYTES];
    char *secret = token_secret_new(world->arena, made);
    assert_int_equal(strlen(secret), 46);
    assert_true(token_secret_hash(secret, read));
    assert_memory_equal(made, read, sizeof made);
    static const char *const wrong[] = {"",
                                        "pt_",
                                        "pt_short",
                                        "xx_0123456789012345678901234567890123456789012",
                                        "pt_01234567890123456789012345678901234567890+2",
                                        "pt_01234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(token_secret_hash(wrong[i], read));
    assert_string_not_equal(secret, token_secret_new(world->arena, read));
    assert_memory_not_equal(made, read, sizeof made);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_taken_from_afar_over_tls_alone),
        TEST(nobody_reads_as_the_setting_says),
        TEST(an_open_server_is_open_from_here_until_a_token_exists),
        TEST(until_the_tokens_are_read_only_public_reading_is_known),
        TEST(an_expired_or_revoked_token_is_not_good),
        TEST(each_kind_of_token_calls_what_it_may),
        TEST(a_registry_is_written_by_its_agency_its_institutions_and_admins),
        TEST(a_revoked_token_ends_what_it_has_open_but_for_writes_that_have_come_whole),
        TEST(the_first_token_ends_what_an_open_server_let_in),
        TEST(a_secret_is_known_by_its_hash_and_nothing_else_has_its_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
