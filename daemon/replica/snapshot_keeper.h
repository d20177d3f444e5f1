#pragma once

#include <stdint.h>

struct snapshot_ref;

/* Writes the newest snapshot into a file now and then, on a thread of its own: readers and the replica never wait. */
struct snapshot_keeper;

/* The path is copied; the reference outlives the keeper. */
struct snapshot_keeper *snapshot_keeper_new(struct snapshot_ref *newest, const char *path, unsigned minutes);
/* The file holds that revision already. Any thread. */
void snapshot_keeper_note(struct snapshot_keeper *keeper, const char *epoch, uint64_t revision);
/* Writes what is newer than the file, and ends. NULL is fine. */
void snapshot_keeper_free(struct snapshot_keeper *keeper);
