#include "replica/reader.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "replica/replica.h"
#include "replica/snapshot.h"

enum { CHECK_MS = 100 };

struct replica_reader {
    struct replica *replica;
    struct loop *loop;
    struct replica_waiter *first;
    struct timer timer; /* set while somebody waits */
};

static void waiter_add(struct replica_reader *reader, struct replica_waiter *waiter)
{
    waiter->next = reader->first;
    waiter->link = &reader->first;
    if (reader->first)
        reader->first->link = &waiter->next;
    reader->first = waiter;
}

void replica_waiter_cancel(struct replica_waiter *waiter)
{
    if (!waiter->link)
        return;
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
    waiter->link = NULL;
    waiter->next = NULL;
}

/* Whether it is time to run it; then it is off the list. */
static bool waiter_try(struct replica_waiter *waiter, struct snapshot *newest, int64_t now_ms)
{
    bool there = newest && newest->revision >= waiter->revision;
    if (!there && now_ms < waiter->until_ms)
        return false;
    replica_waiter_cancel(waiter);
    waiter->run(waiter->context, there ? snapshot_acquire(newest) : NULL);
    return true;
}

static void check(void *context)
{
    struct replica_reader *reader = context;
    struct snapshot *newest = replica_snapshot(reader->replica);
    int64_t now_ms = clock_monotonic_ms();
    /* Running one may add or cancel others: begin anew after each. Few wait at a time. */
    for (struct replica_waiter *waiter = reader->first; waiter;)
        waiter = waiter_try(waiter, newest, now_ms) ? reader->first : waiter->next;
    snapshot_release(newest);
    if (reader->first)
        timer_set(&reader->timer, CHECK_MS);
}

void replica_reader_wait(struct replica_reader *reader, struct replica_waiter *waiter, uint64_t revision,
                         int64_t until_ms, void (*run)(void *context, struct snapshot *snapshot),
                         void *context)
{
    struct snapshot *newest = replica_snapshot(reader->replica);
    if (newest && newest->revision >= revision) {
        run(context, newest);
        return;
    }
    snapshot_release(newest);
    *waiter = (struct replica_waiter){
        .revision = revision,
        .until_ms = until_ms,
        .run = run,
        .context = context,
    };
    waiter_add(reader, waiter);
    if (!timer_is_set(&reader->timer))
        timer_set(&reader->timer, CHECK_MS);
}

struct replica_reader *replica_reader_new(struct replica *replica, struct loop *loop)
{
    struct replica_reader *reader = heap_zalloc(sizeof *reader);
    reader->replica = replica;
    reader->loop = loop;
    timer_init(&reader->timer, loop, check, reader);
    struct reader_list *list = replica_readers(replica);
    list->items = heap_realloc(list->items, (list->count + 1) * sizeof(struct replica_reader *));
    list->items[list->count++] = reader;
    return reader;
}

void replica_reader_free(struct replica_reader *reader)
{
    if (!reader)
        return;
    timer_fini(&reader->timer);
    free(reader);
}

void reader_list_notify(struct reader_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        loop_post(list->items[i]->loop, check, list->items[i]);
}

void reader_list_fini(struct reader_list *list)
{
    free(list->items);
}
