#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replica/record_set.h"

struct arena;
struct directory;
struct match_index;
struct vocabulary;

/* What one registry holds. */
struct registry_state {
    char *id, *title;
    uint64_t counts[RECORD_KIND_COUNT];
    int64_t last_change_us; /* of its records or itself; 0: never */
};

/* Everything that answers come from, as of one revision: immutable, counted, read from any thread. */
struct snapshot {
    uint64_t revision;
    int64_t change_set; /* that took this revision */
    char *epoch;        /* of the database's history, which the revision belongs to */
    const struct vocabulary *vocabulary;
    const struct match_index *index;
    const struct directory *directory;
    struct record_set records;
    struct registry_state *registries; /* in order of id */
    size_t registry_count;

    _Atomic unsigned references;
    struct generation *generation; /* the replica's note of who still reads */
};

struct snapshot *snapshot_acquire(const struct snapshot *snapshot);
void snapshot_release(const struct snapshot *snapshot);

/* The stored record, unpacked into the arena with its output fields (same_as aside) set; false: there is none of that
 * kind. RECORD_NONE: of any kind. */
bool snapshot_record(const struct snapshot *snapshot, struct arena *arena, enum record_kind kind,
                     const char *id, struct record *ret_record);
/* The same of an entry of the snapshot. */
struct record snapshot_unpack(struct arena *arena, const struct stored_record *entry);

/* One entry a publication: `gone` once its snapshot has been released, so that what only it could read may be freed. */
struct generation {
    struct generation *next;
    uint64_t number;
    _Atomic bool gone;
};

/* Where the newest snapshot is found. The lock is held for a pointer and a count alone. */
struct snapshot_ref;
struct snapshot_ref *snapshot_ref_new(void);
void snapshot_ref_free(struct snapshot_ref *ref);
/* The newest, acquired; NULL before the first one. Any thread. */
struct snapshot *snapshot_ref_acquire(struct snapshot_ref *ref);
/* Takes over the caller's reference, and releases the former one. */
void snapshot_ref_set(struct snapshot_ref *ref, struct snapshot *snapshot);
