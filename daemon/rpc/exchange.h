#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct loop;

/* Where a transport (net: HTTP/2 streams) and a call (rpc) meet. Both on one loop's thread.
 *
 *   transport                                 rpc
 *   headers are in      rpc_server_begin ->   a call, or an answer at once through the sink
 *   bytes are in        rpc_call_on_data ->   (owns the bytes for the length of the call of the function)
 *   end of the input    rpc_call_on_end  ->
 *   stream is gone      rpc_call_on_close ->  the sink is not used any more
 *   output has drained  rpc_call_on_writable ->
 *                       <- sink->headers, data, trailers, reset, consumed
 */

struct rpc_header {
    const char *name; /* lower case */
    const char *value;
};

/* The head of a request; borrowed for the length of rpc_server_begin. */
struct rpc_request_head {
    const char *method;               /* "POST" */
    const char *path;                 /* "/partner.v1.MatchService/FindHosts" */
    const struct rpc_header *headers; /* the others, pseudo-headers aside */
    size_t header_count;
    struct arena **
        arena; /* path and headers lie in it, and the call may take it for its own, leaving NULL. NULL: it copies */
    const char *peer; /* "127.0.0.1:52114" */
    bool peer_is_loopback;
    bool is_encrypted; /* TLS lies between us and the peer */
    size_t *
        upload_bytes; /* the connection's, 0 at first: calls count in it what they are being sent. NULL: nobody counts */
    bool headers_too_large; /* over the limit: answer RESOURCE_EXHAUSTED, the rest is not here */
};

/* What a call asks of its stream. `stream` is the transport's. Nothing of it blocks, and nothing calls back at once: events
 * come later from the loop. Values are borrowed for the length of the call. */
struct rpc_sink {
    /* The answer's head, once; `end` when nothing follows (trailers-only). ":status" is 200 always. */
    void (*headers)(void *stream, const struct rpc_header *headers, size_t count, bool end);
    /* Queues bytes of the body (copied). */
    void (*data)(void *stream, const void *bytes, size_t size);
    /* After what was queued: ends the stream. */
    void (*trailers)(void *stream, const struct rpc_header *headers, size_t count);
    /* Ends it at once with an HTTP/2 error code. */
    void (*reset)(void *stream, uint32_t code);
    /* So many bytes of input have been used: the peer may send as many more. */
    void (*consumed)(void *stream, size_t size);
    /* Bytes queued and not yet given to the connection. */
    size_t (*unsent)(void *stream);
    /* For how long the peer has taken nothing of what is queued; 0 while nothing is. NULL: not known. While an answer goes on
     * it is the call's to decide how long to wait; the transport looks after answers that have ended, and cuts off a peer that
     * takes nothing of its whole connection. */
    int64_t (*stalled_ms)(void *stream);
    /* Throws away what is queued, so that the trailers, which the call gives next, arrive though the peer takes no more of the
     * body; a message may be cut. NULL: it cannot. */
    void (*drop)(void *stream);
};

struct rpc_server;
struct rpc_call;

/* Never NULL. The call is told of everything that happens to the stream, until rpc_call_on_close, also after it has
 * answered (it then drops what comes). */
struct rpc_call *rpc_server_begin(struct rpc_server *server, struct loop *loop, const struct rpc_sink *sink,
                                  void *stream, const struct rpc_request_head *head);
void rpc_call_on_data(struct rpc_call *call, const void *bytes, size_t size);
void rpc_call_on_end(struct rpc_call *call);
/* The stream is gone: ended whole, reset, or its connection lost. The last event. */
void rpc_call_on_close(struct rpc_call *call);
/* `unsent` has fallen below 64 KiB after it was above. */
void rpc_call_on_writable(struct rpc_call *call);
/* Bytes are due: of a request that is not whole, or of a message whose beginning is here. Between two messages of a client
 * stream none are, and it may pause as long as it likes. */
bool rpc_call_awaits_bytes(const struct rpc_call *call);
