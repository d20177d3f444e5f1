#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

struct loop;
struct parameters;
struct store_settings;

/* A connection in pipeline mode: statements go out in groups, a group's results come back together. The loop's thread alone. */
struct pipeline;

/* A statement, prepared on a connection when it is first used there. Static; the name is unique in the program. */
struct statement {
    const char *name, *sql;
};

enum pipeline_outcome {
    PIPELINE_OK,
    PIPELINE_FAILED, /* a statement failed, and those behind it in the group were not run */
    PIPELINE_LOST,   /* the connection went; what was run is not known */
};

struct pipeline_reply {
    enum pipeline_outcome outcome;
    PGresult *const *results; /* OK: one a statement, in order, binary; gone after the call */
    const char *sqlstate;     /* FAILED: of the statement that did; five characters */
    const char *reason;       /* FAILED: for the log: statement and PostgreSQL's message */
};

typedef void (*pipeline_done_fn)(void *context, const struct pipeline_reply *reply);

/* `changed` runs from the loop whenever the pipeline has become ready, has been lost, or an attempt to open it has failed;
 * a group under way is done with LOST before. */
struct pipeline *pipeline_new(struct loop *loop, const struct store_settings *settings,
                              void (*changed)(void *context, struct pipeline *pipeline), void *context);
void pipeline_free(struct pipeline *pipeline); /* a group under way is done with LOST */

bool pipeline_is_ready(const struct pipeline *pipeline);

/* Adds a statement to the group; parameters may be NULL. They are copied. Only while no group is under way. */
void pipeline_send(struct pipeline *pipeline, const struct statement *statement,
                   const struct parameters *parameters);
/* Ends the group. `done` runs once, from the loop or from pipeline_free; the next group may begin in it. */
void pipeline_sync(struct pipeline *pipeline, pipeline_done_fn done, void *context);
/* Gives the connection up and opens another. */
void pipeline_drop(struct pipeline *pipeline, const char *reason);
