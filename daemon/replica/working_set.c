#include "replica/working_set.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/index.h"
#include "replica/directory.h"
#include "replica/loader.h"
#include "replica/snapshot_layout.h"
#include "vocab/vocabulary.h"

/* An entry that is in no newer snapshot than the one of that generation. */
struct retired {
    struct stored_record *entry;
    uint64_t generation;
};

struct retired_list {
    struct retired *items;
    size_t first, count, capacity;
};

struct entry_list {
    const struct stored_record **items;
    size_t count, capacity;
};

struct working_set {
    struct match_builder *matching;
    struct loader *loader; /* while loading: the builder is its own */
    struct directory_builder *directory;
    bool is_directorys_turn; /* since the last new base was the index's */
    const struct vocabulary *vocabulary;

    struct snapshot *published; /* the last one; NULL at first */
    struct record_change *changes;
    size_t change_count, change_capacity;
    /* Id to its place in `changes`; keys are of entries that stay until the next publication. While a first load brings new records
     * alone, nobody asks, and it is made when somebody does. */
    struct text_map changed;
    size_t changed_count; /* how many of the changes are in it */

    struct registry_state *registries; /* in order of id */
    size_t registry_count;

    struct generation *oldest, *newest; /* of the snapshots that may still be read */
    uint64_t generation;
    struct entry_list replaced; /* since the last publication */
    struct retired_list retired;
};

struct working_set *working_set_new(void)
{
    struct working_set *set = heap_zalloc(sizeof *set);
    set->matching = match_builder_new();
    set->directory = directory_builder_new();
    text_map_init(&set->changed);
    return set;
}

static void entry_list_add(struct entry_list *list, const struct stored_record *entry)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = heap_realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = entry;
}

static void retire(struct retired_list *list, const struct stored_record *entry, uint64_t generation)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = heap_realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = (struct retired){(struct stored_record *)entry, generation};
}

/* Frees what only snapshots before that generation could read. The list is in order of generation. */
static void retired_free_before(struct retired_list *list, uint64_t generation)
{
    while (list->first < list->count && list->items[list->first].generation < generation)
        stored_record_release(list->items[list->first++].entry);
    if (list->first == 0 || list->first * 2 < list->count)
        return;
    memmove(list->items, list->items + list->first, (list->count - list->first) * sizeof *list->items);
    list->count -= list->first;
    list->first = 0;
}

/* ---- registries ---- */

static struct registry_state *registry_at(struct working_set *set, const char *id, size_t id_bytes, bool make)
{
    size_t place = 0;
    for (; place < set->registry_count; place++) {
        const char *other = set->registries[place].id;
        int order = strncmp(other, id, id_bytes);
        if (order == 0 && other[id_bytes] == '\0')
            return &set->registries[place];
        if (order > 0 || (order == 0 && other[id_bytes] != '\0'))
            break;
    }
    if (!make)
        return NULL;
    set->registries = heap_realloc(set->registries, (set->registry_count + 1) * sizeof *set->registries);
    memmove(set->registries + place + 1, set->registries + place,
            (set->registry_count - place) * sizeof *set->registries);
    set->registry_count++;
    char *copy = heap_zalloc(id_bytes + 1);
    memcpy(copy, id, id_bytes);
    set->registries[place] = (struct registry_state){.id = copy, .title = heap_strdup("")};
    return &set->registries[place];
}

void working_set_registry(struct working_set *set, const char *id, const char *title, int64_t time_us)
{
    struct registry_state *registry = registry_at(set, id, strlen(id), true);
    free(registry->title);
    registry->title = heap_strdup(title);
    registry->last_change_us = time_us;
}

static void count_record(struct working_set *set, const struct stored_record *entry, int by, int64_t time_us)
{
    const char *id = stored_record_id(entry);
    struct registry_state *registry = registry_at(set, id, id_registry_bytes(id), true);
    registry->counts[entry->kind] += (uint64_t)by;
    if (time_us > registry->last_change_us)
        registry->last_change_us = time_us;
}

/* ---- records ---- */

static uint32_t changed_place(struct working_set *set, const char *id)
{
    for (; set->changed_count < set->change_count; set->changed_count++) {
        const struct record_change *change = &set->changes[set->changed_count];
        text_map_set(&set->changed, stored_record_id(change->old ? change->old : change->new),
                     (uint32_t)set->changed_count);
    }
    return text_map_get(&set->changed, id);
}

static struct record_change *change_new(struct working_set *set)
{
    if (set->change_count == set->change_capacity) {
        set->change_capacity = set->change_capacity ? set->change_capacity * 2 : 256;
        set->changes = heap_realloc(set->changes, set->change_capacity * sizeof *set->changes);
    }
    return &set->changes[set->change_count++];
}

/* What the set has of an id now, and the change that it stands in; a new change where there is none yet. */
static struct record_change *change_of(struct working_set *set, const char *id,
                                       const struct stored_record *new)
{
    bool is_first_load = set->loader && !set->published;
    uint32_t place = is_first_load ? TEXT_MAP_NONE : changed_place(set, id);
    if (place != TEXT_MAP_NONE)
        return &set->changes[place];
    const struct stored_record *old = set->published ? record_set_find(&set->published->records, id) : NULL;
    if (!old && !new)
        return NULL;
    struct record_change *change = change_new(set);
    *change = (struct record_change){.old = old, .new = old};
    return change;
}

/* Puts `new` (or NULL) in the place of what the set has. */
static void replace(struct working_set *set, struct record_change *change, const struct stored_record *new,
                    int64_t time_us)
{
    const struct stored_record *before = change->new;
    if (before) {
        count_record(set, before, -1, time_us);
        entry_list_add(&set->replaced, before);
    }
    if (new)
        count_record(set, new, 1, time_us);
    change->new = new;
}

void working_set_put(struct working_set *set, const struct record *record, const void *packed,
                     size_t packed_bytes, uint64_t revision, int64_t update_time_us)
{
    struct stored_record *entry = stored_record_new(record, packed, packed_bytes, revision, update_time_us);
    struct record_change *change = change_of(set, stored_record_id(entry), entry);
    bool was_organisation = change->new && change->new->kind == RECORD_ORGANISATION;
    replace(set, change, entry, entry->update_time_us);
    if (set->loader)
        loader_put(set->loader, record, entry);
    else
        match_builder_put_stored(set->matching, record, entry);
    if (record->kind == RECORD_ORGANISATION)
        directory_builder_put(set->directory, record->organisation);
    else if (was_organisation)
        directory_builder_remove(set->directory, stored_record_id(entry));
}

/* The heap of a thread that isn't the first takes a system call for each page that it grows by, unless it is mapped whole. */
static void grow_heaps(bool whole)
{
    enum { HEAP_BYTES = 64 << 20, USUAL_BYTES = 128 << 10 };
    mallopt(M_TOP_PAD, whole ? HEAP_BYTES : USUAL_BYTES);
}

void working_set_load_begin(struct working_set *set)
{
    grow_heaps(true);
    set->loader = loader_new(set->matching);
}

struct arena *working_set_load_arena(struct working_set *set)
{
    return set->loader ? loader_arena(set->loader) : NULL;
}

void working_set_load_end(struct working_set *set)
{
    if (!set->loader)
        return;
    loader_finish(set->loader);
    set->loader = NULL;
    grow_heaps(false);
}

void working_set_remove(struct working_set *set, const char *id, int64_t time_us)
{
    struct record_change *change = change_of(set, id, NULL);
    if (!change || !change->new)
        return;
    if (change->new->kind == RECORD_ORGANISATION)
        directory_builder_remove(set->directory, id);
    match_builder_remove(set->matching, id);
    replace(set, change, NULL, time_us);
}

void working_set_vocabulary(struct working_set *set, const struct vocabulary *vocabulary)
{
    vocabulary_release(set->vocabulary);
    set->vocabulary = vocabulary_acquire(vocabulary);
    match_builder_set_vocabulary(set->matching, vocabulary);
}

static void registries_free(struct registry_state *registries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(registries[i].id);
        free(registries[i].title);
    }
    free(registries);
}

void working_set_clear(struct working_set *set)
{
    working_set_load_end(set);
    if (set->published) {
        struct record_cursor cursor = record_cursor_at(&set->published->records, "", RECORD_NONE);
        for (const struct stored_record *entry; (entry = record_cursor_next_record(&cursor)) != NULL;)
            working_set_remove(set, stored_record_id(entry), 0);
    }
    for (size_t i = 0; i < set->change_count; i++)
        if (set->changes[i].new)
            working_set_remove(set, stored_record_id(set->changes[i].new), 0);
    registries_free(set->registries, set->registry_count);
    set->registries = NULL;
    set->registry_count = 0;
}

/* ---- publishing ---- */

static struct registry_state *registries_copy(const struct working_set *set)
{
    struct registry_state *copy = heap_alloc(set->registry_count * sizeof *copy);
    for (size_t i = 0; i < set->registry_count; i++) {
        copy[i] = set->registries[i];
        copy[i].id = heap_strdup(set->registries[i].id);
        copy[i].title = heap_strdup(set->registries[i].title);
    }
    return copy;
}

static struct generation *generation_begin(struct working_set *set)
{
    struct generation *generation = heap_zalloc(sizeof *generation);
    generation->number = ++set->generation;
    if (set->newest)
        set->newest->next = generation;
    else
        set->oldest = generation;
    set->newest = generation;
    return generation;
}

/* Forgets the oldest generations that nobody reads, and what they alone could read. */
static void generations_end(struct working_set *set)
{
    while (set->oldest && atomic_load_explicit(&set->oldest->gone, memory_order_acquire)) {
        struct generation *gone = set->oldest;
        set->oldest = gone->next;
        free(gone);
    }
    if (!set->oldest)
        set->newest = NULL;
    retired_free_before(&set->retired, set->oldest ? set->oldest->number : set->generation + 1);
}

/* Only older snapshots than the one that is being published read what was replaced. */
static void retire_replaced(struct working_set *set)
{
    uint64_t last = set->generation ? set->generation - 1 : 0; /* 0: nothing has been published */
    for (size_t i = 0; i < set->replaced.count; i++)
        retire(&set->retired, set->replaced.items[i], last);
    set->replaced.count = 0;
}

/* With so many changes, as after a load, the match index is made on a thread beside the rest. */
enum { PUBLISH_BESIDE = 50000 };

static void *run_publish(void *context)
{
    return match_builder_publish(context);
}

static void publish_parts(struct working_set *set, struct snapshot *snapshot)
{
    static const struct record_set none = {0};
    pthread_t thread;
    void *index = NULL;
    bool is_beside =
        set->change_count >= PUBLISH_BESIDE && pthread_create(&thread, NULL, run_publish, set->matching) == 0;
    snapshot->directory = directory_builder_publish(set->directory);
    snapshot->records =
        record_set_next(set->published ? &set->published->records : &none, set->changes, set->change_count);
    if (is_beside)
        pthread_join(thread, &index);
    snapshot->index = is_beside ? index : match_builder_publish(set->matching);
}

static struct snapshot *snapshot_begin(struct working_set *set, uint64_t revision)
{
    struct snapshot *snapshot = heap_alloc(sizeof *snapshot);
    *snapshot = (struct snapshot){
        .revision = revision,
        .vocabulary = vocabulary_acquire(set->vocabulary),
        .registries = registries_copy(set),
        .registry_count = set->registry_count,
        .references = 1,
        .generation = generation_begin(set),
    };
    return snapshot;
}

struct snapshot *working_set_publish(struct working_set *set, uint64_t revision)
{
    struct snapshot *snapshot = snapshot_begin(set, revision);
    publish_parts(set, snapshot);
    text_map_fini(&set->changed);
    set->changed_count = set->change_count = 0;
    retire_replaced(set);
    snapshot_release(set->published);
    set->published = snapshot_acquire(snapshot);
    generations_end(set);
    return snapshot;
}

bool working_set_stand_on(struct working_set *set, const struct snapshot_root *root, uint64_t revision)
{
    working_set_load_end(set);
    if (!match_builder_set_image(set->matching, root->index))
        return false;
    directory_builder_set_base(set->directory, root->directory);
    for (size_t i = 0; i < root->registry_count; i++) {
        const struct registry_state *from = &root->registries[i];
        working_set_registry(set, from->id, from->title, from->last_change_us);
        memcpy(registry_at(set, from->id, strlen(from->id), false)->counts, from->counts,
               sizeof from->counts);
    }
    struct snapshot *snapshot = snapshot_begin(set, revision);
    snapshot->records = record_set_of_image(root->records);
    snapshot->directory = directory_builder_publish(set->directory);
    snapshot->index = match_builder_publish(set->matching);
    set->published = snapshot;
    return true;
}

/* ---- new bases ---- */

/* One of the two. */
struct working_set_rebuild {
    struct match_rebuild *matching;
    struct directory_fold *directory;
    struct working_set_rebuild *older; /* whose old base is not let go of yet, or NULL */
};

static bool begin_index(struct working_set *set, struct working_set_rebuild *ret_due)
{
    if (match_builder_wants_rebuild(set->matching))
        ret_due->matching = match_rebuild_begin(set->matching);
    return ret_due->matching;
}

static bool begin_directory(struct working_set *set, struct working_set_rebuild *ret_due)
{
    ret_due->directory = directory_fold_begin(set->directory);
    return ret_due->directory;
}

struct working_set_rebuild *working_set_rebuild_begin(struct working_set *set,
                                                      struct working_set_rebuild *older)
{
    struct working_set_rebuild due = {0};
    if (!(set->is_directorys_turn && begin_directory(set, &due)) && !begin_index(set, &due) &&
        !begin_directory(set, &due))
        return NULL;
    set->is_directorys_turn = due.matching;
    struct working_set_rebuild *rebuild = heap_alloc(sizeof *rebuild);
    *rebuild = due;
    rebuild->older = older;
    return rebuild;
}

bool working_set_rebuild_run(struct working_set_rebuild *rebuild)
{
    if (rebuild->matching)
        match_rebuild_run(rebuild->matching);
    else
        directory_fold_run(rebuild->directory);
    return rebuild->matching != NULL;
}

void working_set_rebuild_finish(struct working_set *set, struct working_set_rebuild *rebuild)
{
    if (rebuild->directory) {
        directory_fold_finish(set->directory, rebuild->directory);
        return;
    }
    bool is_loading = set->loader != NULL;
    working_set_load_end(set);
    match_rebuild_finish(set->matching, rebuild->matching);
    if (is_loading)
        working_set_load_begin(set);
}

struct working_set_rebuild *working_set_rebuild_let_go(struct working_set_rebuild *rebuild)
{
    struct working_set_rebuild *left = rebuild;
    for (struct working_set_rebuild **at = &left; *at;) {
        struct working_set_rebuild *one = *at;
        if (one->matching ? !match_rebuild_let_go(one->matching) : !directory_fold_let_go(one->directory)) {
            at = &one->older;
            continue;
        }
        *at = one->older;
        one->older = NULL;
        working_set_rebuild_free(one);
    }
    return left;
}

void working_set_rebuild_free(struct working_set_rebuild *rebuild)
{
    for (struct working_set_rebuild *older; rebuild; rebuild = older) {
        older = rebuild->older;
        match_rebuild_free(rebuild->matching);
        directory_fold_free(rebuild->directory);
        free(rebuild);
    }
}

/* ---- the end ---- */

/* All entries that are in the set as it is now. */
static void retire_all(struct working_set *set)
{
    for (size_t i = 0; i < set->change_count; i++)
        if (set->changes[i].new != set->changes[i].old)
            entry_list_add(&set->replaced, set->changes[i].new);
    if (set->published) {
        struct record_cursor cursor = record_cursor_beside_image(&set->published->records);
        for (const struct stored_record *entry; (entry = record_cursor_next_record(&cursor)) != NULL;) {
            uint32_t place = changed_place(set, stored_record_id(entry));
            if (place == TEXT_MAP_NONE || set->changes[place].new == set->changes[place].old)
                entry_list_add(&set->replaced, entry);
        }
    }
}

void working_set_free(struct working_set *set)
{
    if (!set)
        return;
    working_set_load_end(set);
    retire_all(set);
    text_map_fini(&set->changed);
    free(set->changes);
    snapshot_release(set->published);
    generations_end(set);
    retire_replaced(set);
    free(set->replaced.items);
    retired_free_before(&set->retired, UINT64_MAX);
    free(set->retired.items);
    registries_free(set->registries, set->registry_count);
    directory_builder_free(set->directory);
    match_builder_free(set->matching);
    vocabulary_release(set->vocabulary);
    free(set);
}
