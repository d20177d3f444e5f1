#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/status.h"
#include "model/batch.h"
#include "store/store.h"

struct arena;
struct loop;

/* A loop with a store on it, run by the test's own thread. */
struct bench {
    const char *conninfo;
    struct arena *arena;
    struct loop *loop;
    struct store *store;
    PGconn *locker;
    unsigned open_count; /* writes under way */
};

void bench_open(struct bench *bench, const char *conninfo);
void bench_close(struct bench *bench);
/* Until all writes are done. */
void bench_wait(struct bench *bench);
/* Until it holds, at most 20 s. */
void bench_wait_until(struct bench *bench, bool (*holds)(void *context), void *context);
/* Until the store says so. */
void bench_wait_reachable(struct bench *bench, bool reachable);
/* Keeps a registry locked by another connection. */
void bench_lock_registry(struct bench *bench, const char *registry);
void bench_unlock(struct bench *bench);

struct registry_write {
    struct bench *bench;
    struct status status;
    uint64_t revision;
};
void bench_try_registry(struct bench *bench, const char *id, struct registry_write *write);
void bench_create_registry(struct bench *bench, const char *id);

/* What the test packs as its answer. */
struct answer {
    struct batch_tally tally;
    uint64_t revision;
};

/* One batch; zeroed at first: registry "es", no request_id. */
struct write {
    const char *registry, *request_id, *hash;
    bool all_or_nothing, dry_run;
    struct batch batch;
    struct bench *bench;
    struct status status;
    struct answer answer;
    unsigned char hash_bytes[32];
    bool is_done;
};

void write_add(struct bench *bench, struct write *write, struct record record);
void write_add_organisation(struct bench *bench, struct write *write, const char *id, const char *name);
void write_add_organisation_with_pic(struct bench *bench, struct write *write, const char *id,
                                     const char *pic);
void write_add_offer(struct bench *bench, struct write *write, const char *id, const char *organisation_id);
void write_add_delete(struct bench *bench, struct write *write, const char *id);
void write_start(struct bench *bench, struct write *write);
void write_run(struct bench *bench, struct write *write);
