#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/import_report.h"
#include "partner/v1/registry.pb-c.h"

struct arena;

/* Changes to a registry from a file, plain or gzip, "-" being standard input. What it is shows in its first character.
 *
 * JSON lines ('{'): one partner.v1.Change or partner.v1.Record a line, as proto JSON; a Record is an upsert. Empty lines are
 * passed over.
 *
 * CSV (with a header; commas, or semicolons where the header has no comma): a column is a field by its path, with the kind in
 * front ("offer.duration.min_days"), or without where there is a column `kind` (organisation, offer, need, partnership).
 * A row makes an upsert for each kind that it has values for, and a delete of what stands in a column `delete_id`. Items of a list
 * are joined by "|"; a path through a list of parts ("organisation.languages.language", "organisation.languages.level")
 * gives that part of each. Enums by name, with or without prefix, in any case; an empty cell says nothing. */

struct import_change {
    const char *path;
    size_t line;
    Partner__V1__Change *change; /* in the sink's arena */
};

struct import_mapping;

struct import_sink {
    /* Where messages go; the function may put another one here between two changes. */
    struct arena *arena;
    /* False: stop. */
    bool (*change)(void *context, const struct import_change *change);
    void *context;
    const struct import_mapping *mapping; /* of a CSV's columns; NULL: they are fields themselves */
};

/* True: all was read and nothing was wrong. A bad row is a fault, and is passed over. */
bool import_records(const char *path, struct import_report *report, struct import_sink *sink);
