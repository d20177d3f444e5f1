#pragma once

#include <nghttp2/nghttp2.h>

#include "base/text.h"
#include "loop/timer.h"
#include "net/channel.h"
#include "rpc/grpc.h"

struct addrinfo;
struct bufferevent;
struct ssl_ctx_st;

/* The inside of a channel. channel.c has the connection, channel_tls.c TLS, channel_session.c what HTTP/2 says on it, channel_call.c the calls.
 *
 * The caller's functions are never run from within libnghttp2 or from within a function of channel.h: what has news is put
 * in a queue, which channel_deliver empties after each batch of input, or a little later. */

struct channel_connection {
    struct channel *channel;
    struct bufferevent *stream;
    nghttp2_session *session;
    struct addrinfo *addresses, *address; /* all that the name stands for, and the one that is tried */
    struct timer timer;                   /* of connecting */
    bool connected, dead, draining;       /* draining: takes no further calls */
    bool busy;                            /* within libnghttp2 */
    bool has_input;                       /* some has come */
    char fault[160];                      /* room for the sentence of one */
    size_t call_count;
    struct channel_connection *next;
};

struct channel {
    struct loop *loop;
    char *target, *host, *port, *authorization, *user_agent;
    bool target_is_bad;
    bool is_tls;
    char *ca_file;          /* NULL: the system's authorities */
    struct ssl_ctx_st *tls; /* NULL: cleartext, or the CA file cannot be read */
    int connect_timeout_ms;
    size_t message_bytes;
    struct channel_connection *connections; /* the first may take calls, the others are to end */
    struct channel_call *calls;
    struct channel_call *news_first, *news_last;
    struct timer later;
};

struct channel_call {
    struct channel *channel;
    struct channel_connection *connection; /* NULL: none, or no longer */
    struct channel_call *next, *previous;
    struct channel_call *news_next;
    bool has_news;
    struct channel_call_settings settings;
    struct arena *arena, *message_arena;
    int32_t stream_id;
    struct timer timer;

    struct text_buffer output; /* with the prefixes */
    size_t output_at;
    bool half_closed, blocked, writable_due;

    struct text_buffer input;
    size_t input_at;
    struct grpc_decoder decoder;
    bool paused;

    const char *http_status, *grpc_status, *grpc_message, *grpc_details;
    bool ended; /* `status` stands; the input before it may not all have been read */
    bool gone;  /* the caller has been told, or has cancelled */
    struct status status;
};

/* channel.c */

/* The connection for a new call, made if need be; NULL: a name that cannot be looked up. */
struct channel_connection *channel_connect(struct channel *channel, struct arena *arena,
                                           struct status *ret_fault);
/* It is lost, or was never there: its calls end with "WHAT TARGET: WHY". */
void channel_connection_fail(struct channel_connection *connection, const char *what, const char *why);
/* Sends what libnghttp2 has to send, and is told what there is room for. */
void channel_connection_flush(struct channel_connection *connection);
void channel_deliver(struct channel *channel);
/* The call has something for channel_deliver, which runs later. */
void channel_add_news(struct channel_call *call);

/* channel_tls.c */

/* Trusts the authorities of the file, or the system's; NULL: it cannot be read. */
struct ssl_ctx_st *channel_tls_new(const char *ca_file);
void channel_tls_free(struct ssl_ctx_st *context); /* NULL is fine */
/* A stream that is to be connected: connected is it when the handshake is done, certificate and name proven. NULL: the
 * host cannot be a certificate's name. */
struct bufferevent *channel_tls_stream(struct channel *channel);
bool channel_tls_is_http2(struct bufferevent *stream);
/* After a failed handshake: a sentence, as long as the connection; NULL: TLS is not to blame. */
const char *channel_tls_fault(struct channel_connection *connection);

/* channel_session.c */

nghttp2_session *channel_session_new(struct channel_connection *connection);
/* Starts the call's stream. */
struct status channel_session_submit(struct channel_call *call);
void channel_session_reset(struct channel_call *call, uint32_t code);

/* channel_call.c */

/* No more will come. The first time counts. */
void channel_call_end(struct channel_call *call, struct status status);
/* Tells the caller what is new. */
void channel_call_deliver(struct channel_call *call);
void channel_call_free(struct channel_call *call);
