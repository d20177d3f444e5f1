#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct bench;
struct feed;

/* All that a feed has given, kept as a replica would, and checked as it comes. */

struct mirror_record {
    char *id;
    void *packed; /* NULL: deleted */
    size_t packed_bytes;
    uint64_t revision;
    int64_t time_us;
};

struct mirror {
    struct bench *bench;
    struct feed *feed;
    struct mirror_record *records;
    size_t record_count;
    struct text_map by_id;
    uint64_t revision, newest;
    uint64_t changed_in; /* the revision of changes not done yet; 0: none */
    unsigned load_count, registry_count, concept_count, word_count, vocabulary_count, lost_count;
    bool is_loading, is_loaded, is_reachable;
    char epoch[64];
    char last_title[64];
    char last_concept
        [200]; /* vocabulary|code|broader|related|sectors|label|other labels|description of the last words */
};

void mirror_open(struct mirror *mirror, struct bench *bench);
/* That hears of changes by notifications alone. */
void mirror_open_listening(struct mirror *mirror, struct bench *bench);
void mirror_close(struct mirror *mirror);
/* Until it stands at that revision or later. */
void mirror_wait(struct mirror *mirror, uint64_t revision);
/* Records that are there. */
size_t mirror_count(const struct mirror *mirror);
/* Both hold the same records. */
void mirror_assert_equal(const struct mirror *left, const struct mirror *right);
