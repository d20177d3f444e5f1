#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/status.h"
#include "store/pipeline.h"
#include "store/pool.h"

struct arena;
struct store;

/* One write: groups of statements between BEGIN and COMMIT, tried again when another writer was in the way. Embedded in
 * its owner, which lives until `finish`. */
struct transaction {
    struct store_job job;
    struct store *store;
    struct pipeline *pipeline; /* while it runs */
    unsigned attempt_count;
    int64_t start_ns;
    /* Sends the first group, anew at each attempt: from transaction_begin to transaction_run. */
    void (*start)(struct transaction *transaction);
    /* Runs once, at the end, when the connection has been given back. */
    void (*finish)(struct transaction *transaction, struct status status);
    void (*next)(struct transaction *transaction, PGresult *const *results);
    struct status outcome; /* once it is rolled back */
    bool tries_again;      /* or then starts anew */
    bool is_committing;    /* the group under way is the last */
};

/* Finishes, sooner or later, perhaps before it returns. */
void transaction_start(struct transaction *transaction, struct store *store,
                       void (*start)(struct transaction *transaction),
                       void (*finish)(struct transaction *transaction, struct status status));

/* Finishes one that another's transaction has done the work of, in its place. */
void transaction_finish_shared(struct transaction *transaction, struct status status);

/* Adds BEGIN to the group. */
void transaction_begin(struct transaction *transaction);
void transaction_send(struct transaction *transaction, const struct statement *statement,
                      const struct parameters *parameters);
/* Sends the group; `next` runs with its results when all is well, and has to send another, or end it. */
void transaction_run(struct transaction *transaction,
                     void (*next)(struct transaction *transaction, PGresult *const *results));
/* Adds NOTIFY (for those who follow the log) and COMMIT to the group, sends it and finishes with OK. `next` runs before that with
 * the group's results, or is NULL. */
void transaction_commit(struct transaction *transaction,
                        void (*next)(struct transaction *transaction, PGresult *const *results));
/* Commits without telling anybody: what was written is no change. */
void transaction_commit_quietly(struct transaction *transaction);
/* Takes back what was done, then finishes with that status (also OK). */
void transaction_refuse(struct transaction *transaction, struct status status);

/* ---- the revision line: the last act of a transaction that changes something ---- */

/* Adds a statement that gives, as its one row, a new change set and the newest revision. */
void transaction_send_line(struct transaction *transaction);
struct line_state {
    int64_t change_set;
    uint64_t newest;
};
struct line_state line_of(const PGresult *result);
/* Adds a statement that takes the next revision for the change set; its one row is that revision. */
void transaction_send_revision(struct transaction *transaction, struct arena *arena, int64_t change_set,
                               size_t change_count, bool vocabulary);
/* The same statement for other connections; parameters: change set, count, whether a vocabulary changed. */
const char *transaction_revision_sql(void);
