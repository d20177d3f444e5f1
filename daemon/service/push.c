#include "service/push.h"

#include "base/arena.h"
#include "partner/v1/registry.pb-c.h"
#include "replica/replica.h"
#include "replica/snapshot.h"
#include "rpc/call.h"
#include "service/auth.h"
#include "service/request.h"
#include "service/services.h"
#include "store/push.h"
#include "vocab/vocabulary.h"

typedef Partner__V1__PushRequest push_request;
typedef Partner__V1__PushOptions push_options;
typedef Partner__V1__PushResponse push_response;
typedef Partner__V1__Rejection pb_rejection;

enum { DELETE_PERCENT = 20, CHANGES_MOST = 100 * 1000 * 1000, BUSY_RETRY_MS = 2000 };

/* A push under way: in the call's arena, the call held until the store is done with it. */
struct pushing {
    struct rpc_call *call;
    struct store_push *push;             /* NULL before the options */
    const struct vocabulary *vocabulary; /* acquired; NULL while nothing is loaded */
    uint64_t change_count;
};

void push_start(struct rpc_call *call, const ProtobufCMessage *)
{
    struct pushing *pushing = arena_zalloc(rpc_call_arena(call), sizeof *pushing);
    pushing->call = call;
    rpc_call_set_state(call, pushing);
}

/* ---- the answer ---- */

static const void *pack_answer(void *, struct arena *arena, const struct push_outcome *outcome,
                               size_t *ret_bytes)
{
    Partner__V1__Tally tally = PARTNER__V1__TALLY__INIT;
    tally.created = outcome->tally.created;
    tally.updated = outcome->tally.updated;
    tally.unchanged = outcome->tally.unchanged;
    tally.deleted = outcome->tally.deleted;
    tally.rejected = outcome->tally.rejected;
    push_response response = PARTNER__V1__PUSH_RESPONSE__INIT;
    response.tally = &tally;
    response.revision = outcome->revision;
    response.n_rejections = outcome->rejection_count;
    response.rejections = arena_array(arena, outcome->rejection_count, sizeof *response.rejections);
    pb_rejection *rejections = arena_array(arena, outcome->rejection_count, sizeof *rejections);
    for (size_t i = 0; i < outcome->rejection_count; i++) {
        partner__v1__rejection__init(&rejections[i]);
        rejections[i].index = outcome->rejections[i].index;
        rejections[i].id = (char *)outcome->rejections[i].id;
        rejections[i].field = (char *)outcome->rejections[i].field;
        rejections[i].reason = (char *)outcome->rejections[i].reason;
        response.rejections[i] = &rejections[i];
    }
    *ret_bytes = partner__v1__push_response__get_packed_size(&response);
    void *packed = arena_alloc(arena, *ret_bytes);
    partner__v1__push_response__pack(&response, packed);
    return packed;
}

static void on_released(void *context)
{
    struct pushing *pushing = context;
    atomic_fetch_sub(&services_of(pushing->call)->push_count, 1);
    vocabulary_release(pushing->vocabulary);
    rpc_call_release(pushing->call);
}

static void on_done(void *context, struct status status, const void *answer, size_t answer_bytes)
{
    struct pushing *pushing = context;
    struct rpc_call *call = pushing->call;
    rpc_call_set_state(call, NULL);
    if (status_ok(status))
        rpc_call_reply_packed(call, answer, answer_bytes);
    else
        rpc_call_finish(call, status);
    on_released(pushing);
}

static void on_ready(void *context)
{
    struct pushing *pushing = context;
    rpc_call_resume(pushing->call);
}

/* ---- the stream ---- */

/* Ends the call, and the push where there is one, with nothing changed. */
static void refuse(struct pushing *pushing, struct status status)
{
    rpc_call_set_state(pushing->call, NULL);
    rpc_call_finish(pushing->call, status);
    if (pushing->push)
        store_push_cancel(pushing->push, on_released);
}

static struct status options_check(struct rpc_call *call, const push_options *options)
{
    struct faults faults = {.arena = rpc_call_arena(call)};
    if (!registry_id_is_valid(options->registry))
        faults_add(&faults, "options.", "registry",
                   "is not a registry's id: a to z, 0 to 9 and -, at most 32");
    if (options->max_delete_percent > 100)
        faults_add(&faults, "options.", "max_delete_percent", "is %u; it goes to 100",
                   options->max_delete_percent);
    request_id_check(&faults, options->request_id);
    struct status status = faults_status(&faults);
    return status_ok(status) ? auth_check_registry(call, options->registry) : status;
}

/* A push takes a connection and much of the database's time: few run at once. */
static bool take_turn(struct services *services)
{
    if (atomic_fetch_add(&services->push_count, 1) < PUSHES_MOST)
        return true;
    atomic_fetch_sub(&services->push_count, 1);
    return false;
}

static struct status begin(struct pushing *pushing, const push_options *options)
{
    struct rpc_call *call = pushing->call;
    struct services *services = services_of(call);
    if (pushing->push)
        return status_invalid("options", "options come once, first");
    struct status status = options_check(call, options);
    if (!status_ok(status))
        return status;
    if (!take_turn(services)) {
        status = status_make(STATUS_RESOURCE_EXHAUSTED, "as many pushes as may be are under way; push later");
        status.retry_ms = BUSY_RETRY_MS;
        return status;
    }
    pushing->vocabulary = replica_vocabulary(services->replica);
    rpc_call_hold(call);
    pushing->push = store_push_begin(
        services_loop(call)->store, services->workers,
        &(struct store_push_options){
            .registry = options->registry,
            .full = options->full,
            .max_delete_percent = options->max_delete_percent ? options->max_delete_percent : DELETE_PERCENT,
            .request_id = options->request_id,
            .all_or_nothing = options->all_or_nothing,
            .dry_run = options->dry_run,
            .vocabulary = pushing->vocabulary,
            .pack = pack_answer,
            .ready = on_ready,
            .done = on_done,
            .context = pushing,
        });
    return STATUS_NONE;
}

static struct status take_change(struct pushing *pushing, const pb_change *change)
{
    if (!pushing->push)
        return status_invalid("options", "options come first");
    if (pushing->change_count++ == CHANGES_MOST)
        return status_make(STATUS_RESOURCE_EXHAUSTED, "a push takes at most 100,000,000 changes");
    if (!store_push_add(pushing->push, change))
        rpc_call_pause(pushing->call);
    return STATUS_NONE;
}

void push_message(struct rpc_call *call, const ProtobufCMessage *message)
{
    struct pushing *pushing = rpc_call_state(call);
    const push_request *request = (const push_request *)message;
    if (!pushing)
        return;
    struct status status = status_invalid("part", "part is asked for: options or a change");
    if (request->part_case == PARTNER__V1__PUSH_REQUEST__PART_OPTIONS)
        status = begin(pushing, request->options);
    else if (request->part_case == PARTNER__V1__PUSH_REQUEST__PART_CHANGE)
        status = take_change(pushing, request->change);
    if (!status_ok(status))
        refuse(pushing, status);
}

void push_half_close(struct rpc_call *call)
{
    struct pushing *pushing = rpc_call_state(call);
    if (!pushing)
        return;
    if (pushing->push)
        store_push_end(pushing->push);
    else
        refuse(pushing, status_invalid("options", "options are asked for"));
}

void push_cancelled(struct rpc_call *call)
{
    struct pushing *pushing = rpc_call_state(call);
    if (!pushing)
        return;
    rpc_call_set_state(call, NULL);
    if (pushing->push)
        store_push_cancel(pushing->push, on_released);
}
