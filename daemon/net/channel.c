#include "net/channel.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "net/channel_parts.h"
#include "net/tls.h"

enum {
    OUTPUT_MOST_BYTES = 128 << 10,
    OUTPUT_LOW_BYTES = 64 << 10,
    CONNECT_TIMEOUT_MS = 5000,
    MESSAGE_BYTES = 16 << 20
};

static const char default_port[] = "8470";

/* "http://host:port/", "https://host", "host:port", "host", "[::1]:port". */
static bool parse_target(const char *target, bool *ret_is_tls, char **ret_host, char **ret_port)
{
    *ret_is_tls = strncmp(target, "https://", 8) == 0;
    if (*ret_is_tls)
        target += 8;
    else if (strncmp(target, "http://", 7) == 0)
        target += 7;
    size_t size = strcspn(target, "/");
    if (strstr(target, "://") || (target[size] && target[size + 1]))
        return false;
    bool bracketed = *target == '[';
    const char *host = target + bracketed;
    size_t host_size = bracketed ? strcspn(host, "]/") : strcspn(host, ":/");
    const char *rest = host + host_size;
    if (!host_size || (bracketed && *rest++ != ']'))
        return false;
    const char *port = default_port;
    size_t port_size = sizeof default_port - 1;
    if (*rest == ':') {
        port = rest + 1;
        port_size = strcspn(port, "/");
        if (!port_size || port_size > 5 || strspn(port, "0123456789") != port_size)
            return false;
    } else if (*rest && *rest != '/') {
        return false;
    }
    *ret_host = strndup(host, host_size);
    *ret_port = strndup(port, port_size);
    return true;
}

static char *make_authorization(const char *token)
{
    static const char scheme[] = "Bearer ";
    char *text = heap_alloc(sizeof scheme + strlen(token));
    strcpy(text, scheme);
    return strcat(text, token);
}

static void on_later(void *context)
{
    channel_deliver(context);
}

struct channel *channel_open(struct loop *loop, const struct channel_settings *settings)
{
    struct channel *channel = heap_zalloc(sizeof *channel);
    channel->loop = loop;
    channel->target = heap_strdup(settings->target ? settings->target : "");
    channel->target_is_bad = !parse_target(channel->target, &channel->is_tls, &channel->host, &channel->port);
    channel->ca_file = settings->ca_file ? heap_strdup(settings->ca_file) : NULL;
    channel->tls = channel->is_tls ? channel_tls_new(settings->ca_file) : NULL;
    channel->authorization = settings->token ? make_authorization(settings->token) : NULL;
    channel->user_agent =
        heap_strdup(settings->user_agent ? settings->user_agent : "partner/" PARTNERD_VERSION);
    channel->connect_timeout_ms =
        settings->connect_timeout_ms ? settings->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    channel->message_bytes = settings->message_bytes ? settings->message_bytes : MESSAGE_BYTES;
    timer_init(&channel->later, loop, on_later, channel);
    return channel;
}

static void connection_free(struct channel_connection *connection)
{
    timer_fini(&connection->timer);
    if (connection->connected && connection->channel->tls)
        tls_say_end(connection->stream);
    if (connection->connected) /* libevent closes sockets later, from a loop that may not run any more */
        shutdown(bufferevent_getfd(connection->stream), SHUT_RDWR);
    if (connection->stream)
        bufferevent_free(connection->stream);
    nghttp2_session_del(connection->session);
    if (connection->addresses)
        freeaddrinfo(connection->addresses);
    free(connection);
}

/* Frees connections that are of no more use: never from within libnghttp2. */
static void sweep_connections(struct channel *channel)
{
    struct channel_connection **place = &channel->connections;
    while (*place) {
        struct channel_connection *connection = *place;
        if ((connection->dead || connection->draining) && !connection->call_count && !connection->busy) {
            *place = connection->next;
            connection_free(connection);
        } else {
            place = &connection->next;
        }
    }
}

void channel_close(struct channel *channel)
{
    if (!channel)
        return;
    while (channel->calls) {
        struct channel_call *call = channel->calls;
        channel_call_end(call, status_make(STATUS_CANCELLED, "the channel was closed"));
        if (!call->gone && call->settings.end) {
            call->gone = true;
            call->settings.end(call->settings.context, call->status);
        }
        channel_call_free(call);
    }
    while (channel->connections) {
        struct channel_connection *connection = channel->connections;
        channel->connections = connection->next;
        connection_free(connection);
    }
    timer_fini(&channel->later);
    channel_tls_free(channel->tls);
    free(channel->ca_file);
    free(channel->target);
    free(channel->host);
    free(channel->port);
    free(channel->authorization);
    free(channel->user_agent);
    free(channel);
}

void channel_add_news(struct channel_call *call)
{
    struct channel *channel = call->channel;
    if (call->has_news)
        return;
    call->has_news = true;
    call->news_next = NULL;
    if (channel->news_last)
        channel->news_last->news_next = call;
    else
        channel->news_first = call;
    channel->news_last = call;
    if (!timer_is_set(&channel->later))
        timer_set(&channel->later, 0);
}

void channel_deliver(struct channel *channel)
{
    while (channel->news_first) {
        struct channel_call *call = channel->news_first;
        channel->news_first = call->news_next;
        if (!channel->news_first)
            channel->news_last = NULL;
        call->has_news = false;
        if (!call->gone)
            channel_call_deliver(call);
        if (call->gone && !call->has_news)
            channel_call_free(call);
    }
    sweep_connections(channel);
}

/* The connection is lost, or was never there. */
void channel_connection_fail(struct channel_connection *connection, const char *what, const char *why)
{
    if (connection->dead)
        return;
    connection->dead = true;
    for (struct channel_call *call = connection->channel->calls; call; call = call->next)
        if (call->connection == connection)
            channel_call_end(call, status_format(call->arena, STATUS_UNAVAILABLE, NULL, "%s %s: %s", what,
                                                 connection->channel->target, why));
    if (!timer_is_set(&connection->channel->later))
        timer_set(&connection->channel->later, 0);
}

void channel_connection_flush(struct channel_connection *connection)
{
    if (connection->busy || connection->dead || !connection->connected)
        return;
    struct evbuffer *output = bufferevent_get_output(connection->stream);
    connection->busy = true;
    while (evbuffer_get_length(output) < OUTPUT_MOST_BYTES) {
        const uint8_t *bytes;
        ssize_t size = nghttp2_session_mem_send(connection->session, &bytes);
        if (size <= 0) {
            if (size < 0)
                channel_connection_fail(connection, "lost the connection to", nghttp2_strerror((int)size));
            break;
        }
        evbuffer_add(output, bytes, (size_t)size);
    }
    connection->busy = false;
    if (!nghttp2_session_want_read(connection->session) && !nghttp2_session_want_write(connection->session) &&
        !evbuffer_get_length(output))
        channel_connection_fail(connection, "lost the connection to", "the server closed it");
}

/* A web server, or one that speaks TLS and answers cleartext with a page that says so; libnghttp2 would not tell. */
static bool fails_by_http1(struct channel_connection *connection, struct evbuffer *input)
{
    static const char version[] = "HTTP/1.", hint[] = "https://";
    char first[sizeof version - 1];
    if (connection->has_input || evbuffer_copyout(input, first, sizeof first) != sizeof first ||
        memcmp(first, version, sizeof first) != 0)
        return false;
    if (evbuffer_search(input, hint, sizeof hint - 1, NULL).pos >= 0)
        channel_connection_fail(connection, "cannot reach", "it speaks TLS: use https://");
    else
        channel_connection_fail(connection, "cannot reach", "it speaks HTTP/1 alone, not HTTP/2");
    return true;
}

static void on_readable(struct bufferevent *stream, void *context)
{
    struct channel_connection *connection = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    bool is_odd = fails_by_http1(connection, input);
    connection->has_input = true;
    while (!is_odd && !connection->dead && evbuffer_get_length(input)) {
        size_t size = evbuffer_get_contiguous_space(input);
        connection->busy = true;
        ssize_t used =
            nghttp2_session_mem_recv(connection->session, evbuffer_pullup(input, (ssize_t)size), size);
        connection->busy = false;
        if (used < 0) {
            channel_connection_fail(connection, "lost the connection to",
                                    "what came from there is not HTTP/2");
            break;
        }
        evbuffer_drain(input, (size_t)used);
    }
    channel_connection_flush(connection);
    channel_deliver(connection->channel);
}

static void on_drained(struct bufferevent *stream, void *context)
{
    (void)stream;
    channel_connection_flush(context);
}

static bool try_next_address(struct channel_connection *connection);

/* A server that is gone without a word is found out in a minute, also by a call that only listens. */
static void set_socket(int fd)
{
    const struct {
        int level, option, value;
    } rows[] = {{IPPROTO_TCP, TCP_NODELAY, 1},   {SOL_SOCKET, SO_KEEPALIVE, 1},
                {IPPROTO_TCP, TCP_KEEPIDLE, 30}, {IPPROTO_TCP, TCP_KEEPINTVL, 10},
                {IPPROTO_TCP, TCP_KEEPCNT, 3},   {IPPROTO_TCP, TCP_USER_TIMEOUT, 60000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        setsockopt(fd, rows[i].level, rows[i].option, &rows[i].value, sizeof rows[i].value);
}

static void on_connected(struct channel_connection *connection)
{
    set_socket(bufferevent_getfd(connection->stream));
    timer_fini(&connection->timer);
    if (connection->channel->tls && !channel_tls_is_http2(connection->stream)) {
        channel_connection_fail(connection, "cannot reach", "it does not offer HTTP/2 over TLS");
        return;
    }
    connection->connected = true;
    channel_connection_flush(connection);
}

static void on_not_connected(struct channel_connection *connection, int error)
{
    const char *fault = connection->channel->tls ? channel_tls_fault(connection) : NULL;
    if (fault)
        channel_connection_fail(connection, "cannot reach", fault);
    else if (!try_next_address(connection))
        channel_connection_fail(connection, "cannot reach", error ? strerror(error) : "no connection");
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
    (void)stream;
    struct channel_connection *connection = context;
    int error = EVUTIL_SOCKET_ERROR();
    if (what & BEV_EVENT_CONNECTED) {
        on_connected(connection);
    } else if (!connection->connected) {
        on_not_connected(connection, error);
    } else if (what & BEV_EVENT_EOF) {
        channel_connection_fail(connection, "lost the connection to", "the server closed it");
    } else {
        channel_connection_fail(connection, "lost the connection to", error ? strerror(error) : "it broke");
    }
}

static void on_connect_timeout(void *context)
{
    struct channel_connection *connection = context;
    channel_connection_fail(connection, "cannot reach", "it does not answer");
}

static struct bufferevent *stream_new(struct channel *channel)
{
    if (channel->tls)
        return channel_tls_stream(channel);
    return bufferevent_socket_new(loop_base(channel->loop), -1, BEV_OPT_CLOSE_ON_FREE);
}

/* Each address gets a stream of its own: one that failed is of no use any more. */
static bool try_next_address(struct channel_connection *connection)
{
    while (connection->address) {
        const struct addrinfo *address = connection->address;
        connection->address = address->ai_next;
        if (connection->stream)
            bufferevent_free(connection->stream);
        connection->stream = stream_new(connection->channel);
        if (!connection->stream)
            return false;
        bufferevent_setcb(connection->stream, on_readable, on_drained, on_event, connection);
        bufferevent_setwatermark(connection->stream, EV_WRITE, OUTPUT_LOW_BYTES, 0);
        bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
        if (bufferevent_socket_connect(connection->stream, address->ai_addr, (int)address->ai_addrlen) == 0)
            return true;
    }
    return false;
}

struct channel_connection *channel_connect(struct channel *channel, struct arena *arena,
                                           struct status *ret_fault)
{
    struct channel_connection *first = channel->connections;
    if (first && !first->dead && !first->draining)
        return first;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    int error = getaddrinfo(channel->host, channel->port, &hints, &addresses);
    if (error) {
        *ret_fault = status_format(arena, STATUS_UNAVAILABLE, NULL, "cannot reach %s: %s", channel->target,
                                   gai_strerror(error));
        return NULL;
    }
    struct channel_connection *connection = heap_zalloc(sizeof *connection);
    connection->channel = channel;
    connection->addresses = connection->address = addresses;
    connection->session = channel_session_new(connection);
    timer_init(&connection->timer, channel->loop, on_connect_timeout, connection);
    timer_set(&connection->timer, channel->connect_timeout_ms);
    connection->next = first;
    channel->connections = connection;
    if (!try_next_address(connection)) {
        *ret_fault = status_format(arena, STATUS_UNAVAILABLE, NULL, "cannot reach %s: %s", channel->target,
                                   strerror(errno));
        connection->dead = true;
        return NULL;
    }
    return connection;
}
