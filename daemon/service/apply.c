#include "service/apply.h"

#include "base/arena.h"
#include "loop/worker.h"
#include "model/batch.h"
#include "model/batch_institution.h"
#include "partner/v1/registry.pb-c.h"
#include "replica/replica.h"
#include "replica/snapshot.h"
#include "rpc/call.h"
#include "service/auth.h"
#include "service/request.h"
#include "service/services.h"
#include "service/writer.h"
#include "store/batch.h"
#include "vocab/vocabulary.h"

typedef Partner__V1__ApplyRequest apply_request;
typedef Partner__V1__ApplyResponse apply_response;
typedef Partner__V1__Rejection pb_rejection;

enum { CHANGES_MOST = 10000 };

/* An Apply under way: in the call's arena, the call held until it is written. */
struct applying {
    struct rpc_call *call;
    struct arena *arena;
    const apply_request *request;
    const struct vocabulary *vocabulary; /* acquired; NULL while nothing is loaded */
    const char *institution;             /* an institution's organisation, or NULL */
    const char *denial;                  /* why it may not write this, or NULL */
    unsigned char request_hash[REQUEST_HASH_BYTES];
    struct batch batch;
    struct store_batch write;
};

static struct status request_check(struct arena *arena, const apply_request *request)
{
    struct faults faults = {.arena = arena};
    if (!registry_id_is_valid(request->registry))
        faults_add(&faults, "", "registry", "is not a registry's id: a to z, 0 to 9 and -, at most 32");
    if (request->n_changes > CHANGES_MOST)
        faults_add(&faults, "", "changes", "has %zu; at most %d are taken at once", request->n_changes,
                   CHANGES_MOST);
    request_id_check(&faults, request->request_id);
    return faults_status(&faults);
}

static pb_rejection *rejection_message(struct arena *arena, const struct batch_change *change, size_t index)
{
    pb_rejection *rejection = arena_alloc(arena, sizeof *rejection);
    partner__v1__rejection__init(rejection);
    rejection->index = index;
    rejection->id = (char *)change->id;
    rejection->field = (char *)change->reject_field;
    rejection->reason = (char *)change->reject_reason;
    return rejection;
}

static const void *pack_answer(void *, struct arena *arena, const struct batch *batch, uint64_t revision,
                               size_t *ret_bytes)
{
    struct batch_tally counted = batch_tally(batch);
    Partner__V1__Tally tally = PARTNER__V1__TALLY__INIT;
    tally.created = counted.created;
    tally.updated = counted.updated;
    tally.unchanged = counted.unchanged;
    tally.deleted = counted.deleted;
    tally.rejected = counted.rejected;
    apply_response response = PARTNER__V1__APPLY_RESPONSE__INIT;
    response.tally = &tally;
    response.revision = revision;
    response.rejections = arena_array(arena, counted.rejected, sizeof *response.rejections);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->changes[i].verdict == BATCH_REJECTED)
            response.rejections[response.n_rejections++] = rejection_message(arena, &batch->changes[i], i);
    *ret_bytes = partner__v1__apply_response__get_packed_size(&response);
    void *packed = arena_alloc(arena, *ret_bytes);
    partner__v1__apply_response__pack(&response, packed);
    return packed;
}

static void written(void *context, struct status status, const void *answer, size_t answer_bytes)
{
    struct applying *applying = context;
    struct rpc_call *call = applying->call;
    if (status_ok(status))
        rpc_call_reply_packed(call, answer, answer_bytes);
    else
        rpc_call_finish(call, status);
    rpc_call_release(call);
}

/* On a worker: all that needs no database. */
static void prepare(void *context)
{
    struct applying *applying = context;
    const apply_request *request = applying->request;
    if (*request->request_id)
        request_hash(applying->arena, &request->base, applying->request_hash);
    struct batch *batch = &applying->batch;
    for (size_t i = 0; i < batch->count; i++) {
        batch_change_prepare(applying->arena, applying->vocabulary, batch->registry, request->changes[i],
                             &batch->changes[i]);
        store_batch_hash(&batch->changes[i]);
    }
    if (applying->institution)
        applying->denial = batch_institution_fault(applying->arena, batch, applying->institution);
}

static void prepared(void *context)
{
    struct applying *applying = context;
    vocabulary_release(applying->vocabulary);
    if (rpc_call_is_over(applying->call)) {
        /* Nobody waits for the answer any more and nothing has been written: it is as if it had not come. */
        rpc_call_release(applying->call);
        return;
    }
    if (applying->denial) {
        rpc_call_finish(applying->call, status_make(STATUS_PERMISSION_DENIED, applying->denial));
        rpc_call_release(applying->call);
        return;
    }
    writer_apply(services_of(applying->call)->writer, rpc_call_loop(applying->call), &applying->write);
}

void apply_start(struct rpc_call *call, const ProtobufCMessage *message)
{
    const apply_request *request = (const apply_request *)message;
    struct arena *arena = rpc_call_arena(call);
    struct services *services = services_of(call);
    struct status status = request_check(arena, request);
    if (status_ok(status))
        status = auth_check_registry(call, request->registry);
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
        return;
    }
    struct applying *applying = arena_zalloc(arena, sizeof *applying);
    *applying = (struct applying){
        .call = call,
        .arena = arena,
        .request = request,
        .vocabulary = replica_vocabulary(services->replica),
        .institution = auth_institution(call),
        .batch = {.registry = request->registry,
                  .changes = arena_array(arena, request->n_changes, sizeof(struct batch_change)),
                  .count = request->n_changes,
                  .all_or_nothing = request->all_or_nothing},
    };
    applying->write = (struct store_batch){
        .arena = arena,
        .batch = &applying->batch,
        .method = "Apply",
        .request_id = request->request_id,
        .request_hash = applying->request_hash,
        .dry_run = request->dry_run,
        .institution = applying->institution,
        .pack = pack_answer,
        .done = written,
        .context = applying,
    };
    rpc_call_hold(call);
    worker_submit(services->workers, rpc_call_loop(call), prepare, prepared, applying);
}
