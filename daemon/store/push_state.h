#pragma once

#include <openssl/evp.h>

#include "store/batch.h"
#include "store/push.h"
#include "store/push_block.h"
#include "store/push_link.h"
#include "store/store.h"

/* What the files of a push share. */

enum { PUSH_BLOCKS = 4 };

/* What the time went into, for the log. */
enum push_phase {
    PUSH_PHASE_PREPARE, /* on workers, beside the stream */
    PUSH_PHASE_COPY,    /* likewise */
    PUSH_PHASE_COMPARE,
    PUSH_PHASE_JUDGE,
    PUSH_PHASE_RECORDS,
    PUSH_PHASE_LOG,
    PUSH_PHASE_CHECK, /* foreign keys */
    PUSH_PHASE_COMMIT,
    PUSH_PHASE_COUNT
};

struct push_counts {
    int64_t rejected, rejected_sent, created, updated, deleted, deleted_sent, records_before;
};

struct push_step;

struct store_push {
    struct store *store;
    struct worker_pool *workers;
    struct arena *arena;
    struct store_push_options options;
    struct push_link *link;
    EVP_MD_CTX *hash; /* NULL without a request_id */
    unsigned char request_hash[REQUEST_HASH_BYTES];

    struct push_block blocks[PUSH_BLOCKS];
    struct push_block *filling, *encoding, *copying; /* NULL: none */
    uint32_t change_count;
    size_t kind_counts
        [RECORD_KIND_COUNT]; /* rows copied into each kind's table, or at least whether there are any */
    bool is_open;            /* the staging tables are there */
    bool is_held_back;       /* store_push_add said no */
    bool is_ended;           /* no more comes */
    bool is_merging;
    bool is_committing;
    bool is_cancelled;
    bool is_over; /* `status` stands */
    bool is_ending;
    unsigned job_count; /* on workers */
    struct status status;
    void (*released)(void *context);

    /* the merge */
    int64_t first_change_set; /* the registry's, when the push began */
    bool is_new_registry;
    const struct push_step *step;
    struct push_counts counts;
    struct push_rejection *rejections;
    size_t rejection_count;
    int64_t change_set;
    uint64_t newest;
    const void *answer;
    size_t answer_bytes;
    int64_t phase_ns[PUSH_PHASE_COUNT], step_start_ns, start_ns;
};

/* Ends it with that status, as soon as no worker has a part of it. */
void push_finish(struct store_push *push, struct status status);
/* The status of a statement that failed, logged where it is the program's fault. */
struct status push_failure(struct store_push *push, const struct push_reply *reply);

/* The registry's row (followed_lock_sql). False: the push is finished. */
bool push_take_registry(struct store_push *push, const PGresult *result);

/* All is staged: judges and writes. */
void push_merge(struct store_push *push);
