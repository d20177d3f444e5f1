#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

struct loop;
struct parameters;
struct store_settings;

/* A push's own connection: one statement at a time, and COPY, which a pipeline doesn't allow. What it has made on it goes with
 * it. The loop's thread alone. */
struct push_link;

/* What a statement ended with. */
struct push_reply {
    const PGresult *
        result; /* all went well: the last statement's, binary where there were parameters; gone after the call */
    const char *sqlstate; /* else: five characters; "": the connection was lost, what was done is not known */
    const char *reason;   /* and PostgreSQL's message, for the log */
};

typedef void (*push_done_fn)(void *context, const struct push_reply *reply);

struct push_link_handlers {
    void (*opened)(void *context); /* once: the first statement may be sent */
    /* No connection was to be had, or the idle one was lost: of one that is at work, its statement tells. */
    void (*lost)(void *context);
};

/* Opens at once. None of the handlers and `done`s may free it. */
struct push_link *push_link_new(struct loop *loop, const struct store_settings *settings,
                                const struct push_link_handlers *handlers, void *context);
/* Without a call; a transaction is rolled back, a statement under way goes on unless it is cancelled. NULL is fine. */
void push_link_free(struct push_link *link);

/* Several statements without parameters (NULL), or one. `done` runs once, later; the next may be sent in it. */
void push_link_run(struct push_link *link, const char *sql, const struct parameters *parameters,
                   push_done_fn done, void *context);
/* COPY ... FROM STDIN; the bytes are borrowed until `done`. */
void push_link_copy(struct push_link *link, const char *sql, const void *bytes, size_t size,
                    push_done_fn done, void *context);
/* For PQcancel on another thread, which waits; freed by PQfreeCancel. NULL: there is nothing to cancel. */
PGcancel *push_link_canceller(const struct push_link *link);
