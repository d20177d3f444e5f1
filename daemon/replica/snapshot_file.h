#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct arena;
struct snapshot;
struct working_set;

/* A snapshot in a file, with all its indexes, as an image: a start maps it and needs the changes since from the database alone.
 * Only the very program that wrote it uses it; a damaged or a cut one is not used. It holds contacts: owner's eyes only. */

/* Writes it beside the path and puts it in its place at once, whole and on the disk. Any thread; takes seconds for millions, and
 * as much memory as a new base of the indexes. */
struct status snapshot_file_write(struct arena *arena, const char *path, const struct snapshot *snapshot);

/* A file whose head is right; the rest is verified as it is loaded. */
struct snapshot_file;

/* NULL: there is none, or one that is not to be used, which is logged. */
struct snapshot_file *snapshot_file_open(const char *path);
/* Nothing that was loaded from it is there any more. NULL is fine. */
void snapshot_file_close(struct snapshot_file *file);

const char *snapshot_file_epoch(const struct snapshot_file *file);
uint64_t snapshot_file_revision(const struct snapshot_file *file);
int64_t snapshot_file_change_set(const struct snapshot_file *file);
uint64_t snapshot_file_record_count(const struct snapshot_file *file);

/* Makes an empty set, whose vocabulary is there, one of the file's records, which stay in the file. False, which is logged: it is
 * damaged, or of another vocabulary; the set is empty still. */
bool snapshot_file_load(struct snapshot_file *file, struct working_set *set);
