#include "store/batch_share.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/batch_write.h"
#include "store/pool.h"

/* Sent in one go: about half a millisecond of the loop's time. */
enum { CHANGES_MOST = 64 };

struct sharing {
    struct batch_write *last;
    size_t change_count;
    struct text_map keys; /* all that those who share want to know */
};

static bool may_share(const struct batch_write *write)
{
    const struct store_batch *request = &write->request;
    return !write->stays_alone && !request->dry_run && !request->institution && !request->followed &&
           (request->batch->count == 1 || request->batch->all_or_nothing);
}

/* ---- what it wants: three kinds of keys, told apart by their form ---- */

typedef bool (*key_fn)(struct sharing *sharing, const char *key);

static bool is_free(struct sharing *sharing, const char *key)
{
    return text_map_get(&sharing->keys, key) == TEXT_MAP_NONE;
}

static bool add_key(struct sharing *sharing, const char *key)
{
    text_map_set(&sharing->keys, key, 1);
    return true;
}

/* True: it was true for each. */
static bool each_key(struct sharing *sharing, const struct batch_write *write, key_fn run)
{
    const struct batch_wanted *wanted = &write->wanted;
    struct arena *arena = write->request.arena;
    for (size_t i = 0; i < wanted->id_count; i++)
        if (!run(sharing, wanted->ids[i]))
            return false;
    for (size_t i = 0; i < wanted->identifier_count; i++)
        if (!run(sharing,
                 arena_format(arena, "%s:%s", wanted->identifiers[i].scheme, wanted->identifiers[i].value)))
            return false;
    return !write->request.request_id[0] ||
           run(sharing, arena_format(arena, "%s %s", write->request.method, write->request.request_id));
}

/* ---- taking along ---- */

/* Other writes wait in the same queue. */
static bool is_batch(const struct sharing *sharing, const struct store_job *job)
{
    const struct transaction *known = &sharing->last->transaction;
    return job->start == known->job.start && ((const struct transaction *)job)->start == known->start;
}

static void add(struct sharing *sharing, struct batch_write *write)
{
    each_key(sharing, write, add_key);
    sharing->change_count += write->request.batch->count;
    sharing->last = write;
}

static bool take(void *context, struct store_job *job)
{
    struct sharing *sharing = context;
    if (!is_batch(sharing, job))
        return false;
    struct batch_write *write = (struct batch_write *)job;
    const struct batch *batch = write->request.batch;
    /* One that is tried again may have its own who share: it stays their first. */
    if (write->next || sharing->change_count + batch->count > CHANGES_MOST || !may_share(write) ||
        !text_equal(batch->registry, sharing->last->request.batch->registry) ||
        !each_key(sharing, write, is_free))
        return false;
    sharing->last->next = write;
    add(sharing, write);
    return true;
}

void batch_share_take(struct batch_write *first)
{
    struct store *store = first->transaction.store;
    if (!may_share(first) || !store_has_waiting(store))
        return;
    struct sharing sharing = {.last = first};
    for (struct batch_write *write = first; write; write = write->next)
        add(&sharing, write);
    store_take_waiting(store, take, &sharing);
    text_map_fini(&sharing.keys);
}

/* ---- asking ---- */

static void append(void *items, size_t *count, const void *more, size_t more_count, size_t item_bytes)
{
    if (more_count)
        memcpy((char *)items + *count * item_bytes, more, more_count * item_bytes);
    *count += more_count;
}

void batch_share_want(const struct batch_write *first, struct batch_wanted *ret_wanted)
{
    if (!first->next) {
        *ret_wanted = first->wanted;
        return;
    }
    struct batch_wanted most = {0};
    for (const struct batch_write *write = first; write; write = write->next) {
        most.id_count += write->wanted.id_count;
        most.identifier_count += write->wanted.identifier_count;
        most.deleted_count += write->wanted.deleted_count;
    }
    struct arena *arena = first->request.arena;
    struct batch_wanted all = {
        .ids = arena_array(arena, most.id_count, sizeof *all.ids),
        .identifiers = arena_array(arena, most.identifier_count, sizeof *all.identifiers),
        .deleted = arena_array(arena, most.deleted_count, sizeof *all.deleted),
    };
    for (const struct batch_write *write = first; write; write = write->next) {
        const struct batch_wanted *wanted = &write->wanted;
        append(all.ids, &all.id_count, wanted->ids, wanted->id_count, sizeof *all.ids);
        append(all.identifiers, &all.identifier_count, wanted->identifiers, wanted->identifier_count,
               sizeof *all.identifiers);
        append(all.deleted, &all.deleted_count, wanted->deleted, wanted->deleted_count, sizeof *all.deleted);
    }
    *ret_wanted = all;
}
