#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "service/upstream_parts.h"

enum { HEARTBEAT_SECONDS = 2 };

static const char export_path[] = "/partner.v1.RegistryService/Export";
static const char watch_path[] = "/partner.v1.RegistryService/Watch";

/* ---- the end of a call ---- */

static void note_end(struct follow *follow, struct status status)
{
    log_event(LOG_DEBUG, "upstream.ended", status.message ? status.message : "",
              LOG_TEXT("upstream", follow->upstream->settings->name), LOG_TEXT("registry", follow->registry),
              LOG_TEXT("code", status_code_name(status.code)));
}

static void fail(struct follow *follow, struct status status)
{
    const char *message = status.message && *status.message ? status.message : status_code_name(status.code);
    upstream_fail(follow->upstream, message);
}

/* ---- Export ---- */

static void on_export_message(void *context, const ProtobufCMessage *message)
{
    struct follow *follow = context;
    const Partner__V1__ExportResponse *response = (const Partner__V1__ExportResponse *)message;
    upstream_note_contact(follow->upstream, response->revision);
    if (!follow->push)
        follow_begin_export(follow, response->epoch, response->revision);
    for (size_t i = 0; i < response->n_records; i++)
        follow_add_record(follow, response->records[i]);
}

static void on_export_end(void *context, struct status status)
{
    struct follow *follow = context;
    follow->call = NULL;
    note_end(follow, status);
    if (status_ok(status) && follow->push)
        follow_end_export(follow);
    else
        fail(follow, status_ok(status) ? status_make(STATUS_INTERNAL, "the export was empty") : status);
}

static struct channel_call *begin_call(struct follow *follow, const char *path,
                                       const ProtobufCMessageDescriptor *response,
                                       void (*message)(void *context, const ProtobufCMessage *message),
                                       void (*end)(void *context, struct status status))
{
    return channel_call_begin(follow->upstream->channel, &(struct channel_call_settings){
                                                             .path = path,
                                                             .response = response,
                                                             .message = message,
                                                             .end = end,
                                                             .context = follow,
                                                         });
}

void follow_export(struct follow *follow)
{
    if (!upstreams_take_push(follow->upstream->owner)) {
        follow->course = FOLLOW_WAITING;
        return;
    }
    char *registries[] = {follow->registry};
    Partner__V1__ExportRequest request = PARTNER__V1__EXPORT_REQUEST__INIT;
    request.registries = registries;
    request.n_registries = 1;
    log_event(LOG_INFO, "upstream.export", "a registry is taken anew, whole",
              LOG_TEXT("upstream", follow->upstream->settings->name), LOG_TEXT("registry", follow->registry));
    follow->course = FOLLOW_EXPORTING;
    follow->has_push = true;
    follow->is_paused = false;
    follow->call = begin_call(follow, export_path, &partner__v1__export_response__descriptor,
                              on_export_message, on_export_end);
    channel_call_send(follow->call, &request.base);
    channel_call_half_close(follow->call);
}

/* ---- Watch ---- */

static void on_watch_message(void *context, const ProtobufCMessage *message)
{
    struct follow *follow = context;
    const Partner__V1__WatchResponse *response = (const Partner__V1__WatchResponse *)message;
    upstream_note_contact(follow->upstream, response->revision);
    for (size_t i = 0; i < response->n_changes; i++)
        follow_add_change(follow, response->changes[i]);
    if (response->revision > follow->whole)
        follow->whole = response->revision;
    follow_advance(follow);
}

static void forget_queue(struct follow *follow)
{
    text_buffer_fini(&follow->queue);
    follow->queue_at = 0;
    follow->whole = 0;
    follow->waits_for_push = false;
}

static void on_watch_end(void *context, struct status status)
{
    struct follow *follow = context;
    follow->call = NULL;
    note_end(follow, status);
    if (status.code == STATUS_OUT_OF_RANGE)
        follow->needs_export = true;
    if (status.code != STATUS_OUT_OF_RANGE || follow_is_writing(follow)) {
        fail(follow, status_ok(status) ? status_make(STATUS_UNAVAILABLE, "the stream ended") : status);
        return;
    }
    forget_queue(follow);
    follow_export(follow);
}

void follow_watch(struct follow *follow)
{
    char *registries[] = {follow->registry};
    Partner__V1__WatchRequest request = PARTNER__V1__WATCH_REQUEST__INIT;
    forget_queue(follow);
    request.after_revision = follow->reached;
    request.epoch = follow->epoch;
    request.registries = registries;
    request.n_registries = 1;
    request.heartbeat_seconds = HEARTBEAT_SECONDS;
    follow->course = FOLLOW_WATCHING;
    follow->is_paused = false;
    follow->call = begin_call(follow, watch_path, &partner__v1__watch_response__descriptor, on_watch_message,
                              on_watch_end);
    channel_call_send(follow->call, &request.base);
    channel_call_half_close(follow->call);
}

/* ---- its course ---- */

void follow_go_on(struct follow *follow)
{
    if (follow->course == FOLLOW_WATCHING && follow->waits_for_push)
        follow_advance(follow);
    if ((follow->course != FOLLOW_IDLE && follow->course != FOLLOW_WAITING) || follow_is_writing(follow) ||
        !follow->upstream->channel)
        return;
    if (follow->needs_export || !*follow->epoch)
        follow_export(follow);
    else
        follow_watch(follow);
}

void follow_halt(struct follow *follow)
{
    if (follow->call)
        channel_call_cancel(follow->call);
    follow->call = NULL;
    if (follow->has_push && !follow->push) { /* promised and not begun */
        upstreams_give_push(follow->upstream->owner);
        follow->has_push = false;
    }
    follow->course = FOLLOW_IDLE;
    if (follow->push)
        follow_cancel_push(follow);
    forget_queue(follow);
}

void follow_set_place(struct follow *follow, const char *epoch, uint64_t revision, int64_t in_step_us)
{
    char *copy = heap_strdup(epoch);
    free(follow->epoch);
    follow->epoch = copy;
    follow->revision = revision;
    follow->reached = revision;
    follow->in_step_us = in_step_us;
    follow->is_told = false;
}

void follow_set_error(struct follow *follow, const char *error)
{
    if (text_equal(follow->error, error))
        return;
    free(follow->error);
    follow->error = heap_strdup(error);
    follow->is_told = false;
}

struct follow *follow_new(struct upstream *upstream, const char *registry)
{
    struct follow *follow = heap_zalloc(sizeof *follow);
    follow->upstream = upstream;
    strncpy(follow->registry, registry, REGISTRY_BYTES - 1);
    follow->title = heap_strdup("");
    follow->epoch = heap_strdup("");
    follow->error = heap_strdup("");
    TAILQ_INSERT_TAIL(&upstream->follows, follow, all);
    upstream->follow_count++;
    return follow;
}

void follow_free(struct follow *follow)
{
    TAILQ_REMOVE(&follow->upstream->follows, follow, all);
    follow->upstream->follow_count--;
    text_buffer_fini(&follow->queue);
    free(follow->title);
    free(follow->epoch);
    free(follow->error);
    free(follow->from_epoch);
    free(follow->to_epoch);
    free(follow);
}
