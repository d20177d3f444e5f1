#include "rpc/server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/metric.h"
#include "rpc/method.h"
#include "rpc/server_parts.h"

enum { LARGE_BYTES = 64 << 10, UPLOAD_BYTES = 256 << 20, CONNECTION_UPLOAD_BYTES = 32 << 20 };

/* The counters of one method. Of the codes only those that have occurred are made. */
struct meter {
    const char *name;
    struct metric *seconds;
    _Atomic(struct metric *) codes[STATUS_CODE_COUNT];
};

struct rpc_server {
    struct rpc_server_settings settings;
    const struct rpc_method **methods;
    struct meter *meters; /* one more than methods: the last for paths unknown */
    size_t method_count;
    struct text_map by_path;
    size_t small_most, large_most;
    _Atomic size_t small_bytes, large_bytes;
};

static void add_table(struct rpc_server *server, const struct rpc_method *table)
{
    for (; table->path; table++) {
        server->methods =
            heap_realloc(server->methods, (server->method_count + 1) * sizeof(struct rpc_method *));
        server->methods[server->method_count] = table;
        text_map_set(&server->by_path, table->path, (uint32_t)server->method_count++);
    }
}

static void meter_init(struct meter *meter, const char *path)
{
    const char *slash = strrchr(path, '/');
    char labels[128];
    meter->name = slash ? slash + 1 : path;
    snprintf(labels, sizeof labels, "method=\"%s\"", meter->name);
    meter->seconds =
        metric_new(METRIC_HISTOGRAM, "partnerd_rpc_seconds", labels, "How long calls took, by method.");
}

struct rpc_server *rpc_server_new(const struct rpc_server_settings *settings)
{
    struct rpc_server *server = heap_zalloc(sizeof *server);
    server->settings = *settings;
    if (!settings->connection_upload_bytes)
        server->settings.connection_upload_bytes = CONNECTION_UPLOAD_BYTES;
    size_t most = settings->upload_bytes ? settings->upload_bytes : UPLOAD_BYTES;
    server->small_most = most / 4;
    server->large_most = most - server->small_most;
    text_map_init(&server->by_path);
    for (const struct rpc_method *const *table = settings->tables; *table; table++)
        add_table(server, *table);
    server->meters = heap_zalloc((server->method_count + 1) * sizeof(struct meter));
    for (size_t i = 0; i < server->method_count; i++)
        meter_init(&server->meters[i], server->methods[i]->path);
    meter_init(&server->meters[server->method_count], "unknown");
    return server;
}

void rpc_server_free(struct rpc_server *server)
{
    if (!server)
        return;
    text_map_fini(&server->by_path);
    free(server->methods);
    free(server->meters);
    free(server);
}

const struct rpc_method *rpc_server_method(const struct rpc_server *server, const char *path)
{
    uint32_t place = text_map_get(&server->by_path, path);
    return place == TEXT_MAP_NONE ? NULL : server->methods[place];
}

const struct rpc_server_settings *rpc_server_settings(const struct rpc_server *server)
{
    return &server->settings;
}

size_t rpc_server_reserve_most(const struct rpc_server *server)
{
    return server->large_most;
}

bool rpc_server_reserve(struct rpc_server *server, size_t bytes)
{
    _Atomic size_t *taken = bytes > LARGE_BYTES ? &server->large_bytes : &server->small_bytes;
    size_t most = bytes > LARGE_BYTES ? server->large_most : server->small_most;
    if (atomic_fetch_add_explicit(taken, bytes, memory_order_relaxed) <=
            most - (bytes < most ? bytes : most) &&
        bytes <= most)
        return true;
    rpc_server_unreserve(server, bytes);
    return false;
}

void rpc_server_unreserve(struct rpc_server *server, size_t bytes)
{
    _Atomic size_t *taken = bytes > LARGE_BYTES ? &server->large_bytes : &server->small_bytes;
    atomic_fetch_sub_explicit(taken, bytes, memory_order_relaxed);
}

static struct meter *meter_of(struct rpc_server *server, const struct rpc_method *method)
{
    uint32_t place = method ? text_map_get(&server->by_path, method->path) : TEXT_MAP_NONE;
    return &server->meters[place == TEXT_MAP_NONE ? server->method_count : place];
}

void rpc_server_count(struct rpc_server *server, const struct rpc_method *method, enum status_code code,
                      int64_t ns)
{
    struct meter *meter = meter_of(server, method);
    struct metric *total = atomic_load_explicit(&meter->codes[code], memory_order_acquire);
    if (!total) {
        char labels[160];
        snprintf(labels, sizeof labels, "method=\"%s\",code=\"%s\"", meter->name, status_code_name(code));
        total = metric_new(METRIC_COUNTER, "partnerd_rpc_total", labels, "Calls ended, by method and code.");
        atomic_store_explicit(&meter->codes[code], total, memory_order_release);
    }
    metric_add(total, 1);
    metric_observe_ns(meter->seconds, ns);
}
