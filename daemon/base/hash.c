#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/arena.h"

uint64_t hash_bytes(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

uint64_t hash_text(const char *text)
{
    return hash_bytes(text, strlen(text));
}

void text_map_init(struct text_map *map)
{
    *map = (struct text_map){0};
}

void text_map_fini(struct text_map *map)
{
    free(map->slots);
    *map = (struct text_map){0};
}

/* The key's slot, or the free one where it would go. The table is never full. */
static struct text_map_slot *text_map_find(const struct text_map *map, const char *key, size_t size,
                                           uint32_t hash)
{
    size_t mask = map->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct text_map_slot *slot = &map->slots[i];
        if (!slot->key ||
            (slot->hash == hash && strncmp(slot->key, key, size) == 0 && slot->key[size] == '\0'))
            return slot;
    }
}

/* Where a key goes that isn't there: without a look at the other keys, which may be far away. */
static struct text_map_slot *free_slot(const struct text_map *map, uint32_t hash)
{
    size_t i = hash & (map->slot_count - 1);
    while (map->slots[i].key)
        i = (i + 1) & (map->slot_count - 1);
    return &map->slots[i];
}

static void text_map_resize(struct text_map *map, size_t slot_count)
{
    struct text_map old = *map;
    map->slots = heap_zalloc(slot_count * sizeof *map->slots);
    map->slot_count = slot_count;
    for (size_t i = 0; i < old.slot_count; i++) {
        const struct text_map_slot *slot = &old.slots[i];
        if (slot->key)
            *free_slot(map, slot->hash) = *slot;
    }
    free(old.slots);
}

void text_map_set(struct text_map *map, const char *key, uint32_t value)
{
    if ((map->count + 1) * 4 > map->slot_count * 3)
        text_map_resize(map, map->slot_count ? map->slot_count * 2 : 16);
    size_t size = strlen(key);
    uint32_t hash = (uint32_t)hash_bytes(key, size);
    struct text_map_slot *slot = text_map_find(map, key, size, hash);
    if (!slot->key) {
        *slot = (struct text_map_slot){key, hash, 0};
        map->count++;
    }
    slot->value = value;
}

uint32_t text_map_get_bytes(const struct text_map *map, const char *key, size_t size)
{
    if (!map->slot_count)
        return TEXT_MAP_NONE;
    const struct text_map_slot *slot = text_map_find(map, key, size, (uint32_t)hash_bytes(key, size));
    return slot->key ? slot->value : TEXT_MAP_NONE;
}

uint32_t text_map_get(const struct text_map *map, const char *key)
{
    return text_map_get_bytes(map, key, strlen(key));
}

void text_map_remove(struct text_map *map, const char *key)
{
    if (!map->slot_count)
        return;
    size_t size = strlen(key), mask = map->slot_count - 1;
    struct text_map_slot *slot = text_map_find(map, key, size, (uint32_t)hash_bytes(key, size));
    if (!slot->key)
        return;
    /* Moves later ones of the run into the hole, so that no run is cut. */
    size_t hole = (size_t)(slot - map->slots);
    for (size_t i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
        size_t home = map->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole].key = NULL;
    map->count--;
}
