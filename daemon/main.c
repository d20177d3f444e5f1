/* partnerd: reads the settings, brings the database's schema up to date, puts the rooms together, serves until it is told
 * to stop. */

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <libpq-fe.h>
#include <nghttp2/nghttp2.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "config.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "net/server.h"
#include "net/tls.h"
#include "pages.h"
#include "replica/replica.h"
#include "rpc/server.h"
#include "service/auth.h"
#include "service/services.h"
#include "service/upstream.h"
#include "service/watch.h"
#include "service/token_first.h"
#include "service/token_hub.h"
#include "service/token_keeper.h"
#include "service/writer.h"
#include "store/epoch.h"
#include "store/log_trim.h"
#include "store/migrate.h"
#include "store/store.h"

enum { START_RETRY_SECONDS = 1 };

/* What large tables take is a mapping of its own, which goes when they are freed. By itself the C library would learn from each such
 * free to put the next ones among what is small, where new bases would leave holes. A call's memory comes in blocks of up to a MiB,
 * which are no mappings; and so much of what is free at the end of a heap stays: else many calls would give pages back that the
 * next one takes again. */
enum { MAPPED_FROM_BYTES = (1 << 20) + 4096, KEPT_FREE_BYTES = 4 << 20 };

/* All that runs. Made in this order, ended in the other. */
struct daemon {
    const struct config *config;
    struct loop *main_loop;    /* this thread: signals */
    struct loop *replica_loop; /* follows the database */
    struct loop **loops;       /* connections and calls */
    size_t loop_count;
    struct worker_pool *workers;
    struct writer *writer;
    struct replica *replica;
    struct token_hub *tokens;
    struct services services;
    struct log_trim *log_trim;
    struct loop *upstream_loop; /* follows other servers */
    struct upstreams *upstreams;
    struct rpc_server *rpc;
    struct tls *tls; /* NULL: cleartext */
    struct net_server *net;
    struct pages pages;
    bool stopping;
};

static unsigned processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (unsigned)count : 1;
}

static void print_versions(void)
{
    int pq = PQlibVersion();
    printf("partnerd %s\nlibevent %s\nnghttp2 %s\nprotobuf-c %s\nlibpq %d.%d\n", PARTNERD_VERSION,
           event_get_version(), nghttp2_version(0)->version_str, protobuf_c_version(), pq / 10000,
           pq % 10000);
}

static int fail(const char *what, struct status status)
{
    log_event(LOG_ERROR, "start.failed", status.message, LOG_TEXT("step", what),
              LOG_TEXT("field", status.field ? status.field : ""));
    return EXIT_FAILURE;
}

/* ---- stopping ---- */

static void drained(void *context)
{
    struct daemon *daemon = context;
    loop_stop(daemon->main_loop);
}

static void on_stop(void *context)
{
    struct daemon *daemon = context;
    if (daemon->stopping) {
        log_event(LOG_WARN, "stop.now", "told twice to stop: calls under way are cut off");
        _exit(EXIT_FAILURE);
    }
    daemon->stopping = true;
    atomic_store(&daemon->pages.draining, true);
    log_event(LOG_INFO, "stop.draining", "no new calls are taken; those under way may end",
              LOG_NUMBER("at_most_ms", daemon->config->limits.drain_ms));
    for (size_t i = 0; i < daemon->loop_count; i++)
        watch_hub_stop(daemon->services.loops[i].watch);
    net_server_drain(daemon->net, drained, daemon);
}

/* ---- TLS ---- */

static struct status tls_read(const struct config *config, struct arena *arena, struct tls **ret_tls)
{
    return *config->tls_certificate ? tls_open(arena, config->tls_certificate, config->tls_key, ret_tls)
                                    : STATUS_NONE;
}

/* A fault is in the log, and what was read before stays in use. */
static void on_reload(void *context)
{
    struct daemon *daemon = context;
    if (!daemon->tls) {
        log_event(LOG_INFO, "reload.nothing",
                  "there is no certificate to read again; settings need a restart");
        return;
    }
    struct arena *arena = arena_new(0);
    struct status status = tls_reload(daemon->tls, arena);
    (void)status; /* it has logged what came of it */
    arena_free(arena);
}

/* ---- putting the rooms together ---- */

static void daemon_start_replica(struct daemon *daemon)
{
    daemon->replica_loop = loop_new("replica", 0);
    daemon->replica = replica_new(daemon->replica_loop, &daemon->config->store, daemon->config->watch_bytes);
    if (*daemon->config->snapshot_file)
        replica_keep_file(daemon->replica, daemon->config->snapshot_file, daemon->config->snapshot_minutes);
    daemon->tokens = token_hub_new(daemon->replica_loop, &daemon->config->store);
}

static void daemon_start_upstreams(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    daemon->upstream_loop = loop_new("upstream", 0);
    daemon->upstreams = upstreams_new(daemon->upstream_loop, &config->store, daemon->workers,
                                      config->upstreams.items, config->upstreams.count);
    daemon->services.upstreams = upstreams_board(daemon->upstreams);
}

static void daemon_start_loops(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    daemon->loop_count = config->loop_count ? config->loop_count : processors();
    daemon->loops = heap_zalloc(daemon->loop_count * sizeof(struct loop *));
    struct service_loop *parts = heap_zalloc(daemon->loop_count * sizeof *parts);
    for (unsigned i = 0; i < daemon->loop_count; i++) {
        daemon->loops[i] = loop_new("loop", i);
        parts[i] = (struct service_loop){
            .loop = daemon->loops[i],
            .store = store_new(daemon->loops[i], &config->store),
            .reader = replica_reader_new(daemon->replica, daemon->loops[i]),
        };
        parts[i].watch = watch_hub_new(daemon->loops[i], parts[i].store, daemon->replica);
        parts[i].tokens = token_keeper_new(daemon->loops[i], parts[i].store);
        token_hub_add(daemon->tokens, parts[i].tokens);
    }
    daemon->services = (struct services){
        .open = config->open,
        .public_read = config->public_read,
        .replica = daemon->replica,
        .workers = daemon->workers,
        .writer = daemon->writer,
        .loops = parts,
        .loop_count = daemon->loop_count,
        .start_time_us = clock_realtime_us(),
        .stream_stalled_ms = config->stream_stalled_ms,
    };
    daemon->log_trim = log_trim_new(parts[0].store, &config->log);
}

static struct status daemon_listen(struct daemon *daemon, struct arena *arena)
{
    const struct config *config = daemon->config;
    daemon->rpc = rpc_server_new(&(struct rpc_server_settings){
        .tables = services_methods,
        .services = &daemon->services,
        .authorise = auth_authorise,
        .ended = auth_ended,
        .upload_bytes = config->rpc_upload_bytes,
    });
    pages_init(&daemon->pages, daemon->replica, daemon->tokens);
    struct status status = tls_read(config, arena, &daemon->tls);
    if (!status_ok(status))
        return status;
    return net_server_open(arena,
                           &(struct net_server_settings){
                               .addresses = config->listen,
                               .loops = daemon->loops,
                               .loop_count = (unsigned)daemon->loop_count,
                               .limits = config->limits,
                               .calls = &net_calls_rpc,
                               .rpc = daemon->rpc,
                               .tls = daemon->tls,
                               .page = pages_fill,
                               .page_context = &daemon->pages,
                           },
                           &daemon->net);
}

static void daemon_run(struct daemon *daemon)
{
    loop_on_signal(daemon->main_loop, SIGTERM, on_stop, daemon);
    loop_on_signal(daemon->main_loop, SIGINT, on_stop, daemon);
    loop_on_signal(daemon->main_loop, SIGHUP, on_reload, daemon);
    writer_start(daemon->writer);
    for (size_t i = 0; i < daemon->loop_count; i++)
        loop_start(daemon->loops[i]);
    replica_start(daemon->replica);
    token_hub_start(daemon->tokens);
    loop_start(daemon->replica_loop);
    upstreams_start(daemon->upstreams);
    loop_start(daemon->upstream_loop);
    net_server_start(daemon->net);
    log_event(LOG_INFO, "start.serving", "serving", LOG_TEXT("listen", daemon->config->listen[0]),
              LOG_NUMBER("port", net_server_port(daemon->net, 0)),
              LOG_NUMBER("threads", (int64_t)daemon->loop_count));
    loop_run(daemon->main_loop);
}

/* The loops have no connections left, or were never started. */
static void daemon_end(struct daemon *daemon, bool started)
{
    if (started) {
        upstreams_stop(daemon->upstreams);
        loop_join(daemon->upstream_loop);
        replica_stop(daemon->replica);
        token_hub_stop(daemon->tokens);
        loop_stop(daemon->replica_loop);
        loop_join(daemon->replica_loop);
        replica_join(daemon->replica);
        for (size_t i = 0; i < daemon->loop_count; i++) {
            loop_stop(daemon->loops[i]);
            loop_join(daemon->loops[i]);
        }
        writer_stop(daemon->writer);
    }
    worker_pool_free(daemon->workers);
    upstreams_free(daemon->upstreams);
    loop_free(daemon->upstream_loop);
    net_server_free(daemon->net);
    tls_free(daemon->tls);
    writer_free(daemon->writer);
    for (size_t i = 0; i < daemon->loop_count; i++) {
        store_free(daemon->services.loops[i].store);
        replica_reader_free(daemon->services.loops[i].reader);
        watch_hub_free(daemon->services.loops[i].watch);
        token_keeper_free(daemon->services.loops[i].tokens);
        if (i == 0)
            log_trim_free(daemon->log_trim);
        loop_free(daemon->loops[i]);
    }
    rpc_server_free(daemon->rpc);
    replica_free(daemon->replica);
    token_hub_free(daemon->tokens);
    loop_free(daemon->replica_loop);
    loop_free(daemon->main_loop);
    free(daemon->services.loops);
    free(daemon->loops);
}

static int serve(const struct config *config, struct arena *arena)
{
    struct daemon daemon = {.config = config};
    unsigned worker_count = config->worker_count ? config->worker_count : processors();
    daemon.main_loop = loop_new("main", 0);
    daemon.workers = worker_pool_new(worker_count);
    daemon.writer = writer_new(&config->store);
    daemon_start_replica(&daemon);
    daemon_start_loops(&daemon);
    daemon_start_upstreams(&daemon);
    struct status status = daemon_listen(&daemon, arena);
    int exit_code = EXIT_SUCCESS;
    if (status_ok(status))
        daemon_run(&daemon);
    else
        exit_code = fail("listen", status);
    daemon_end(&daemon, status_ok(status));
    if (exit_code == EXIT_SUCCESS)
        log_event(LOG_INFO, "stop.done", "stopped");
    return exit_code;
}

static int check(const struct config *config, struct arena *arena)
{
    struct tls *tls = NULL;
    struct status status = tls_read(config, arena, &tls);
    tls_free(tls);
    if (status_ok(status))
        status = config_upstreams_check_files(&config->upstreams, arena);
    if (!status_ok(status))
        return fail("settings", status);
    uint64_t missing;
    status = store_check(arena, config->store.conninfo, &missing);
    if (!status_ok(status))
        return fail("database", status);
    if (missing)
        printf("settings: ok\ndatabase: reachable; %llu migrations will be applied at start\n",
               (unsigned long long)missing);
    else
        puts("settings: ok\ndatabase: reachable, its schema is this version's");
    return EXIT_SUCCESS;
}

static int migrate(const struct config *config, struct arena *arena)
{
    struct status status = store_migrate(arena, config->store.conninfo);
    return status_ok(status) ? EXIT_SUCCESS : fail("database", status);
}

static int new_epoch(const struct config *config, struct arena *arena)
{
    const char *epoch;
    struct status status = store_new_epoch(arena, config->store.conninfo, &epoch);
    if (!status_ok(status))
        return fail("database", status);
    printf("%s\n", epoch);
    return EXIT_SUCCESS;
}

/* The secret alone goes to standard output. */
static int create_token(const struct config *config, struct arena *arena)
{
    char *secret;
    struct status status = store_migrate(arena, config->store.conninfo);
    if (status_ok(status))
        status = token_first_create(arena, &config->store, config->token_title, &secret);
    if (!status_ok(status))
        return fail("create-token", status);
    return puts(secret) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The database may come up later than its daemon: it is asked again until it is there. */
static int migrate_and_serve(const struct config *config, struct arena *arena)
{
    struct status status;
    while ((status = store_migrate(arena, config->store.conninfo)).code == STATUS_UNAVAILABLE) {
        log_event(LOG_WARN, "start.waiting", "the database can't be reached yet",
                  LOG_NUMBER("retry_ms", START_RETRY_SECONDS * 1000));
        sleep(START_RETRY_SECONDS);
    }
    return status_ok(status) ? serve(config, arena) : fail("database", status);
}

static int run(const struct config *config, struct arena *arena)
{
    switch (config->action) {
    case CONFIG_HELP:
        config_help(stdout);
        return EXIT_SUCCESS;
    case CONFIG_VERSION:
        print_versions();
        return EXIT_SUCCESS;
    case CONFIG_PRINT:
        config_print(config, stdout);
        return EXIT_SUCCESS;
    case CONFIG_CHECK:
        return check(config, arena);
    case CONFIG_MIGRATE:
        return migrate(config, arena);
    case CONFIG_NEW_EPOCH:
        return new_epoch(config, arena);
    case CONFIG_TOKEN:
        return create_token(config, arena);
    default:
        return migrate_and_serve(config, arena);
    }
}

int main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_FREE_BYTES);
    struct arena *arena = arena_new(0);
    struct config config;
    struct status status = config_read(&config, arena, argc, argv);
    int exit_code;
    if (!status_ok(status)) {
        fprintf(stderr, "partnerd: %s\n", status.message);
        exit_code = 2;
    } else {
        log_set_level(config.log_level);
        exit_code = run(&config, arena);
    }
    arena_free(arena);
    return exit_code;
}
