#include "service/token_service.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "model/record.h"
#include "model/timestamp.h"
#include "partner/v1/admin.pb-c.h"
#include "rpc/call.h"
#include "service/auth.h"
#include "service/page.h"
#include "service/services.h"
#include "service/token_keeper.h"
#include "service/token_secret.h"
#include "service/title.h"

enum { PAGE_USUAL = 50, PAGE_MOST = 1000, ID_BYTES = 32 };
#define SECONDS_MOST 253402300799 /* the end of year 9999 */

typedef Partner__V1__Token pb_token;

static pb_token *token_message(struct arena *arena, const struct token *token)
{
    pb_token *message = arena_alloc(arena, sizeof *message);
    partner__v1__token__init(message);
    message->id = (char *)token->id;
    message->title = (char *)token->title;
    message->access = (Partner__V1__Access)token->access;
    message->scope = (char *)token->scope;
    message->revoked = token->revoked;
    message->create_time = timestamp_make(arena, token->create_time_us);
    if (token->expire_time_us)
        message->expire_time = timestamp_make(arena, token->expire_time_us);
    if (token->last_use_time_us)
        message->last_use_time = timestamp_make(arena, token->last_use_time_us);
    return message;
}

/* ---- CreateToken ---- */

/* A token on its way; the secret is in the call's arena alone. */
struct creation {
    struct rpc_call *call;
    struct token token;
    char *secret;
};

static void check_scope(struct faults *faults, const Partner__V1__CreateTokenRequest *request)
{
    switch (request->access) {
    case PARTNER__V1__ACCESS__ACCESS_INSTITUTION:
        if (!id_is_valid(request->scope))
            faults_add(faults, "", "scope", "is not an organisation's id, as an institution's token needs");
        break;
    case PARTNER__V1__ACCESS__ACCESS_AGENCY:
        if (!registry_id_is_valid(request->scope))
            faults_add(faults, "", "scope", "is not a registry's id, as an agency's token needs");
        break;
    case PARTNER__V1__ACCESS__ACCESS_READER:
    case PARTNER__V1__ACCESS__ACCESS_ADMIN:
        if (*request->scope)
            faults_add(faults, "", "scope", "stays empty: readers and admins have none");
        break;
    default:
        break;
    }
}

static void check_expiry(struct faults *faults, const Google__Protobuf__Timestamp *time)
{
    if (!time)
        return;
    if (time->seconds < 0 || time->seconds > SECONDS_MOST || time->nanos < 0 || time->nanos > 999999999)
        faults_add(faults, "", "expire_time", "is not a time between 1970 and 9999");
    else if (time->seconds * 1000000 + time->nanos / 1000 <= clock_realtime_us())
        faults_add(faults, "", "expire_time", "has passed");
}

static struct status check_creation(struct arena *arena, const Partner__V1__CreateTokenRequest *request)
{
    struct faults faults = {.arena = arena};
    title_check(&faults, request->title);
    if (request->access == PARTNER__V1__ACCESS__ACCESS_UNSPECIFIED)
        faults_add(&faults, "", "access", "is asked for: ACCESS_READER, ACCESS_INSTITUTION, ...");
    check_scope(&faults, request);
    check_expiry(&faults, request->expire_time);
    return faults_status(&faults);
}

static void creation_known(void *context)
{
    struct creation *creation = context;
    struct rpc_call *call = creation->call;
    Partner__V1__CreateTokenResponse response = PARTNER__V1__CREATE_TOKEN_RESPONSE__INIT;
    response.token = token_message(rpc_call_arena(call), &creation->token);
    response.secret = creation->secret;
    rpc_call_reply(call, &response.base);
    rpc_call_release(call);
}

static void created(void *context, struct status status, uint64_t version)
{
    struct creation *creation = context;
    struct rpc_call *call = creation->call;
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
        rpc_call_release(call);
        return;
    }
    log_event(LOG_INFO, "token.created", "a token has been made", LOG_TEXT("token", creation->token.id),
              LOG_NUMBER("access", creation->token.access), LOG_TEXT("scope", creation->token.scope),
              LOG_TEXT("caller", auth_token_id(call)));
    token_keeper_wait(services_loop(call)->tokens, version, creation_known, creation);
}

void create_token_start(struct rpc_call *call, const ProtobufCMessage *message)
{
    const Partner__V1__CreateTokenRequest *request = (const Partner__V1__CreateTokenRequest *)message;
    struct arena *arena = rpc_call_arena(call);
    struct status status = check_creation(arena, request);
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
        return;
    }
    struct creation *creation = arena_zalloc(arena, sizeof *creation);
    creation->call = call;
    creation->token = (struct token){
        .id = token_id_new(arena),
        .title = text_nfc(arena, request->title),
        .access = (int)request->access,
        .scope = request->scope,
        .create_time_us = clock_realtime_us(),
    };
    if (request->expire_time)
        creation->token.expire_time_us =
            request->expire_time->seconds * 1000000 + request->expire_time->nanos / 1000;
    creation->secret = token_secret_new(arena, creation->token.secret_hash);
    rpc_call_hold(call);
    store_token_create(services_loop(call)->store, arena, &creation->token, created, creation);
}

/* ---- ListTokens ---- */

struct listing {
    struct rpc_call *call;
    uint64_t request_hash;
    uint32_t page_size;
};

/* A page's key has the form of an id: "token/17". */
static char *page_key(struct arena *arena, int64_t number)
{
    return arena_format(arena, "token/%lld", (long long)number);
}

static struct status read_page_token(struct arena *arena, const char *token, uint64_t request_hash,
                                     int64_t *ret_number)
{
    double none;
    const char *key;
    unsigned long long number;
    *ret_number = 0;
    if (!*token)
        return STATUS_NONE;
    struct status status = page_token_read(arena, token, request_hash, &none, &key);
    if (!status_ok(status))
        return status;
    if (!text_starts_with(key, "token/") || !text_to_u64(key + strlen("token/"), INT64_MAX, &number))
        return status_invalid("page_token", "is not a token that this list has given");
    *ret_number = (int64_t)number;
    return STATUS_NONE;
}

static void listed(void *context, struct status status, const struct token *tokens, size_t count)
{
    struct listing *listing = context;
    struct rpc_call *call = listing->call;
    struct arena *arena = rpc_call_arena(call);
    if (status_ok(status)) {
        Partner__V1__ListTokensResponse response = PARTNER__V1__LIST_TOKENS_RESPONSE__INIT;
        bool has_more = count > listing->page_size;
        response.n_tokens = has_more ? listing->page_size : count;
        response.tokens = arena_array(arena, response.n_tokens, sizeof *response.tokens);
        for (size_t i = 0; i < response.n_tokens; i++)
            response.tokens[i] = token_message(arena, &tokens[i]);
        if (has_more)
            response.next_page_token = page_token_make(arena, listing->request_hash, 0,
                                                       page_key(arena, tokens[response.n_tokens - 1].number));
        rpc_call_reply(call, &response.base);
    } else {
        rpc_call_finish(call, status);
    }
    rpc_call_release(call);
}

void list_tokens_start(struct rpc_call *call, const ProtobufCMessage *message)
{
    const Partner__V1__ListTokensRequest *request = (const Partner__V1__ListTokensRequest *)message;
    struct arena *arena = rpc_call_arena(call);
    struct listing *listing = arena_alloc(arena, sizeof *listing);
    int64_t after_number;
    *listing = (struct listing){call, page_request_hash(arena, message),
                                page_size_of(request->page_size, PAGE_USUAL, PAGE_MOST)};
    struct status status = read_page_token(arena, request->page_token, listing->request_hash, &after_number);
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
        return;
    }
    rpc_call_hold(call);
    store_token_list(services_loop(call)->store, arena, after_number, listing->page_size + 1, listed,
                     listing);
}

/* ---- RevokeToken ---- */

static void revocation_known(void *context)
{
    struct rpc_call *call = context;
    Partner__V1__RevokeTokenResponse response = PARTNER__V1__REVOKE_TOKEN_RESPONSE__INIT;
    rpc_call_reply(call, &response.base);
    rpc_call_release(call);
}

static void revoked(void *context, struct status status, uint64_t version)
{
    struct rpc_call *call = context;
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
        rpc_call_release(call);
        return;
    }
    log_event(LOG_INFO, "token.revoked", "a token has been revoked", LOG_TEXT("token", rpc_call_state(call)),
              LOG_TEXT("caller", auth_token_id(call)));
    token_keeper_wait(services_loop(call)->tokens, version, revocation_known, call);
}

static bool token_id_is_valid(const char *id)
{
    size_t length = strlen(id);
    return length > 0 && length <= ID_BYTES &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == length;
}

void revoke_token_start(struct rpc_call *call, const ProtobufCMessage *message)
{
    const Partner__V1__RevokeTokenRequest *request = (const Partner__V1__RevokeTokenRequest *)message;
    if (!token_id_is_valid(request->id)) {
        rpc_call_finish(call, status_invalid("id", "id is not a token's: letters and digits, at most 32"));
        return;
    }
    rpc_call_hold(call);
    rpc_call_set_state(call, request->id);
    store_token_revoke(services_loop(call)->store, rpc_call_arena(call), request->id, revoked, call);
}
