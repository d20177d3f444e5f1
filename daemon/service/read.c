#include "service/read.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/packer.h"
#include "loop/worker.h"
#include "replica/replica.h"
#include "replica/snapshot.h"
#include "rpc/call.h"
#include "service/services.h"

enum { LONGEST_WAIT_MS = 30000, LOOP_COST_US = 1000 };

/* A read under way: in the call's arena, held by rpc_call_hold while it waits or works. */
struct reading {
    struct rpc_call *call;
    const struct read_method *method;
    struct read read;
    uint64_t min_revision;
    struct replica_waiter waiter;
    struct status status;
    struct packer packer;
};

static void answer(struct reading *reading)
{
    reading->status = reading->method->answer(&reading->read, &reading->packer);
}

static void finish(struct reading *reading)
{
    struct rpc_call *call = reading->call;
    if (status_ok(reading->status))
        rpc_call_reply_packer(call, &reading->packer);
    else
        rpc_call_finish(call, reading->status);
    snapshot_release(reading->read.snapshot);
    rpc_call_release(call);
}

static void work(void *context)
{
    struct reading *reading = context;
    if (rpc_call_is_over(reading->call))
        reading->status = status_make(STATUS_CANCELLED, "the caller has gone");
    else
        answer(reading);
}

static void work_done(void *context)
{
    finish(context);
}

static void run(void *context, struct snapshot *snapshot)
{
    struct reading *reading = context;
    struct services *services = services_of(reading->call);
    if (!snapshot) {
        reading->status = status_format(reading->read.arena, STATUS_DEADLINE_EXCEEDED, NULL,
                                        "revision %llu is not here yet; the newest is %llu",
                                        (unsigned long long)reading->min_revision,
                                        (unsigned long long)replica_state(services->replica).revision);
        finish(reading);
        return;
    }
    reading->read.snapshot = snapshot;
    if (reading->method->prepare)
        reading->status = reading->method->prepare(&reading->read);
    if (status_ok(reading->status) && reading->read.cost_us > LOOP_COST_US) {
        worker_submit(services->workers, rpc_call_loop(reading->call), work, work_done, reading);
        return;
    }
    if (status_ok(reading->status))
        answer(reading);
    finish(reading);
}

void read_start(struct rpc_call *call, const ProtobufCMessage *request, uint64_t min_revision,
                const struct read_method *method)
{
    struct services *services = services_of(call);
    if (!replica_state(services->replica).loaded) {
        struct status loading = status_make(STATUS_UNAVAILABLE, "the records are still being loaded");
        loading.retry_ms = 1000;
        rpc_call_finish(call, loading);
        return;
    }
    struct reading *reading = arena_zalloc(rpc_call_arena(call), sizeof *reading);
    *reading = (struct reading){
        .call = call,
        .method = method,
        .min_revision = min_revision,
        .packer = packer_of(rpc_call_arena(call)),
        .read = {.arena = rpc_call_arena(call),
                 .upstreams = services->upstreams,
                 .request = request,
                 .caller = auth_caller(call),
                 .today = clock_today()},
    };
    rpc_call_hold(call);
    rpc_call_set_state(call, reading);
    int64_t until_ms = clock_monotonic_ms() + LONGEST_WAIT_MS;
    if (rpc_call_deadline_ms(call) < until_ms)
        until_ms = rpc_call_deadline_ms(call);
    replica_reader_wait(services_loop(call)->reader, &reading->waiter, min_revision, until_ms, run, reading);
}

void read_cancelled(struct rpc_call *call)
{
    struct reading *reading = rpc_call_state(call);
    if (!reading || !reading->waiter.link)
        return; /* it works: the job comes back by itself */
    replica_waiter_cancel(&reading->waiter);
    rpc_call_release(call);
}
