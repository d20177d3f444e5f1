#include "service/admin_service.h"

#include "base/arena.h"
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

static void get_status_start(struct rpc_call *call, const ProtobufCMessage *)
{
    struct services *services = services_of(call);
    struct arena *arena = rpc_call_arena(call);
    struct replica_state state = replica_state(services->replica);
    struct snapshot *snapshot = replica_snapshot(services->replica);
    Partner__V1__GetStatusResponse response = PARTNER__V1__GET_STATUS_RESPONSE__INIT;
    if (snapshot)
        status_of_snapshot(arena, snapshot, &response);
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
