#pragma once

#include "base/text.h"
#include "rpc/call.h"
#include "rpc/exchange.h"
#include "rpc/method.h"
#include "rpc/server.h"
#include "rpc/status.h"
#include "rpc/support.h"

/* A transport that writes down what a call asks of it, and services that write down what they are told. */

enum { MATCH_BYTES = 64 << 10, PUSH_BYTES = 4 << 20, UPLOAD_BYTES = 16 << 20 };

struct world {
    struct loop *loop;
    struct rpc_server *server;
    struct arena *arena;

    unsigned heads, trailers, resets;
    bool ended;
    size_t consumed, unsent;
    struct text_buffer body;
    char code[8], accept_encoding[32];
    struct status status;

    unsigned started, messages, half_closed, writable, cancelled;
    bool pause_each, refuse, answer_first;
    struct rpc_call *held;
    char last_title[64];
};

enum { FIND_HOSTS, FIND_SENDERS, PUSH, EXPORT };
extern const struct rpc_method methods[]; /* FIND_SENDERS has no handler */
extern const struct rpc_sink sink;

int set_up(void **state);
int tear_down(void **state);

/* What happened so far is forgotten. */
void forget(struct world *world);

struct rpc_call *begin(struct world *world, const char *path);
struct rpc_call *begin_with(struct world *world, const char *path, const struct rpc_header *more,
                            size_t more_count);
/* A push on a connection that counts its uploads there. */
struct rpc_call *begin_counted(struct world *world, size_t *upload_bytes);

/* Bring a message to a call; return how many bytes it was with its prefix. */
size_t put_find(struct world *world, struct rpc_call *call, const char *page_token);
size_t put_push(struct world *world, struct rpc_call *call, const char *registry);

/* Lets the loop do what waits. */
void turn(struct world *world);
