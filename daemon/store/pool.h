#pragma once

#include <stdbool.h>

#include "base/status.h"

struct column_codec;
struct loop;
struct metric;
struct pipeline;
struct record_sql;
struct store;
struct store_settings;

/* The store's connections, lent to one job at a time. The loop's thread alone. */

/* Embedded in its owner. One of the two runs, once. */
struct store_job {
    struct store_job *next;
    void (*start)(struct store_job *job,
                  struct pipeline *pipeline); /* which is ready, and the job's until released */
    void (*refuse)(struct store_job *job, struct status status);
};

/* Starts it at once, or when a connection is free. */
void store_submit(struct store *store, struct store_job *job);
bool store_has_waiting(const struct store *store);
/* Offers those that wait, in their order; one that is taken has left the queue and is the taker's: neither of its functions runs. */
void store_take_waiting(struct store *store, bool (*take)(void *context, struct store_job *job),
                        void *context);
/* Also of a pipeline that was lost. */
void store_release(struct store *store, struct pipeline *pipeline);

/* Of all stores together. */
struct store_metrics {
    struct metric *seconds, *failures, *retries, *connection_failures;
};

const struct store_metrics *store_metrics(const struct store *store);
struct loop *store_loop(const struct store *store);
/* With the defaults in place. */
const struct store_settings *store_settings_of(const struct store *store);
const struct column_codec *store_codec(const struct store *store);
const struct record_sql *store_sql(const struct store *store);
