#include "service/admin_service.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "match/index.h"
#include "model/record.h"
#include "model/timestamp.h"
#include "partner/v1/admin.pb-c.h"
#include "replica/replica.h"
#include "replica/snapshot.h"
#include "rpc/call.h"
#include "service/method_row.h"
#include "service/services.h"
#include "service/title.h"
#include "service/token_service.h"
#include "service/upstream_board.h"
#include "store/registry.h"
#include "vocab/vocabulary.h"

/* ---- GetStatus: also while nothing is loaded and the database is away ---- */

static void status_of_snapshot(struct arena *arena, const struct snapshot *snapshot,
                               Partner__V1__GetStatusResponse *response)
{
    response->revision = snapshot->revision;
    response->organisations = match_index_organisation_count(snapshot->index);
    response->offers = match_index_offer_count(snapshot->index);
    response->needs = match_index_need_count(snapshot->index);
    response->index_bytes = match_index_bytes(snapshot->index);
    struct text_list names = vocabulary_names(snapshot->vocabulary);
    response->vocabularies = arena_array(arena, names.count, sizeof *response->vocabularies);
    response->n_vocabularies = names.count;
    for (size_t i = 0; i < names.count; i++)
        response->vocabularies[i] = (char *)names.items[i];
}

static Partner__V1__FollowedRegistry *registry_status(struct arena *arena,
                                                      const struct upstream_state *upstream,
                                                      const struct followed_state *state)
{
    Partner__V1__FollowedRegistry *message = arena_alloc(arena, sizeof *message);
    partner__v1__followed_registry__init(message);
    struct upstream_lag lag = upstream_lag_of(upstream, state, clock_realtime_us());
    message->id = arena_strdup(arena, state->registry);
    message->revision = state->revision;
    message->lag_revisions = lag.revisions;
    message->lag_seconds = lag.seconds;
    message->error = arena_strdup(arena, state->error);
    return message;
}

static void add_registries(struct arena *arena, const struct upstream_news *news,
                           const struct upstream_state *upstream, Partner__V1__UpstreamStatus *status)
{
    status->registries = arena_array(arena, news->registry_count, sizeof *status->registries);
    for (size_t i = 0; i < news->registry_count; i++) {
        if (!text_equal(news->registries[i].upstream, upstream->name))
            continue;
        Partner__V1__FollowedRegistry *registry = registry_status(arena, upstream, &news->registries[i]);
        status->registries[status->n_registries++] = registry;
        if (registry->lag_revisions > status->lag_revisions)
            status->lag_revisions = registry->lag_revisions;
        if (registry->lag_seconds > status->lag_seconds)
            status->lag_seconds = registry->lag_seconds;
    }
}

static void add_rejected(struct arena *arena, const struct upstream_state *upstream,
                         Partner__V1__UpstreamStatus *status)
{
    status->rejected = arena_array(arena, FAULT_COUNT, sizeof *status->rejected);
    for (int i = 0; i < FAULT_COUNT; i++) {
        Partner__V1__RejectedCount *count = arena_alloc(arena, sizeof *count);
        partner__v1__rejected_count__init(count);
        count->reason = (char *)upstream_fault_name((enum upstream_fault)i);
        count->count = upstream->rejected[i];
        if (count->count)
            status->rejected[status->n_rejected++] = count;
    }
}

/* Copies, since the news may go before the answer. */
static Partner__V1__UpstreamStatus *upstream_status(struct arena *arena, const struct upstream_news *news,
                                                    const struct upstream_state *upstream)
{
    Partner__V1__UpstreamStatus *status = arena_alloc(arena, sizeof *status);
    partner__v1__upstream_status__init(status);
    status->name = arena_strdup(arena, upstream->name);
    status->url = arena_strdup(arena, upstream->url);
    status->connected = upstream_is_connected(upstream, clock_realtime_us());
    status->error = arena_strdup(arena, upstream_error_text(upstream, clock_realtime_us()));
    status->newest_revision = upstream->newest;
    if (upstream->contact_us)
        status->last_contact_time = timestamp_make(arena, upstream->contact_us);
    add_registries(arena, news, upstream, status);
    status->left_out = arena_array(arena, upstream->left_out.count, sizeof *status->left_out);
    for (size_t i = 0; i < upstream->left_out.count; i++)
        status->left_out[status->n_left_out++] = arena_strdup(arena, upstream->left_out.items[i]);
    add_rejected(arena, upstream, status);
    return status;
}

static void add_upstreams(struct arena *arena, struct upstream_board *board,
                          Partner__V1__GetStatusResponse *response)
{
    const struct upstream_news *news = upstream_board_acquire(board);
    if (!news)
        return;
    response->upstreams = arena_array(arena, news->upstream_count, sizeof *response->upstreams);
    for (size_t i = 0; i < news->upstream_count; i++)
        response->upstreams[response->n_upstreams++] = upstream_status(arena, news, &news->upstreams[i]);
    upstream_news_release(news);
}

static void get_status_start(struct rpc_call *call, const ProtobufCMessage *)
{
    struct services *services = services_of(call);
    struct arena *arena = rpc_call_arena(call);
    struct replica_state state = replica_state(services->replica);
    struct snapshot *snapshot = replica_snapshot(services->replica);
    Partner__V1__GetStatusResponse response = PARTNER__V1__GET_STATUS_RESPONSE__INIT;
    if (snapshot)
        status_of_snapshot(arena, snapshot, &response);
    add_upstreams(arena, services->upstreams, &response);
    response.version = (char *)PARTNERD_VERSION;
    response.database_revision = state.database_revision;
    response.database_reachable = state.database_reachable;
    response.start_time = timestamp_make(arena, services->start_time_us);
    rpc_call_reply(call, &response.base);
    snapshot_release(snapshot);
}

/* ---- CreateRegistry ---- */

static void registry_created(void *context, struct status status, uint64_t revision)
{
    struct rpc_call *call = context;
    Partner__V1__CreateRegistryResponse response = PARTNER__V1__CREATE_REGISTRY_RESPONSE__INIT;
    response.revision = revision;
    if (status_ok(status))
        rpc_call_reply(call, &response.base);
    else
        rpc_call_finish(call, status);
    rpc_call_release(call);
}

static void create_registry_start(struct rpc_call *call, const ProtobufCMessage *message)
{
    const Partner__V1__CreateRegistryRequest *request = (const Partner__V1__CreateRegistryRequest *)message;
    struct faults faults = {.arena = rpc_call_arena(call)};
    if (!registry_id_is_valid(request->id))
        faults_add(&faults, "", "id",
                   "is not of the form: a to z first, then a to z, 0 to 9 or -, at most 32");
    title_check(&faults, request->title);
    if (faults.count) {
        rpc_call_finish(call, faults_status(&faults));
        return;
    }
    rpc_call_hold(call);
    store_registry_create(services_loop(call)->store, rpc_call_arena(call), request->id,
                          text_nfc(rpc_call_arena(call), request->title), registry_created, call);
}

const struct rpc_method admin_service_methods[] = {
    METHOD_ROW("AdminService", "GetStatus", get_status, RPC_UNARY, ACCESS_READ, USUAL_BYTES,
               .start = get_status_start),
    METHOD_ROW("AdminService", "CreateRegistry", create_registry, RPC_UNARY, ACCESS_ADMIN, USUAL_BYTES,
               .start = create_registry_start),
    METHOD_ROW("AdminService", "CreateToken", create_token, RPC_UNARY, ACCESS_ADMIN, USUAL_BYTES,
               .start = create_token_start),
    METHOD_ROW("AdminService", "ListTokens", list_tokens, RPC_UNARY, ACCESS_ADMIN, USUAL_BYTES,
               .start = list_tokens_start),
    METHOD_ROW("AdminService", "RevokeToken", revoke_token, RPC_UNARY, ACCESS_ADMIN, USUAL_BYTES,
               .start = revoke_token_start),
    METHOD_ROW("AdminService", "ListAudit", list_audit, RPC_UNARY, ACCESS_ADMIN, USUAL_BYTES),
    METHOD_ROW("AdminService", "ExportContact", export_contact, RPC_UNARY, ACCESS_ADMIN, USUAL_BYTES),
    METHOD_ROW("AdminService", "EraseContact", erase_contact, RPC_UNARY, ACCESS_ADMIN, USUAL_BYTES),
    {.path = NULL},
};
METHODS_COMPLETE(admin_service_methods, AdminService);
