#include "service/auth.h"

#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/metric.h"
#include "base/text.h"
#include "model/record.h"
#include "rpc/call.h"
#include "rpc/method.h"
#include "service/services.h"
#include "service/token_keeper.h"
#include "service/token_secret.h"

enum { LOADING_RETRY_MS = 500 };

/* Who calls, for as long as the call lasts: in its arena. */
struct identity {
    enum caller caller;
    bool is_open; /* an admin only because there is no token yet */
    unsigned char secret_hash[SECRET_HASH_BYTES];
    const char *token_id, *scope; /* "" without a token */
    struct token_holder holder;
};

#define ANY(CALLER) (1u << (CALLER))

/* Who may call what, nobody aside. */
static const unsigned callers_of[ACCESS_COUNT] = {
    [ACCESS_READ] = ANY(CALLER_READER) | ANY(CALLER_INSTITUTION) | ANY(CALLER_AGENCY) | ANY(CALLER_ADMIN),
    [ACCESS_APPLY] = ANY(CALLER_INSTITUTION) | ANY(CALLER_AGENCY) | ANY(CALLER_ADMIN),
    [ACCESS_PUSH] = ANY(CALLER_AGENCY) | ANY(CALLER_ADMIN),
    [ACCESS_PARTY] = ANY(CALLER_INSTITUTION) | ANY(CALLER_ADMIN),
    [ACCESS_ADMIN] = ANY(CALLER_ADMIN),
};

/* ---- refusals ---- */

enum refusal {
    REFUSAL_MISSING,
    REFUSAL_CLEARTEXT,
    REFUSAL_MALFORMED,
    REFUSAL_UNKNOWN,
    REFUSAL_REVOKED,
    REFUSAL_EXPIRED
};

static const struct {
    const char *label, *reason, *message;
} refusals[] = {
    [REFUSAL_MISSING] = {"reason=\"missing\"", "TOKEN_MISSING", "this call needs a token"},
    [REFUSAL_CLEARTEXT] = {"reason=\"cleartext\"", "TOKEN_IN_CLEARTEXT",
                           "a token is taken over TLS alone, but from loopback"},
    [REFUSAL_MALFORMED] = {"reason=\"malformed\"", "TOKEN_MALFORMED",
                           "the authorization is not of the form: Bearer pt_..."},
    [REFUSAL_UNKNOWN] = {"reason=\"unknown\"", "TOKEN_UNKNOWN", "the token is not known here"},
    [REFUSAL_REVOKED] = {"reason=\"revoked\"", "TOKEN_REVOKED", "the token has been revoked"},
    [REFUSAL_EXPIRED] = {"reason=\"expired\"", "TOKEN_EXPIRED", "the token has expired"},
};

/* Made with the first refusal of its kind; a flood of bad tokens takes no lock. */
static struct metric *counter_of(enum refusal refusal)
{
    static _Atomic(struct metric *) counters[sizeof refusals / sizeof *refusals];
    struct metric *counter = atomic_load_explicit(&counters[refusal], memory_order_acquire);
    if (!counter) {
        counter = metric_new(METRIC_COUNTER, "partnerd_auth_refused_total", refusals[refusal].label,
                             "Calls refused as UNAUTHENTICATED, by reason.");
        atomic_store_explicit(&counters[refusal], counter, memory_order_release);
    }
    return counter;
}

static struct status refuse(enum refusal refusal)
{
    metric_add(counter_of(refusal), 1);
    return (struct status){.code = STATUS_UNAUTHENTICATED,
                           .reason = refusals[refusal].reason,
                           .message = refusals[refusal].message};
}

static struct status say_loading(void)
{
    struct status status = status_make(STATUS_UNAVAILABLE, "the tokens are still being loaded");
    status.retry_ms = LOADING_RETRY_MS;
    return status;
}

static struct status say_denied(struct rpc_call *call, enum caller caller)
{
    static const char *const names[] = {"", "a reader's", "an institution's", "an agency's", "an admin's"};
    const char *path = rpc_call_method(call)->path, *name = strrchr(path, '/') + 1;
    return status_format(rpc_call_arena(call), STATUS_PERMISSION_DENIED, NULL, "%s token may not call %s",
                         names[caller], name);
}

/* ---- tokens ---- */

/* NULL: not "Bearer" and a word. */
static const char *bearer_of(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    return authorization + sizeof scheme - 1;
}

static struct status check_token(const struct token_entry *token)
{
    if (!token)
        return refuse(REFUSAL_UNKNOWN);
    if (token->revoked)
        return refuse(REFUSAL_REVOKED);
    if (token->expire_time_us && clock_realtime_us() >= token->expire_time_us)
        return refuse(REFUSAL_EXPIRED);
    return STATUS_NONE;
}

static struct identity *identity_new(struct rpc_call *call, enum caller caller)
{
    struct identity *identity = arena_zalloc(rpc_call_arena(call), sizeof *identity);
    identity->caller = caller;
    identity->token_id = identity->scope = "";
    return identity;
}

static struct status identify_by_token(struct rpc_call *call, const char *authorization,
                                       struct identity **ret_identity, bool *ret_expires)
{
    struct token_keeper *keeper = services_loop(call)->tokens;
    struct token_set *set = token_keeper_set(keeper);
    unsigned char hash[SECRET_HASH_BYTES];
    const char *secret = bearer_of(authorization);
    if (!rpc_call_is_encrypted(call) && !rpc_call_peer_is_loopback(call))
        return refuse(REFUSAL_CLEARTEXT);
    if (!secret || !token_secret_hash(secret, hash))
        return refuse(REFUSAL_MALFORMED);
    if (!set)
        return say_loading();
    struct token_entry *token = token_set_find(set, hash);
    struct status status = check_token(token);
    if (!status_ok(status))
        return status;
    struct identity *identity = identity_new(call, token->caller);
    memcpy(identity->secret_hash, hash, sizeof hash);
    identity->token_id = arena_strdup(rpc_call_arena(call), token->id);
    identity->scope = arena_strdup(rpc_call_arena(call), token->scope);
    token_keeper_note_use(keeper, token);
    *ret_identity = identity;
    *ret_expires = token->expire_time_us != 0;
    return STATUS_NONE;
}

/* ---- callers without a token ---- */

static bool nobody_may_read(const struct rpc_call *call)
{
    switch (services_of(call)->public_read) {
    case PUBLIC_READ_ALL:
        return true;
    case PUBLIC_READ_LOOPBACK:
        return rpc_call_peer_is_loopback(call);
    default:
        return false;
    }
}

static bool nobody_may_call(const struct rpc_call *call, const struct rpc_method *method)
{
    return method->access == ACCESS_READ && nobody_may_read(call);
}

static struct status identify_without_token(struct rpc_call *call, const struct rpc_method *method,
                                            struct identity **ret_identity)
{
    bool may_be_open = services_of(call)->open && rpc_call_peer_is_loopback(call);
    const struct token_set *set = token_keeper_set(services_loop(call)->tokens);
    if (may_be_open && !set && !nobody_may_call(call, method))
        return say_loading();
    bool is_open = may_be_open && set && token_set_count(set) == 0;
    if (!is_open && !nobody_may_call(call, method))
        return refuse(REFUSAL_MISSING);
    *ret_identity = identity_new(call, is_open ? CALLER_ADMIN : CALLER_NOBODY);
    (*ret_identity)->is_open = is_open;
    return STATUS_NONE;
}

/* ---- calls ---- */

struct status auth_authorise(struct rpc_call *call, const struct rpc_method *method)
{
    const char *authorization = rpc_call_metadata(call, "authorization");
    struct identity *identity = NULL;
    bool expires = false;
    struct status status = authorization ? identify_by_token(call, authorization, &identity, &expires)
                                         : identify_without_token(call, method, &identity);
    if (!status_ok(status))
        return status;
    if (identity->caller != CALLER_NOBODY && !(callers_of[method->access] & ANY(identity->caller)))
        status = say_denied(call, identity->caller);
    rpc_call_set_identity(call, identity, identity->token_id);
    if (identity->caller != CALLER_NOBODY)
        token_keeper_hold(services_loop(call)->tokens, &identity->holder, call, expires);
    return status;
}

void auth_ended(struct rpc_call *call)
{
    struct identity *identity = rpc_call_identity(call);
    token_holder_release(&identity->holder);
}

struct status auth_recheck(const struct rpc_call *call)
{
    const struct identity *identity = rpc_call_identity(call);
    struct token_set *set = token_keeper_set(services_loop(call)->tokens);
    if (identity->caller == CALLER_NOBODY || !set)
        return STATUS_NONE;
    if (identity->is_open)
        return token_set_count(set) == 0 ? STATUS_NONE : refuse(REFUSAL_MISSING);
    return check_token(token_set_find(set, identity->secret_hash));
}

enum caller auth_caller(const struct rpc_call *call)
{
    const struct identity *identity = rpc_call_identity(call);
    return identity->caller;
}

bool auth_sees_contacts(enum caller caller)
{
    return caller >= CALLER_INSTITUTION;
}

const char *auth_institution(const struct rpc_call *call)
{
    const struct identity *identity = rpc_call_identity(call);
    return identity->caller == CALLER_INSTITUTION ? identity->scope : NULL;
}

const char *auth_token_id(const struct rpc_call *call)
{
    const struct identity *identity = rpc_call_identity(call);
    return identity->token_id;
}

struct status auth_check_registry(const struct rpc_call *call, const char *registry)
{
    const struct identity *identity = rpc_call_identity(call);
    bool is_theirs = identity->caller == CALLER_ADMIN;
    if (identity->caller == CALLER_AGENCY)
        is_theirs = text_equal(identity->scope, registry);
    if (identity->caller == CALLER_INSTITUTION)
        is_theirs = id_is_of_registry(identity->scope, registry);
    if (is_theirs)
        return STATUS_NONE;
    struct status status = status_make(STATUS_PERMISSION_DENIED, "the token doesn't write this registry");
    status.field = "registry";
    return status;
}
