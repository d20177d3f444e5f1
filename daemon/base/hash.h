#pragma once

#include <stddef.h>
#include <stdint.h>

/* A fast 64-bit hash of bytes, the same on every run; not for secrets. */
uint64_t hash_bytes(const void *bytes, size_t size);
uint64_t hash_text(const char *text);

/* A hash from process-private random state would hinder golden tests; what comes from outside is bounded instead. */

/* Text to a 32-bit number: open addressing, one thread writes, readers only when nobody writes.
 * Keys are borrowed: the caller keeps their bytes as long as the map. */
struct text_map {
    struct text_map_slot *slots;
    size_t slot_count, count;
};

struct text_map_slot {
    const char *key; /* NULL: free */
    uint32_t hash, value;
};

#define TEXT_MAP_NONE UINT32_MAX

void text_map_init(struct text_map *map);
void text_map_fini(struct text_map *map);
/* Sets, or replaces the value. TEXT_MAP_NONE is no value. */
void text_map_set(struct text_map *map, const char *key, uint32_t value);
/* TEXT_MAP_NONE where it isn't. */
uint32_t text_map_get(const struct text_map *map, const char *key);
uint32_t text_map_get_bytes(const struct text_map *map, const char *key, size_t size);
void text_map_remove(struct text_map *map, const char *key);
