#include "store/purge.h"

#include <stdlib.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "store/transaction.h"

enum { PURGE_FIRST_MS = 60 * 1000, PURGE_EVERY_MS = 60 * 60 * 1000 };

static const struct statement purge_requests = {
    "purge_requests", "DELETE FROM request WHERE ctid = ANY (ARRAY(SELECT ctid FROM request"
                      " WHERE time < now() - interval '7 days' LIMIT 10000))"};

struct purge {
    struct transaction transaction;
    struct store *store;
    struct timer timer;
};

static void on_finish(struct transaction *transaction, struct status)
{
    struct purge *purge = (struct purge *)transaction;
    timer_set(&purge->timer, PURGE_EVERY_MS);
}

static void on_start(struct transaction *transaction)
{
    transaction_begin(transaction);
    transaction_send(transaction, &purge_requests, NULL);
    transaction_commit_quietly(transaction);
}

static void on_due(void *context)
{
    purge_run(context);
}

void purge_run(struct purge *purge)
{
    timer_clear(&purge->timer);
    transaction_start(&purge->transaction, purge->store, on_start, on_finish);
}

struct purge *purge_new(struct store *store)
{
    struct purge *purge = heap_zalloc(sizeof *purge);
    purge->store = store;
    timer_init(&purge->timer, store_loop(store), on_due, purge);
    timer_set(&purge->timer, PURGE_FIRST_MS);
    return purge;
}

void purge_free(struct purge *purge)
{
    timer_fini(&purge->timer);
    free(purge);
}
