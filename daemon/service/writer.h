#pragma once

struct loop;
struct store_batch;
struct store_settings;
struct writer;

/* Writes all loops' batches on a loop of its own, so that a registry's lock is held for as long as the database takes, and not over
 * the turns of a loop that answers questions; and batches that come by several loops wait in one queue (store/batch_share.h). */

struct writer *writer_new(const struct store_settings *settings);
void writer_start(struct writer *writer);
void writer_stop(struct writer *writer); /* waits until its thread has ended */
/* The loops of those who wait are still there: they are told UNAVAILABLE. NULL is fine. */
void writer_free(struct writer *writer);

/* As store_batch_apply (store/batch.h), from the thread of `loop`, where `done` runs later; `pack` runs on the writer's. The batch and
 * its arena are the writer's until then. */
void writer_apply(struct writer *writer, struct loop *loop, const struct store_batch *request);
