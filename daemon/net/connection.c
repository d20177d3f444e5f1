#include "net/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "loop/spread.h"
#include "net/http1.h"
#include "net/http2.h"
#include "net/shard.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static const struct net_limits *limits_of(const struct connection *connection)
{
    return &connection->shard->common->limits;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static void protocol_free(struct connection *connection)
{
    if (!connection->protocol)
        return;
    connection->protocol->free(connection->self);
    connection->protocol = NULL;
    connection->self = NULL;
}

static void destroy(struct connection *connection)
{
    struct net_counters *counters = &connection->shard->common->counters;
    protocol_free(connection);
    shard_remove(connection->shard, connection);
    if (connection->is_encrypted && !connection->is_broken)
        tls_say_end(connection->stream);
    if (connection->readable)
        event_free(connection->readable);
    bufferevent_free(connection->stream);
    metric_add(counters->ended[connection->end_reason], 1);
    metric_add(counters->open, (uint64_t)-1);
    log_event(LOG_DEBUG, "connection.end", "a connection has ended",
              LOG_TEXT("reason", net_end_name(connection->end_reason)),
              LOG_TEXT("peer", connection->peer.text));
    connection->closed(connection->closed_context);
    free(connection);
}

static void listen_to(struct connection *connection, bool wanted)
{
    if (connection->readable)
        (wanted ? event_add(connection->readable, NULL) : event_del(connection->readable));
    else
        (wanted ? bufferevent_enable : bufferevent_disable)(connection->stream, EV_READ);
}

/* A close with input unread would make the kernel send a reset, which can overtake our last words: so we only shut our
 * side and read on for a while. */
static void linger(struct connection *connection)
{
    connection->state = CONNECTION_LINGERING;
    if (connection->is_encrypted)
        tls_say_end(connection->stream);
    shutdown(bufferevent_getfd(connection->stream), SHUT_WR);
    evbuffer_drain(bufferevent_get_input(connection->stream), SIZE_MAX);
    connection->left_bytes = 0;
    listen_to(connection, true);
}

/* After each of its own events, when none of the protocol's functions is under way: goes on to the state that is due.
 * The connection may be gone afterwards. */
static void settle(struct connection *connection)
{
    if (connection->state == CONNECTION_FINISHING && !connection->is_lost) {
        protocol_free(connection);
        if (connection_unsent(connection) == 0) {
            if (connection->is_eof)
                connection->is_lost = true;
            else
                linger(connection);
        }
    }
    if (connection->is_lost)
        destroy(connection);
}

void connection_finish(struct connection *connection, enum net_end reason)
{
    if (connection->state >= CONNECTION_FINISHING)
        return;
    connection->state = CONNECTION_FINISHING;
    connection->end_reason = reason;
    connection->finishing_ms = clock_monotonic_ms();
    listen_to(connection, false);
    bufferevent_setwatermark(connection->stream, EV_WRITE, 0, 0);
}

static void lose(struct connection *connection, enum net_end reason)
{
    if (connection->state < CONNECTION_FINISHING)
        connection->end_reason = reason;
    connection->is_lost = true;
}

/* ---- input ------------------------------------------------------------------------------------------------------ */

static void speak(struct connection *connection, const struct protocol *protocol, void *self)
{
    connection->protocol = protocol;
    connection->self = self;
    connection->state = CONNECTION_OPEN;
    if (connection->shard->drain_due_ms)
        protocol->drain(self);
}

/* SETTINGS may go out only when it is known that the peer speaks HTTP/2: the first bytes tell. */
static void choose_protocol(struct connection *connection, struct evbuffer *input)
{
    char first[sizeof preface - 1];
    size_t size = (size_t)evbuffer_copyout(input, first, sizeof first);
    if (memcmp(first, preface, size) != 0)
        speak(connection, &http1_protocol, http1_new(connection));
    else if (size == sizeof first)
        speak(connection, &http2_protocol, http2_new(connection));
}

static bool may_read(const struct connection *connection)
{
    return connection->state == CONNECTION_OPEN && !connection->is_paused && !connection->is_lost;
}

/* The peer that doesn't take its answers is not asked for more. */
static void pause_when_full(struct connection *connection)
{
    if (connection->is_paused || connection_unsent(connection) < limits_of(connection)->output_high_bytes)
        return;
    connection->is_paused = true;
    listen_to(connection, false);
}

static void read_input(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    if (connection->state == CONNECTION_FIRST && evbuffer_get_length(input))
        choose_protocol(connection, input);
    while (may_read(connection) && evbuffer_get_length(input)) {
        const struct protocol *protocol = connection->protocol;
        size_t size =
            protocol->wants_whole_input ? evbuffer_get_length(input) : evbuffer_get_contiguous_space(input);
        char *bytes = (char *)evbuffer_pullup(input, (ssize_t)size);
        size_t taken = protocol->input(connection->self, bytes, size);
        evbuffer_drain(input, taken);
        pause_when_full(connection);
        if (!taken)
            break;
    }
}

static void note_input(struct connection *connection, size_t size)
{
    const struct shard *shard = connection->shard;
    spread_keep(shard->common->spread, loop_number(shard->loop));
    connection->input_ms = clock_monotonic_ms();
    connection->direct_bytes = 0;
    metric_add(shard->common->counters.received_bytes, size);
}

static void take_input(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    if (connection->state == CONNECTION_LINGERING) {
        connection->lingered_bytes += evbuffer_get_length(input);
        evbuffer_drain(input, SIZE_MAX);
        if (connection->lingered_bytes > limits_of(connection)->linger_bytes)
            connection->is_lost = true;
    } else {
        read_input(connection);
    }
    connection->left_bytes = evbuffer_get_length(input);
    settle(connection);
}

static void on_read(struct bufferevent *stream, void *context)
{
    struct connection *connection = context;
    note_input(connection, evbuffer_get_length(bufferevent_get_input(stream)) - connection->left_bytes);
    take_input(connection);
}

/* Gives a protocol that takes pieces what has just come, without a stop in the input's buffer; the rest goes there. */
static void pass_input(struct connection *connection, char *bytes, size_t size)
{
    size_t taken = 0;
    if (may_read(connection) && !connection->left_bytes && !connection->protocol->wants_whole_input) {
        taken = connection->protocol->input(connection->self, bytes, size);
        pause_when_full(connection);
    }
    if (taken < size && evbuffer_add(bufferevent_get_input(connection->stream), bytes + taken, size - taken))
        abort();
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

/* The first bytes of a turn go to the socket at once: most answers are out before the loop would have asked whether there is
 * room. What follows waits for the loop, so that a peer that takes all it gets doesn't keep the others waiting. */
static size_t write_now(struct connection *connection, const void *bytes, size_t size)
{
    if (connection->is_encrypted || connection_unsent(connection) ||
        connection->direct_bytes + size >=
            limits_of(connection)->output_high_bytes) /* with as much the connection is full */
        return 0;
    ssize_t written = send(bufferevent_getfd(connection->stream), bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written <= 0)
        return 0; /* a fault is met again by the loop */
    connection->direct_bytes += (size_t)written;
    return (size_t)written;
}

void connection_write(struct connection *connection, const void *bytes, size_t size)
{
    size_t written = write_now(connection, bytes, size);
    if (written < size &&
        bufferevent_write(connection->stream, (const char *)bytes + written, size - written) != 0)
        lose(connection, END_PEER);
    connection->queued_bytes += size;
    metric_add(connection->shard->common->counters.sent_bytes, size);
}

size_t connection_unsent(const struct connection *connection)
{
    return evbuffer_get_length(bufferevent_get_output(connection->stream));
}

void connection_want_flush(struct connection *connection)
{
    shard_mark_dirty(connection->shard, connection);
}

static void on_write(struct bufferevent *stream, void *context)
{
    struct connection *connection = context;
    connection->direct_bytes = 0;
    if (connection->state == CONNECTION_OPEN) {
        connection->protocol->flush(connection->self);
        pause_when_full(connection);
        if (connection->is_paused && connection->state == CONNECTION_OPEN &&
            connection_unsent(connection) <= limits_of(connection)->output_low_bytes) {
            connection->is_paused = false;
            listen_to(connection, true);
            read_input(connection);
            connection->left_bytes = evbuffer_get_length(bufferevent_get_input(stream));
        }
    }
    settle(connection);
}

void connection_flush(struct connection *connection)
{
    connection->direct_bytes = 0;
    if (connection->state == CONNECTION_OPEN) {
        connection->protocol->flush(connection->self);
        pause_when_full(connection);
    }
    settle(connection);
}

/* ---- everything else that happens ------------------------------------------------------------------------------- */

/* Whoever sends nothing but TLS's own records asks for work and gives none. */
static void on_tls_record(void *context)
{
    struct connection *connection = context;
    if (connection->is_lost || bucket_take(&connection->tls_records, clock_monotonic_ms()))
        return;
    lose(connection, END_FLOOD);
    connection_want_flush(connection); /* it is within its own reading: it ends soon */
}

static void on_handshake_done(struct connection *connection)
{
    const struct net_limits *limits = limits_of(connection);
    connection->is_shaken = true;
    metric_add(connection->shard->common->counters.handshakes, 1);
    bucket_init(&connection->tls_records, limits->tls_records, limits->tls_records_per_s,
                clock_monotonic_ms());
    connection->watch = (struct tls_watch){on_tls_record, connection};
    tls_watch(connection->stream, &connection->watch);
}

static void on_error(struct connection *connection)
{
    connection->is_broken = true;
    if (!connection->is_encrypted || connection->is_shaken) {
        lose(connection, END_PEER);
        return;
    }
    lose(connection, END_TLS);
    log_event(LOG_DEBUG, "tls.handshake", "a TLS handshake failed",
              LOG_TEXT("reason", tls_break_off(connection->stream)), LOG_TEXT("peer", connection->peer.text));
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
    struct connection *connection = context;
    if (what & BEV_EVENT_CONNECTED)
        on_handshake_done(connection);
    if (what & BEV_EVENT_ERROR)
        on_error(connection);
    if (what & BEV_EVENT_EOF) {
        connection->is_eof = true;
        if (connection->state == CONNECTION_LINGERING)
            connection->is_lost = true;
        else
            connection_finish(connection, END_PEER);
        if (connection->is_encrypted) /* which stops all at this; but the peer may still read */
            bufferevent_enable(stream, EV_WRITE);
    }
    settle(connection);
}

/* Cleartext: a bufferevent would ask the kernel how much there is before it reads. */
static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    struct connection *connection = context;
    char *block = connection->shard->input;
    ssize_t size = recv(fd, block, sizeof connection->shard->input, MSG_DONTWAIT);
    if (size > 0) {
        note_input(connection, (size_t)size);
        pass_input(connection, block, (size_t)size);
        take_input(connection);
    } else if (size == 0) {
        on_event(connection->stream, BEV_EVENT_EOF, connection);
    } else if (errno != EAGAIN && errno != EINTR) {
        on_event(connection->stream, BEV_EVENT_ERROR, connection);
    }
}

static void open_stream(struct connection *connection, int fd)
{
    struct tls *tls = connection->shard->common->tls;
    struct event_base *base = loop_base(connection->shard->loop);
    connection->is_encrypted = tls;
    connection->stream =
        tls ? tls_accept(tls, base, fd) : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!tls)
        connection->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, connection);
    if (!connection->stream || (!tls && !connection->readable))
        abort();
    bufferevent_setcb(connection->stream, on_read, on_write, on_event, connection);
    bufferevent_set_max_single_read(connection->stream, SHARD_BLOCK_BYTES);
    bufferevent_set_max_single_write(connection->stream, SHARD_BLOCK_BYTES);
    bufferevent_setwatermark(connection->stream, EV_WRITE, limits_of(connection)->output_low_bytes, 0);
    bufferevent_enable(connection->stream, EV_WRITE);
    if (!tls)
        evbuffer_unfreeze(bufferevent_get_input(connection->stream), 0); /* we fill it */
    listen_to(connection, true);
}

void connection_open(struct shard *shard, int fd, const struct peer *peer, void (*closed)(void *context),
                     void *closed_context)
{
    struct connection *connection = heap_zalloc(sizeof *connection);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->shard = shard;
    connection->peer = *peer;
    connection->closed = closed;
    connection->closed_context = closed_context;
    connection->opened_ms = connection->input_ms = connection->output_ms = clock_monotonic_ms();
    open_stream(connection, fd);
    shard_add(shard, connection);
    metric_add(shard->common->counters.open, 1);
    if (shard->drain_due_ms)
        connection_drain(connection);
}

static bool is_stalled(struct connection *connection, int64_t now_ms)
{
    uint64_t moved = connection->queued_bytes - connection_unsent(connection);
    if (moved != connection->moved_bytes || connection_unsent(connection) == 0)
        connection->output_ms = now_ms;
    connection->moved_bytes = moved;
    return now_ms - connection->output_ms >= limits_of(connection)->stalled_ms;
}

void connection_check(struct connection *connection, int64_t now_ms)
{
    const struct net_limits *limits = limits_of(connection);
    if (connection->state == CONNECTION_FIRST && now_ms - connection->opened_ms >= limits->first_bytes_ms)
        lose(connection, END_TIMEOUT);
    else if (connection->state == CONNECTION_OPEN)
        connection->protocol->check(connection->self, now_ms);
    else if (connection->state == CONNECTION_LINGERING &&
             now_ms - connection->finishing_ms >= limits->linger_ms)
        lose(connection, END_PEER);
    if (is_stalled(connection, now_ms))
        lose(connection, END_STALLED);
    settle(connection);
}

void connection_drain(struct connection *connection)
{
    if (connection->state == CONNECTION_FIRST)
        connection_finish(connection, END_DRAINED);
    else if (connection->state == CONNECTION_OPEN)
        connection->protocol->drain(connection->self);
    settle(connection);
}

void connection_end(struct connection *connection, enum net_end reason)
{
    if (connection->state < CONNECTION_FINISHING)
        connection_finish(connection, reason);
    else if (clock_monotonic_ms() - connection->finishing_ms >= limits_of(connection)->linger_ms)
        lose(connection, reason);
    settle(connection);
}
