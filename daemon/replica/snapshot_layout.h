#pragma once

#include <stdint.h>

#include "base/build_id.h"

struct directory_base;
struct record_node;
struct registry_state;

/* What a snapshot's image says of itself, and where everything is in it. */

struct snapshot_label {
    char magic[16];
    unsigned char build[BUILD_ID_BYTES]; /* the program's: another build may lay data out differently */
    char epoch[64];
    uint64_t revision;
    int64_t change_set;
    uint64_t record_count;
};

#define SNAPSHOT_MAGIC "partnerd records"

struct snapshot_root {
    const struct record_node *records;
    const struct directory_base *directory;
    const void *index;
    const struct registry_state *registries;
    uint64_t registry_count;
};
