#include <event2/event.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "net/channel_parts.h"
#include "rpc/guard.h"

struct waiting {
    struct arena *arena;
    ProtobufCMessage *response;
    bool done;
    struct status status;
};

void channel_wait(struct channel *channel, const bool *done)
{
    while (!*done && event_base_loop(loop_base(channel->loop), EVLOOP_ONCE) >= 0)
        ;
}

/* The message goes when the function returns: a copy is kept. */
static void on_message(void *context, const ProtobufCMessage *message)
{
    struct waiting *waiting = context;
    size_t size = protobuf_c_message_get_packed_size(message);
    unsigned char *packed = arena_alloc(waiting->arena, size);
    protobuf_c_message_pack(message, packed);
    waiting->response = guard_decode(waiting->arena, message->descriptor, packed, size);
}

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

static struct status keep_status(struct arena *arena, struct status status)
{
    const struct fault **place = &status.more;
    status.field = keep(arena, status.field);
    status.message = keep(arena, status.message);
    status.reason = keep(arena, status.reason);
    for (const struct fault *fault = status.more; fault; fault = fault->next) {
        struct fault *copy = arena_zalloc(arena, sizeof *copy);
        copy->field = keep(arena, fault->field);
        copy->message = keep(arena, fault->message);
        *place = copy;
        place = &copy->next;
    }
    return status;
}

static void on_end(void *context, struct status status)
{
    struct waiting *waiting = context;
    waiting->status = keep_status(waiting->arena, status);
    waiting->done = true;
}

struct status channel_call_blocking(struct channel *channel, const char *path,
                                    const ProtobufCMessage *request,
                                    const ProtobufCMessageDescriptor *response, struct arena *arena,
                                    int64_t timeout_ms, ProtobufCMessage **ret_response)
{
    struct waiting waiting = {.arena = arena};
    const struct channel_call_settings settings = {
        .path = path,
        .response = response,
        .timeout_ms = timeout_ms,
        .message = on_message,
        .end = on_end,
        .context = &waiting,
    };
    struct channel_call *call = channel_call_begin(channel, &settings);
    channel_call_send(call, request);
    channel_call_half_close(call);
    channel_wait(channel, &waiting.done);
    if (status_ok(waiting.status) && !waiting.response)
        return status_make(STATUS_INTERNAL, "the server gave no answer");
    if (status_ok(waiting.status))
        *ret_response = waiting.response;
    return waiting.status;
}
