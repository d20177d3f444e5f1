#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct arena;
struct snapshot;
struct working_set;

/* A snapshot's records and registries in a file, so that a start needs the changes since from the database alone. Only the
 * program that wrote it reads it: another version's, a damaged or a cut one is not read. It holds contacts: owner's eyes only. */

/* Writes it beside the path and puts it in its place at once, whole and on the disk. Any thread; takes seconds for millions. */
struct status snapshot_file_write(struct arena *arena, const char *path, const struct snapshot *snapshot);

/* A file whose head is right; the records are verified as they are read. */
struct snapshot_file;

/* NULL: there is none, or one that is not to be used, which is logged. */
struct snapshot_file *snapshot_file_open(const char *path);
void snapshot_file_close(struct snapshot_file *file); /* NULL is fine */

const char *snapshot_file_epoch(const struct snapshot_file *file);
uint64_t snapshot_file_revision(const struct snapshot_file *file);
int64_t snapshot_file_change_set(const struct snapshot_file *file);

/* Puts all into an empty set, decoding on threads of its own; `count` follows the records. False: it is damaged, and the set
 * holds a part of it. */
bool snapshot_file_load(const struct snapshot_file *file, struct working_set *set, _Atomic uint64_t *count);
