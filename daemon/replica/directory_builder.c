#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/owners.h"
#include "base/text.h"
#include "replica/directory_data.h"

/* A change; the last one of an id counts. */
struct change {
    struct directory_entry *entry; /* NULL: removed */
    char *id;                      /* of a removed one, owned; else the entry's */
    size_t order;
};

struct change_queue {
    struct change *items;
    size_t count, capacity;
};

struct directory_builder {
    struct directory *last; /* published; NULL before the first time */
    struct change_queue pending, since_fold;
    bool is_folding;
};

/* A fold is due when more than this, and a share of all, has changed since the base was made. */
enum { LEAST_CHANGES = 1000, CHANGES_ONE_IN = 500 };

/* ---- changes ---- */

static void queue_add(struct change_queue *queue, struct directory_entry *entry, char *id)
{
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? queue->capacity * 2 : 64;
        queue->items = heap_realloc(queue->items, queue->capacity * sizeof *queue->items);
    }
    queue->items[queue->count] = (struct change){entry, id, queue->count};
    queue->count++;
}

/* Puts all of one queue behind the other. */
static void queue_move(struct change_queue *to, struct change_queue *from)
{
    for (size_t i = 0; i < from->count; i++)
        queue_add(to, from->items[i].entry, from->items[i].id);
    from->count = 0;
}

static void queue_clear(struct change_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (queue->items[i].entry)
            directory_entry_release(queue->items[i].entry);
        else
            free(queue->items[i].id);
    }
    queue->count = 0;
}

static int compare_changes(const void *left, const void *right)
{
    const struct change *a = left, *b = right;
    int order = strcmp(a->id, b->id);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static bool is_overruled(const struct change_queue *queue, size_t i)
{
    return i + 1 < queue->count && text_equal(queue->items[i].id, queue->items[i + 1].id);
}

void directory_builder_put(struct directory_builder *builder, const pb_organisation *organisation)
{
    struct directory_entry *entry = directory_entry_new(organisation);
    queue_add(&builder->pending, entry, entry->data);
}

void directory_builder_remove(struct directory_builder *builder, const char *id)
{
    queue_add(&builder->pending, NULL, heap_strdup(id));
}

/* ---- life ---- */

static struct directory *directory_of(struct directory_base *base)
{
    struct directory *directory = heap_zalloc(sizeof *directory);
    atomic_init(&directory->owners, 1);
    directory->base = base;
    directory->count = base->count;
    directory->dead = heap_zalloc(directory_bit_words(base->count) * sizeof *directory->dead);
    return directory;
}

struct directory_builder *directory_builder_new(void)
{
    struct directory_builder *builder = heap_zalloc(sizeof *builder);
    builder->last = directory_of(directory_base_new(NULL, 0));
    return builder;
}

void directory_builder_free(struct directory_builder *builder)
{
    if (!builder)
        return;
    queue_clear(&builder->pending);
    queue_clear(&builder->since_fold);
    free(builder->pending.items);
    free(builder->since_fold.items);
    directory_release(builder->last);
    free(builder);
}

/* ---- publishing ---- */

/* The base's row of that id counts no more. */
static void mark_dead(struct directory *directory, const char *id)
{
    uint32_t row = directory_base_row(directory->base, id);
    if (row == directory->base->count || !text_equal(directory->base->entries[row]->id, id) ||
        directory_is_dead(directory, row))
        return;
    directory->dead[row / 64] |= (uint64_t)1 << row % 64;
    directory->dead_count++;
}

/* Puts the changes, in order, over the entries that stood beside the base; marks the base's rows they replace. */
static void merge(const struct directory *last, const struct change_queue *changes, struct directory *next)
{
    uint32_t old = 0;
    next->added = heap_alloc((last->added_count + changes->count) * sizeof *next->added);
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->items[i];
        if (is_overruled(changes, i))
            continue;
        for (; old < last->added_count && strcmp(last->added[old]->id, change->id) < 0; old++)
            next->added[next->added_count++] = directory_entry_acquire(last->added[old]);
        old += old < last->added_count && text_equal(last->added[old]->id, change->id);
        if (change->entry)
            next->added[next->added_count++] = directory_entry_acquire(change->entry);
        mark_dead(next, change->id);
    }
    for (; old < last->added_count; old++)
        next->added[next->added_count++] = directory_entry_acquire(last->added[old]);
}

static struct directory *directory_next(const struct directory *last, const struct change_queue *changes)
{
    struct directory *next = directory_of(directory_base_acquire(last->base));
    memcpy(next->dead, last->dead, directory_bit_words(next->base->count) * sizeof *next->dead);
    next->dead_count = last->dead_count;
    merge(last, changes, next);
    next->count = next->base->count - next->dead_count + next->added_count;
    return next;
}

/* A base of all that counts; the directory's own where that is all. */
static struct directory_base *whole_base(const struct directory *directory)
{
    if (!directory->added_count && !directory->dead_count)
        return directory_base_acquire(directory->base);
    return directory_base_merge(directory->base, directory->dead, directory->added, directory->added_count);
}

/* As after a load: then a base is made at once. */
static bool is_mostly_new(const struct directory *directory)
{
    return directory->added_count > LEAST_CHANGES + directory->base->count - directory->dead_count;
}

const struct directory *directory_builder_publish(struct directory_builder *builder)
{
    struct change_queue *pending = &builder->pending;
    if (!pending->count)
        return directory_acquire(builder->last);
    qsort(pending->items, pending->count, sizeof *pending->items, compare_changes);
    struct directory *next = directory_next(builder->last, pending);
    if (builder->is_folding)
        queue_move(&builder->since_fold, pending);
    else if (is_mostly_new(next)) {
        struct directory *whole = directory_of(whole_base(next));
        directory_release(next);
        next = whole;
    }
    queue_clear(pending);
    directory_release(builder->last);
    builder->last = next;
    return directory_acquire(next);
}

/* ---- folding ---- */

struct directory_fold {
    const struct directory *from;
    struct directory_base *base; /* made of it */
    struct directory_base *old;  /* once there is a new one */
};

struct directory_fold *directory_fold_begin(struct directory_builder *builder)
{
    const struct directory *last = builder->last;
    if (last->added_count + last->dead_count <= LEAST_CHANGES + last->base->count / CHANGES_ONE_IN)
        return NULL;
    struct directory_fold *fold = heap_zalloc(sizeof *fold);
    fold->from = directory_acquire(last);
    builder->is_folding = true;
    return fold;
}

void directory_fold_run(struct directory_fold *fold)
{
    fold->base = whole_base(fold->from);
}

void directory_fold_finish(struct directory_builder *builder, struct directory_fold *fold)
{
    fold->old = directory_base_acquire(builder->last->base);
    directory_release(builder->last);
    builder->last = directory_of(fold->base);
    fold->base = NULL;
    builder->is_folding = false;
    queue_move(&builder->since_fold, &builder->pending);
    struct change_queue all = builder->since_fold;
    builder->since_fold = builder->pending;
    builder->pending = all;
}

bool directory_fold_let_go(struct directory_fold *fold)
{
    directory_release(fold->from);
    fold->from = NULL;
    if (!owners_is_alone(&fold->old->owners))
        return false;
    directory_base_release(fold->old);
    fold->old = NULL;
    return true;
}

void directory_fold_free(struct directory_fold *fold)
{
    if (!fold)
        return;
    directory_release(fold->from);
    directory_base_release(fold->base);
    directory_base_release(fold->old);
    free(fold);
}

/* ---- images ---- */

const struct directory_base *directory_put(const struct directory *directory, struct image_writer *image)
{
    struct directory_base *base = whole_base(directory);
    const struct directory_base *put = directory_base_put(base, image);
    directory_base_release(base);
    return put;
}

void directory_builder_set_base(struct directory_builder *builder, const struct directory_base *base)
{
    directory_release(builder->last);
    builder->last = directory_of((struct directory_base *)(uintptr_t)base);
}
