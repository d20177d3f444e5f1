#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct replica;
struct replica_reader;
struct rpc_call;
struct rpc_method;
struct store;
struct token_keeper;
struct upstream_board;
struct watch_hub;
struct worker_pool;
struct writer;

enum public_read { PUBLIC_READ_NONE, PUBLIC_READ_LOOPBACK, PUBLIC_READ_ALL };

/* What the services stand on in one loop. */
struct service_loop {
    struct loop *loop;
    struct store *store;
    struct replica_reader *reader;
    struct token_keeper *tokens;
    struct watch_hub *watch;
};

/* What all handlers share; set up by main before the first call, constant after but for counts. The handlers find it by
 * rpc_call_services. */
struct services {
    bool open; /* callers from loopback are admins until a first token exists */
    enum public_read public_read;
    struct replica *replica;
    struct worker_pool *workers;
    struct writer *writer;
    struct upstream_board *upstreams; /* how they are; NULL: nobody asks */
    struct service_loop *loops;       /* by loop_number */
    size_t loop_count;
    int64_t start_time_us;
    int64_t stream_stalled_ms; /* how long a stream's reader may take nothing */
    atomic_uint push_count;    /* under way */
};

/* Pushes at once; the others are told to come later. */
enum { PUSHES_MOST = 2 };

struct services *services_of(const struct rpc_call *call);
struct service_loop *services_loop(const struct rpc_call *call);

/* Every method of the contract, a table a service, ended by NULL. */
extern const struct rpc_method *const services_methods[];
