#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replica/record_set.h"
#include "replica/snapshot.h"

struct arena;
struct match_builder;
struct directory_builder;
struct snapshot_root;

/* The records as the replica is changing them: the set that was published last, what has changed since, the registries'
 * counts, and the builders of the indexes. The replica's thread alone. */
struct working_set;

struct working_set *working_set_new(void);
/* Every snapshot that was made of it has been released. */
void working_set_free(struct working_set *set);

/* Makes an empty set, whose vocabulary is there, one of an image's records, as if it had published them as that revision. False:
 * the image is of another vocabulary. */
bool working_set_stand_on(struct working_set *set, const struct snapshot_root *root, uint64_t revision);

/* A new or changed record, all borrowed for the length of the call. */
void working_set_put(struct working_set *set, const struct record *record, const void *packed,
                     size_t packed_bytes, uint64_t revision, int64_t update_time_us);
/* From here to working_set_load_end or _clear records are new ones and nothing else is called: they are indexed on a thread
 * beside. The vocabulary is there. */
void working_set_load_begin(struct working_set *set);
/* Meanwhile, where the message of the next record lies, which is read there later; else NULL. */
struct arena *working_set_load_arena(struct working_set *set);
void working_set_load_end(struct working_set *set);
/* Nothing happens where there is none. */
void working_set_remove(struct working_set *set, const char *id, int64_t time_us);
void working_set_registry(struct working_set *set, const char *id, const char *title, int64_t time_us);
void working_set_vocabulary(struct working_set *set, const struct vocabulary *vocabulary);
/* Removes all records and registries: the database is another one. */
void working_set_clear(struct working_set *set);

/* A snapshot of all as it is now, with one reference; frees what no snapshot reads any more. There is a vocabulary. */
struct snapshot *working_set_publish(struct working_set *set, uint64_t revision);

/* A new base for the match index or for the directory, whichever is due, and in turn where both are: made on any thread while the set
 * goes on. */
struct working_set_rebuild;
/* NULL where none is due. At most one at a time. Takes over those before whose old bases others still have; may be NULL. */
struct working_set_rebuild *working_set_rebuild_begin(struct working_set *set,
                                                      struct working_set_rebuild *older);
/* Any thread; takes long. Returns whether it is the match index's. */
bool working_set_rebuild_run(struct working_set_rebuild *rebuild);
/* The next snapshot stands on it. */
void working_set_rebuild_finish(struct working_set *set, struct working_set_rebuild *rebuild);
/* Any thread, behind that; takes long. Lets go of the old base where no snapshot has it any more, so that no reader has to, and of
 * those before. What is left, to be asked again: NULL, nothing. */
struct working_set_rebuild *working_set_rebuild_let_go(struct working_set_rebuild *rebuild);
/* Any thread, before the set is freed; lets go of all. NULL is fine. */
void working_set_rebuild_free(struct working_set_rebuild *rebuild);
