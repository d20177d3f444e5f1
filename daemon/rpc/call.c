#include "rpc/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/packer.h"
#include "loop/loop.h"
#include "rpc/call_parts.h"
#include "rpc/status.h"

enum { UNSENT_MOST_BYTES = 128 << 10 };

struct arena *rpc_call_arena(struct rpc_call *call)
{
    return call->arena;
}

struct loop *rpc_call_loop(const struct rpc_call *call)
{
    return call->loop;
}

const struct rpc_method *rpc_call_method(const struct rpc_call *call)
{
    return call->method;
}

void *rpc_call_services(const struct rpc_call *call)
{
    return rpc_server_settings(call->server)->services;
}

void *rpc_call_state(const struct rpc_call *call)
{
    return call->state;
}

void rpc_call_set_state(struct rpc_call *call, void *state)
{
    call->state = state;
}

int64_t rpc_call_deadline_ms(const struct rpc_call *call)
{
    return call->deadline_ms;
}

const char *rpc_call_peer(const struct rpc_call *call)
{
    return call->peer;
}

bool rpc_call_peer_is_loopback(const struct rpc_call *call)
{
    return call->peer_is_loopback;
}

bool rpc_call_is_encrypted(const struct rpc_call *call)
{
    return call->is_encrypted;
}

void rpc_call_set_identity(struct rpc_call *call, void *identity, const char *caller)
{
    call->identity = identity;
    call->caller = caller;
}

void *rpc_call_identity(const struct rpc_call *call)
{
    return call->identity;
}

const char *rpc_call_metadata(const struct rpc_call *call, const char *name)
{
    for (size_t i = 0; i < call->metadata_count; i++)
        if (strcmp(call->metadata[i].name, name) == 0)
            return call->metadata[i].value;
    return NULL;
}

bool rpc_call_is_over(const struct rpc_call *call)
{
    return atomic_load_explicit(&call->over, memory_order_acquire);
}

bool rpc_call_is_whole(const struct rpc_call *call)
{
    return call->method->kind == RPC_CLIENT_STREAM ? call->input_ended : call->started;
}

void rpc_call_hold(struct rpc_call *call)
{
    call->holds++;
}

static void call_free(struct rpc_call *call)
{
    rpc_call_drop_input(call);
    rpc_server_unreserve(call->server, call->request_bytes);
    timer_fini(&call->timer);
    arena_free(call->message_arena);
    arena_free(call->arena);
}

void rpc_call_release(struct rpc_call *call)
{
    call->holds--;
    if (call->closed && call->holds == 0)
        call_free(call);
}

static void log_end(const struct rpc_call *call, struct status status, int64_t ns)
{
    enum log_level level = status.code == STATUS_INTERNAL ? LOG_WARN : LOG_DEBUG;
    if (!log_enabled(level))
        return;
    log_event(level, "rpc.call", status_ok(status) || !status.message ? "a call ended" : status.message,
              LOG_TEXT("method", call->path), LOG_TEXT("code", status_code_name(status.code)),
              LOG_NUMBER("dur_ms", ns / 1000000), LOG_TEXT("peer", call->peer),
              LOG_TEXT("caller", call->caller ? call->caller : ""));
}

/* From here on nothing of the call matters any more but to those that hold it. */
static void end(struct rpc_call *call, struct status status)
{
    atomic_store_explicit(&call->over, true, memory_order_release);
    timer_fini(&call->timer);
    rpc_call_drop_input(call);
    if (call->identity && rpc_server_settings(call->server)->ended)
        rpc_server_settings(call->server)->ended(call);
    int64_t ns = clock_monotonic_ns() - call->began_ns;
    rpc_server_count(call->server, call->method, status.code, ns);
    log_end(call, status, ns);
}

static const struct rpc_header content_type = {"content-type", "application/grpc"};

static void send_head(struct rpc_call *call)
{
    if (call->head_sent)
        return;
    call->head_sent = true;
    call->sink->headers(call->stream, &content_type, 1, false);
}

/* The call's own arena may be in a worker's hands: a deadline doesn't wait for it. */
static void send_end(struct rpc_call *call, struct status status)
{
    struct arena *arena = status_ok(status) ? NULL : arena_new(0);
    struct rpc_header headers[RPC_STATUS_HEADERS + 2] = {content_type};
    size_t count = rpc_status_write(arena, status, headers + 1);
    if (status_ok(status))
        send_head(call);
    if (call->head_sent) {
        call->sink->trailers(call->stream, headers + 1, count);
    } else {
        if (status.code == STATUS_UNIMPLEMENTED)
            headers[++count] = (struct rpc_header){"grpc-accept-encoding", "identity,gzip"};
        call->sink->headers(call->stream, headers, count + 1, true);
    }
    arena_free(arena);
}

void rpc_call_finish(struct rpc_call *call, struct status status)
{
    if (rpc_call_is_over(call))
        return;
    if ((unsigned)status.code >= STATUS_CODE_COUNT)
        status.code = STATUS_UNKNOWN;
    send_end(call, status);
    end(call, status);
}

void rpc_call_abandon(struct rpc_call *call, struct status status)
{
    if (!rpc_call_is_over(call) && call->sink->drop)
        call->sink->drop(call->stream);
    rpc_call_finish(call, status);
}

void rpc_call_cancel(struct rpc_call *call, struct status status)
{
    if (rpc_call_is_over(call))
        return;
    rpc_call_hold(call);
    if (!call->closed)
        send_end(call, status);
    end(call, status);
    if (call->started && call->method->cancelled)
        call->method->cancelled(call);
    rpc_call_release(call);
}

void rpc_call_on_close(struct rpc_call *call)
{
    rpc_call_hold(call);
    call->closed = true;
    rpc_call_leave_connection(call);
    rpc_call_cancel(call, status_make(STATUS_CANCELLED, "the caller went away"));
    rpc_call_release(call);
}

void rpc_call_on_writable(struct rpc_call *call)
{
    if (rpc_call_is_over(call) || !call->blocked)
        return;
    call->blocked = false;
    if (call->method->writable)
        call->method->writable(call);
}

static bool send_body(struct rpc_call *call, const void *bytes, size_t size)
{
    send_head(call);
    call->sink->data(call->stream, bytes, size);
    call->blocked = call->sink->unsent(call->stream) > UNSENT_MOST_BYTES;
    return !call->blocked;
}

bool rpc_call_send_packed(struct rpc_call *call, const void *bytes, size_t size)
{
    if (rpc_call_is_over(call))
        return false;
    unsigned char prefix[GRPC_PREFIX_BYTES];
    grpc_prefix(size, prefix);
    send_head(call);
    call->sink->data(call->stream, prefix, sizeof prefix);
    return send_body(call, bytes, size);
}

int64_t rpc_call_stalled_ms(const struct rpc_call *call)
{
    bool is_known = call->sink->stalled_ms && !rpc_call_is_over(call);
    return is_known ? call->sink->stalled_ms(call->stream) : 0;
}

static bool send_packer(struct rpc_call *call, struct packer *packer)
{
    size_t size = packer_size(packer);
    grpc_prefix(size, packer_take(packer, GRPC_PREFIX_BYTES));
    return send_body(call, packer_bytes(packer), packer_size(packer));
}

bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *response)
{
    if (rpc_call_is_over(call))
        return false;
    struct arena *arena = arena_new(0); /* the call's would keep every message of a stream */
    struct packer packer = packer_of(arena);
    packer_put_message(&packer, response);
    bool more = send_packer(call, &packer);
    arena_free(arena);
    return more;
}

void rpc_call_reply(struct rpc_call *call, const ProtobufCMessage *response)
{
    rpc_call_send(call, response);
    rpc_call_finish(call, STATUS_NONE);
}

void rpc_call_reply_packer(struct rpc_call *call, struct packer *packer)
{
    if (!rpc_call_is_over(call))
        send_packer(call, packer);
    rpc_call_finish(call, STATUS_NONE);
}

void rpc_call_reply_packed(struct rpc_call *call, const void *bytes, size_t size)
{
    rpc_call_send_packed(call, bytes, size);
    rpc_call_finish(call, STATUS_NONE);
}

void rpc_call_pause(struct rpc_call *call)
{
    call->paused = true;
}

static void on_resumed(void *context)
{
    struct rpc_call *call = context;
    call->resume_posted = false;
    if (!rpc_call_is_over(call))
        rpc_call_take_backlog(call);
    rpc_call_release(call);
}

/* Later, from the loop: whoever resumes is in the midst of something. */
void rpc_call_resume(struct rpc_call *call)
{
    if (!call->paused)
        return;
    call->paused = false;
    if (call->resume_posted || rpc_call_is_over(call))
        return;
    call->resume_posted = true;
    rpc_call_hold(call);
    loop_post(call->loop, on_resumed, call);
}
