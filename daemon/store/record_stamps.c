#include "store/record_stamps.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"

struct record_stamps {
    struct record_stamp usual;
    struct text_map by_id; /* to a row of `listed` */
    struct record_stamp *listed;
    uint32_t count, capacity;
    struct arena *ids;
};

struct record_stamps *record_stamps_new(void)
{
    struct record_stamps *stamps = heap_zalloc(sizeof *stamps);
    text_map_init(&stamps->by_id);
    stamps->ids = arena_new(0);
    return stamps;
}

void record_stamps_free(struct record_stamps *stamps)
{
    if (!stamps)
        return;
    text_map_fini(&stamps->by_id);
    free(stamps->listed);
    arena_free(stamps->ids);
    free(stamps);
}

void record_stamps_set_usual(struct record_stamps *stamps, struct record_stamp usual)
{
    stamps->usual = usual;
}

void record_stamps_add(struct record_stamps *stamps, const char *id, size_t id_bytes,
                       struct record_stamp stamp)
{
    if (stamps->count == stamps->capacity) {
        stamps->capacity = stamps->capacity ? stamps->capacity * 2 : 1024;
        stamps->listed = heap_realloc(stamps->listed, stamps->capacity * sizeof *stamps->listed);
    }
    text_map_set(&stamps->by_id, arena_strndup(stamps->ids, id, id_bytes), stamps->count);
    stamps->listed[stamps->count++] = stamp;
}

struct record_stamp record_stamps_find(const struct record_stamps *stamps, const char *id)
{
    uint32_t row = stamps->count ? text_map_get(&stamps->by_id, id) : TEXT_MAP_NONE;
    return row == TEXT_MAP_NONE ? stamps->usual : stamps->listed[row];
}
