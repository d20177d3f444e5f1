#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/status.h"
#include "model/record.h"
#include "store/pool.h"

struct arena;

/* The change log, read a page at a time on a store's connections, for those who follow it from further back than memory
 * reaches. */

/* The revision line as it is now. */
struct log_line {
    uint64_t newest;
    uint64_t trimmed; /* the log holds every revision after this one */
    const char *epoch;
    bool is_settled; /* false: the database has just become another one, whose epoch is still to be renewed */
};

/* A row of the log. Borrowed for the length of the call. */
struct log_row {
    uint64_t revision;
    int64_t time_us;
    int32_t change_count; /* rows of the revision */
    int32_t ordinal;
    enum record_kind kind; /* RECORD_NONE: no record's change */
    const char *id;
    const void *packed; /* record_pack's bytes; NULL: deleted */
    size_t packed_bytes;
};

/* One read; embedded in its owner, which stays until `done` has run. */
struct log_page {
    struct store_job job;
    struct store *store;
    struct pipeline *pipeline;
    struct arena *arena; /* of parameters and answer; emptied after `done` */
    uint64_t after_revision;
    int32_t after_ordinal;
    bool line_alone;
    /* On the loop, once. `rows` in order of revision and ordinal; both NULL unless OK.
     * UNAVAILABLE: the database can't be reached or takes too long. RESOURCE_EXHAUSTED: too many wait for it. */
    void (*done)(struct log_page *page, struct status status, const struct log_line *line,
                 const PGresult *rows);
};

/* Reads the line alone. The caller has set store, arena and done. */
void log_page_read_line(struct log_page *page);
/* Reads the changes after a revision, and of the next one those after an ordinal (-1: all): about 400 KB at most, and then
 * the line. */
void log_page_read(struct log_page *page, uint64_t after_revision, int32_t after_ordinal);

struct log_row log_row_of(const PGresult *rows, int row);
