#pragma once

#include <stdbool.h>

#include <libpq-fe.h>

struct loop;
struct store_settings;

/* One connection to the database that is kept open: opened at once, and again after each loss, 50 ms later, doubling to 1 s.
 * Non-blocking; the loop's thread alone. */
struct dblink;

/* All run from the loop, never out of a dblink_ function. None may free the link. */
struct dblink_handlers {
    void (*opened)(void *context);
    /* Input has come: take it with PQisBusy, PQgetResult, PQgetCopyData, PQnotifies. A bounded part comes at a time. */
    void (*input)(void *context);
    /* It was lost, or one more attempt to open it has failed. */
    void (*closed)(void *context);
};

struct dblink *dblink_new(struct loop *loop, const struct store_settings *settings,
                          const struct dblink_handlers *handlers, void *context);
void dblink_free(struct dblink *link); /* without calling `closed`; NULL is fine */

/* To send by; NULL while it isn't open. */
PGconn *dblink_pg(const struct dblink *link);
/* Sends what has been queued, now or as the socket takes it. */
void dblink_flush(struct dblink *link);
/* Gives the connection up, soon: `closed` comes from the loop. The reason is static. */
void dblink_drop(struct dblink *link, const char *reason);
/* If nothing comes for so long, it is dropped; 0: no longer watched. */
void dblink_watch(struct dblink *link, unsigned silence_ms);
