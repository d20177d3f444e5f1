#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "model/batch.h"

struct arena;
struct transaction;

/* A batch's questions to the tables, and its rows in them. */

/* Adds the statements whose results batch_rows_facts reads; none for what isn't wanted. */
void batch_rows_ask(struct transaction *transaction, struct arena *arena, const char *registry,
                    const struct batch_wanted *wanted);
/* `results` are those of that statements; all is copied to the arena. */
void batch_rows_facts(struct arena *arena, const struct batch_wanted *wanted, PGresult *const *results,
                      struct batch_facts *ret_facts);

/* Those changes of judged batches of one registry that do change something, in their order. */
struct batch_rows {
    struct arena *arena;
    const char *registry;
    bool by_institution; /* as record.by_institution; false at first */
    const struct batch_change **changes;
    int64_t *change_sets, *ordinals; /* of each change: its batch's, its place there */
    size_t count;
};

/* `most`: changes of all batches together. */
void batch_rows_init(struct batch_rows *rows, struct arena *arena, const char *registry, size_t most);
/* The batch is borrowed. Returns how many rows it has. */
size_t batch_rows_add(struct batch_rows *rows, const struct batch *batch, int64_t change_set);
/* Adds the statements that make room: deletes, freed identifiers, and what all kinds have in common. Returns how many. */
size_t batch_rows_send_first(const struct batch_rows *rows, struct transaction *transaction);
/* Adds those that write the records from that index on, a bounded number; *ret_next is where the next ones begin. */
size_t batch_rows_send_records(const struct batch_rows *rows, struct transaction *transaction, size_t from,
                               size_t *ret_next);
/* Adds those that come last: taken identifiers, the log. */
size_t batch_rows_send_last(const struct batch_rows *rows, struct transaction *transaction);
