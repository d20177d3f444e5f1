#pragma once

#include "base/status.h"

struct arena;
struct bufferevent;
struct event_base;

/* TLS 1.2 and 1.3 of a server: its certificate and key from PEM files, ALPN for "h2" and "http/1.1", no renegotiation, no
 * resumption: connections last. */
struct tls;

/* Reads the files. INVALID_ARGUMENT with field "tls-certificate" or "tls-key": the message, in the arena, names file and fault. */
struct status tls_open(struct arena *arena, const char *certificate_file, const char *key_file,
                       struct tls **ret_tls);
/* No stream is made of it any more; those that were made live on. NULL is fine. */
void tls_free(struct tls *tls);
/* Reads the files again, for streams to come. Where that fails all stays as it was. Any thread. */
struct status tls_reload(struct tls *tls, struct arena *arena);

/* The server's side of a connected socket, which it owns; the handshake begins with the loop. BEV_EVENT_CONNECTED tells that
 * it is done. NULL: no memory. Any thread, the base's at that time. */
struct bufferevent *tls_accept(struct tls *tls, struct event_base *base, int fd);

/* Who wants to know of each record of TLS's own that comes after the handshake: new keys, a wish to renegotiate. */
struct tls_watch {
    void (*heard)(void *context);
    void *context;
};
/* The watch stays while the stream does. `heard` runs from within the reading of the stream. */
void tls_watch(struct bufferevent *stream, struct tls_watch *watch);

/* Says that nothing more will be written, once; before the socket is shut. */
void tls_say_end(struct bufferevent *stream);
/* After a failed handshake: lets the peer read why. Gives the reason, static, for the log. */
const char *tls_break_off(struct bufferevent *stream);
