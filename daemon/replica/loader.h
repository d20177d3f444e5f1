#pragma once

struct arena;
struct match_builder;
struct record;
struct stored_record;

/* Puts the records of a load into a match builder on a thread of its own, so that reading them and indexing them go on at the
 * same time. Meanwhile nobody else touches the builder. */
struct loader;

struct loader *loader_new(struct match_builder *builder);
/* Where the next record has to lie: it is read there in place, and gone when it has been. */
struct arena *loader_arena(struct loader *loader);
/* In the order of the calls; waits while the thread is far behind. The entry stays until the end. */
void loader_put(struct loader *loader, const struct record *record, const struct stored_record *entry);
/* Returns when all have been put. NULL is fine. */
void loader_finish(struct loader *loader);
