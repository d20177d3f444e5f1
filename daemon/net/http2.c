#include "net/http2.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/spare.h"
#include "net/shard.h"
#include "net/stream.h"

enum { DRAIN_ANSWER_MS = 1000 };

static const uint8_t ping_alive[8] = "alive", ping_drain[8] = "drain";

static void stop_if_failed(int fault)
{
    /* What fails here is memory alone. */
    if (fault)
        abort();
}

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

static void *memory_alloc(size_t bytes, void *)
{
    return spare_alloc(bytes);
}

static void *memory_zalloc(size_t count, size_t bytes, void *)
{
    return spare_zalloc(count * bytes); /* of its own structs: no product is near the limit */
}

static void *memory_realloc(void *old, size_t bytes, void *)
{
    return spare_realloc(old, bytes);
}

static void memory_free(void *memory, void *)
{
    spare_free(memory);
}

static nghttp2_session *session_new(struct http2 *http2)
{
    nghttp2_mem memory = {NULL, memory_alloc, memory_free, memory_zalloc, memory_realloc};
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    nghttp2_session *session;
    stop_if_failed(nghttp2_session_callbacks_new(&callbacks));
    stop_if_failed(nghttp2_option_new(&option));
    http2_callbacks_set(callbacks);
    nghttp2_option_set_no_auto_window_update(option, 1);
    stop_if_failed(nghttp2_session_server_new3(&session, callbacks, http2, option, &memory));
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

void *http2_new(struct connection *connection)
{
    const struct net_limits *limits = &connection->shard->common->limits;
    int64_t now_ms = clock_monotonic_ms();
    struct http2 *http2 = heap_zalloc(sizeof *http2);
    http2->connection = connection;
    http2->common = connection->shard->common;
    http2->active_ms = http2->now_ms = now_ms;
    TAILQ_INIT(&http2->streams);
    bucket_init(&http2->peer_resets, limits->peer_resets, limits->peer_resets_per_s, now_ms);
    bucket_init(&http2->pings, limits->pings, limits->pings_per_s, now_ms);
    bucket_init(&http2->settings, limits->settings, limits->settings_per_s, now_ms);
    http2->session = session_new(http2);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)limits->stream_window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->header_bytes},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    stop_if_failed(nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings,
                                           sizeof settings / sizeof *settings));
    stop_if_failed(nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0,
                                                         (int32_t)limits->connection_window_bytes));
    return http2;
}

static void http2_free(void *self)
{
    struct http2 *http2 = self;
    http2->is_over = true;
    while (!TAILQ_EMPTY(&http2->streams))
        stream_free(TAILQ_FIRST(&http2->streams));
    nghttp2_session_del(http2->session);
    request_head_fini(&http2->head);
    free(http2);
}

void http2_fail(struct http2 *http2, uint32_t code, enum net_end reason)
{
    if (http2->is_ending)
        return;
    http2->is_ending = true;
    http2->end_reason = reason;
    log_event(LOG_DEBUG, "http2.fault", "a connection is ended for a fault of its peer",
              LOG_TEXT("peer", http2->connection->peer.text), LOG_TEXT("code", nghttp2_http2_strerror(code)),
              LOG_TEXT("reason", net_end_name(reason)));
    nghttp2_session_terminate_session(http2->session, code);
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

void http2_want_flush(struct http2 *http2)
{
    if (!http2->is_busy && !http2->is_over)
        connection_want_flush(http2->connection);
}

/* What nghttp2 gives in many small pieces is put together in the shard's block and written at once. */
static void write_gathered(struct http2 *http2)
{
    if (http2->gathered_bytes)
        connection_write(http2->connection, http2->connection->shard->block, http2->gathered_bytes);
    http2->gathered_bytes = 0;
}

void http2_put(struct http2 *http2, const void *bytes, size_t size)
{
    if (http2->gathered_bytes + size > SHARD_BLOCK_BYTES)
        write_gathered(http2);
    memcpy(http2->connection->shard->block + http2->gathered_bytes, bytes,
           size); /* a frame has 16 KiB at the most */
    http2->gathered_bytes += size;
}

bool http2_has_room(const struct http2 *http2)
{
    return connection_unsent(http2->connection) + http2->gathered_bytes <
           http2->common->limits.output_high_bytes;
}

/* What nghttp2 has given must go out, so nothing more is asked for when the connection has enough. */
static void send_pieces(struct http2 *http2)
{
    const uint8_t *piece;
    ssize_t size = 0;
    while (http2_has_room(http2) && (size = nghttp2_session_mem_send(http2->session, &piece)) > 0)
        http2_put(http2, piece, (size_t)size);
    write_gathered(http2);
    if (size < 0)
        connection_finish(http2->connection, END_PROTOCOL);
}

/* Between the two GOAWAYs of a drain nghttp2 wants nothing, but requests may be on the way. */
static bool has_ended(struct http2 *http2)
{
    if (http2->drain == DRAIN_ANNOUNCED && !http2->is_ending)
        return false;
    return !nghttp2_session_want_read(http2->session) && !nghttp2_session_want_write(http2->session);
}

static void http2_flush(void *self)
{
    struct http2 *http2 = self;
    bool more;
    http2->is_busy = true;
    do {
        send_pieces(http2);
        /* Calls that waited for room make more: pulled by what goes out, not pushed by a clock. */
        more = streams_tell_writable(http2);
    } while (more && connection_unsent(http2->connection) < http2->common->limits.output_high_bytes);
    http2->is_busy = false;
    if (has_ended(http2))
        connection_finish(http2->connection, http2->end_reason);
}

/* ---- input ------------------------------------------------------------------------------------------------------ */

static void fail_by_result(struct http2 *http2, ssize_t result)
{
    if (result == NGHTTP2_ERR_FLOODED || result == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS)
        http2_fail(http2, NGHTTP2_ENHANCE_YOUR_CALM, END_FLOOD);
    else
        http2_fail(http2, NGHTTP2_PROTOCOL_ERROR, END_PROTOCOL);
}

static size_t http2_input(void *self, char *bytes, size_t size)
{
    struct http2 *http2 = self;
    http2->now_ms = http2->connection->input_ms;
    if (!http2->is_ending) {
        http2->is_busy = true;
        ssize_t result = nghttp2_session_mem_recv(http2->session, (uint8_t *)bytes, size);
        http2->is_busy = false;
        if (result < 0)
            fail_by_result(http2, result);
    }
    http2_flush(http2);
    return size;
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

/* First "no more, please" with the highest number, so that nothing is lost which is on its way; the true number when the
 * peer has surely seen it. */
static void http2_drain(void *self)
{
    struct http2 *http2 = self;
    if (http2->drain != DRAIN_NONE || http2->is_ending)
        return;
    http2->drain = DRAIN_ANNOUNCED;
    http2->drain_ms = clock_monotonic_ms();
    http2->end_reason = END_DRAINED;
    nghttp2_submit_shutdown_notice(http2->session);
    nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, ping_drain);
    http2_want_flush(http2);
}

static void drain_say(struct http2 *http2)
{
    if (http2->drain != DRAIN_ANNOUNCED)
        return;
    http2->drain = DRAIN_SAID;
    int32_t last = nghttp2_session_get_last_proc_stream_id(http2->session);
    nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0);
    http2_want_flush(http2);
}

void http2_on_pong(struct http2 *http2, const uint8_t opaque[8])
{
    if (memcmp(opaque, ping_drain, sizeof ping_drain) == 0)
        drain_say(http2);
}

static void check_peer_is_there(struct http2 *http2, int64_t now_ms)
{
    const struct net_limits *limits = &http2->common->limits;
    int64_t silent_ms = now_ms - http2->connection->input_ms;
    if (http2->connection->is_paused) /* we don't listen ourselves; is it stalled? */
        return;
    if (http2->ping_ms && http2->connection->input_ms >= http2->ping_ms)
        http2->ping_ms = 0;
    if (http2->ping_ms && now_ms - http2->ping_ms >= limits->ping_answer_ms) {
        connection_finish(http2->connection, END_TIMEOUT);
    } else if (!http2->ping_ms && silent_ms >= limits->ping_ms) {
        http2->ping_ms = now_ms;
        nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, ping_alive);
        http2_want_flush(http2);
    }
}

static void http2_check(void *self, int64_t now_ms)
{
    struct http2 *http2 = self;
    const struct net_limits *limits = &http2->common->limits;
    if (!http2->has_settings && now_ms - http2->connection->opened_ms >= limits->first_bytes_ms) {
        http2_fail(http2, NGHTTP2_SETTINGS_TIMEOUT, END_TIMEOUT);
        http2_want_flush(http2);
        return;
    }
    if (http2->drain == DRAIN_ANNOUNCED && now_ms - http2->drain_ms >= DRAIN_ANSWER_MS)
        drain_say(http2);
    if (http2->drain == DRAIN_NONE && !http2->stream_count && now_ms - http2->active_ms >= limits->idle_ms) {
        http2_drain(http2);
        http2->end_reason = END_IDLE;
    }
    check_peer_is_there(http2, now_ms);
    streams_check(http2, now_ms);
}

const struct protocol http2_protocol = {
    .input = http2_input,
    .flush = http2_flush,
    .check = http2_check,
    .drain = http2_drain,
    .free = http2_free,
};
