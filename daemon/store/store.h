#pragma once

#include <stdbool.h>

struct loop;

/* How the database is reached. Zeroed fields stand for the defaults named. */
struct store_settings {
    const char *conninfo;          /* as libpq reads it; borrowed by those who are made with it */
    unsigned connection_count;     /* of a loop's store: 2 */
    unsigned connect_timeout_ms;   /* 3,000 */
    unsigned statement_timeout_ms; /* 5,000 */
    unsigned lock_timeout_ms;      /* 1,000 */
    unsigned idle_timeout_ms;      /* in a transaction: 10,000 */
    unsigned look_ms;              /* a feed looks for changes that no NOTIFY told of: every 2,000 */
    unsigned queue_most;           /* writes that wait for a connection: 1,000; beyond: RESOURCE_EXHAUSTED */
};

/* One loop's way to write: a few connections of its own, opened at once, opened again after a loss (50 ms later, doubling
 * to 1 s). The loop's thread alone. The schema stands already (migrate.h). */
struct store;

struct store *store_new(struct loop *loop, const struct store_settings *settings);
/* Writes that wait or are under way are done with UNAVAILABLE before it returns. NULL is fine. */
void store_free(struct store *store);

/* Some connection is open. While none is, every write is done with UNAVAILABLE at once, but for those that come before the
 * very first attempt to connect has ended: they wait for it. */
bool store_is_reachable(const struct store *store);

/* What all writes have in common:
 * - `done` runs once, on the loop, later or before the function returns; what is passed in is borrowed until then, and
 *   statuses and answers are static or in the arena that was passed.
 * - UNAVAILABLE: the database can't be reached, or was lost under way: then it is not known whether the write happened,
 *   and the same request_id may be sent again. Also: a lock was not to be had in time; tried again a few times before.
 * - RESOURCE_EXHAUSTED: too many writes wait. INTERNAL: a fault of the program; the log has it. */
