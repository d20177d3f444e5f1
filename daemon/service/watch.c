#include "service/watch.h"

#include <string.h>

#include "base/arena.h"
#include "partner/v1/registry.pb-c.h"
#include "replica/replica.h"
#include "rpc/call.h"
#include "service/auth.h"
#include "service/services.h"
#include "service/watch_parts.h"

typedef Partner__V1__WatchRequest watch_request;

enum { HEARTBEAT_SECONDS = 10, HEARTBEAT_SECONDS_MOST = 3600, EPOCH_BYTES_MOST = 500, RETRY_MS = 1000 };

/* ---- where a watcher stands ---- */

static struct status out_of_range(struct watcher *watcher, const struct log_line *line, const char *reason,
                                  const char *why)
{
    struct status status = status_format(
        rpc_call_arena(watcher->call), STATUS_OUT_OF_RANGE, "after_revision",
        "after_revision %llu %s: the oldest that is taken is %llu, the newest %llu; export again",
        (unsigned long long)watcher->place.whole, why, (unsigned long long)line->trimmed,
        (unsigned long long)line->newest);
    status.reason = reason;
    return status;
}

/* Who was following when the log was trimmed beyond him is told where he stands; when he comes again, that it is too late. */
static struct status say_overtaken(struct watcher *watcher, const struct log_line *line)
{
    if (!watcher->is_begun)
        return out_of_range(watcher, line, "REVISION_TRIMMED", "is older than the change log reaches");
    struct status status = status_format(
        rpc_call_arena(watcher->call), STATUS_RESOURCE_EXHAUSTED, NULL,
        "the change log is not kept any longer than to revision %llu, and only revision %llu has been taken",
        (unsigned long long)line->trimmed, (unsigned long long)watcher->sent_revision);
    status.reason = "READER_TOO_SLOW";
    return status;
}

struct status watcher_check_line(struct watcher *watcher, const struct log_line *line)
{
    if (!line->is_settled) {
        struct status status = status_make(STATUS_UNAVAILABLE, "the database has just been replaced");
        status.retry_ms = RETRY_MS;
        return status;
    }
    if (*watcher->epoch && strcmp(watcher->epoch, line->epoch) != 0)
        return out_of_range(watcher, line, "EPOCH_CHANGED", "belongs to another epoch than the database's");
    if (watcher->place.whole > line->newest)
        return out_of_range(watcher, line, "REVISION_UNKNOWN", "is not there yet");
    if (watcher->place.whole < line->trimmed)
        return say_overtaken(watcher, line);
    if (!*watcher->epoch)
        watcher->epoch = arena_strdup(rpc_call_arena(watcher->call), line->epoch);
    return STATUS_NONE;
}

/* ---- the call ---- */

static struct status check_request(struct arena *arena, const watch_request *request,
                                   struct registry_filter *ret_filter)
{
    struct faults faults = {.arena = arena};
    if (request->heartbeat_seconds > HEARTBEAT_SECONDS_MOST)
        faults_add(&faults, "", "heartbeat_seconds", "is %u; at most %d are taken",
                   request->heartbeat_seconds, HEARTBEAT_SECONDS_MOST);
    if (strlen(request->epoch) > EPOCH_BYTES_MOST)
        faults_add(&faults, "", "epoch", "has over %d bytes", EPOCH_BYTES_MOST);
    if (faults.count)
        return faults_status(&faults);
    return registry_filter_make(arena, request->registries, request->n_registries, ret_filter);
}

static struct status check_ready(const struct watch_hub *hub)
{
    struct status status = STATUS_NONE;
    if (hub->is_stopping)
        status = status_make(STATUS_UNAVAILABLE, "the server is stopping");
    else if (!change_ring_load(hub->ring))
        status = status_make(STATUS_UNAVAILABLE, "the database has not been reached yet");
    status.retry_ms = status_ok(status) ? 0 : RETRY_MS;
    return status;
}

void watch_start(struct rpc_call *call, const ProtobufCMessage *message)
{
    const watch_request *request = (const watch_request *)message;
    struct arena *arena = rpc_call_arena(call);
    struct watch_hub *hub = services_loop(call)->watch;
    struct watcher *watcher = arena_zalloc(arena, sizeof *watcher);
    struct status status = check_request(arena, request, &watcher->filter);
    if (status_ok(status))
        status = check_ready(hub);
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
        return;
    }
    uint32_t seconds = request->heartbeat_seconds ? request->heartbeat_seconds : HEARTBEAT_SECONDS;
    watcher->call = call;
    watcher->hub = hub;
    watcher->with_contact = auth_sees_contacts(auth_caller(call));
    watcher->heartbeat_ms = (int64_t)seconds * 1000;
    watcher->epoch = request->epoch;
    watcher->load = change_ring_load(hub->ring);
    watcher->place = (struct watch_place){.whole = request->after_revision, .ordinal = -1};
    watcher->sent_revision = request->after_revision;
    rpc_call_hold(call);
    rpc_call_set_state(call, watcher);
    watch_hub_add(hub, watcher);
    watch_hub_read(watcher, true);
}

void watch_writable(struct rpc_call *call)
{
    struct watcher *watcher = rpc_call_state(call);
    watcher->is_full = false;
    watcher_feed(watcher);
}

void watch_cancelled(struct rpc_call *call)
{
    struct watcher *watcher = rpc_call_state(call);
    if (watcher)
        watcher_end(watcher);
}
