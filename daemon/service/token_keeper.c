#include "service/token_keeper.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "rpc/call.h"
#include "rpc/method.h"
#include "service/auth.h"

enum {
    EXPIRY_LOOK_MS = 500,
    USE_DELAY_MS = 1000,
    USE_EVERY_US = 60 * 1000000,
    WAIT_LOOK_MS = 2,
    WAIT_MOST_MS = 2000
};

/* Uses that are to be written, and then are being written. */
struct uses {
    struct arena *arena;
    const char **ids;
    size_t count, capacity;
};

struct token_keeper {
    struct loop *loop;
    struct store *store;
    struct token_set *set;
    _Atomic uint64_t known;      /* the set's version, for the other loops; 0: none yet */
    struct token_keeper *beside; /* all keepers of a hub stand in a ring */
    struct token_holder *first;
    struct timer expiry, use;
    struct uses *uses; /* not sent yet; NULL: none */
};

/* ---- open calls ---- */

void token_holder_release(struct token_holder *holder)
{
    if (!holder->link)
        return;
    *holder->link = holder->next;
    if (holder->next)
        holder->next->link = holder->link;
    holder->link = NULL;
    holder->next = NULL;
}

void token_keeper_hold(struct token_keeper *keeper, struct token_holder *holder, struct rpc_call *call,
                       bool expires)
{
    holder->call = call;
    holder->next = keeper->first;
    holder->link = &keeper->first;
    if (keeper->first)
        keeper->first->link = &holder->next;
    keeper->first = holder;
    if (expires && !timer_is_set(&keeper->expiry))
        timer_set(&keeper->expiry, EXPIRY_LOOK_MS);
}

/* A write whose request is in was allowed when it came, and its caller shall know what became of it. */
static bool is_writing(const struct rpc_call *call)
{
    const struct rpc_method *method = rpc_call_method(call);
    return method->kind != RPC_SERVER_STREAM && method->access != ACCESS_READ && rpc_call_is_whole(call);
}

/* Ends those whose token is no longer good. Ending one takes it off the list, and leaves the others where they are. */
static void look_at_calls(struct token_keeper *keeper)
{
    struct token_holder *next;
    for (struct token_holder *holder = keeper->first; holder; holder = next) {
        next = holder->next;
        struct status status = auth_recheck(holder->call);
        if (!status_ok(status) && !is_writing(holder->call))
            rpc_call_cancel(holder->call, status);
    }
}

static void on_expiry(void *context)
{
    struct token_keeper *keeper = context;
    look_at_calls(keeper);
    if (keeper->first)
        timer_set(&keeper->expiry, EXPIRY_LOOK_MS);
}

/* ---- the tokens ---- */

struct gift {
    struct token_keeper *keeper;
    struct token_set *set;
};

static void on_given(void *context)
{
    struct gift *gift = context;
    struct token_keeper *keeper = gift->keeper;
    token_set_release(keeper->set);
    keeper->set = gift->set;
    free(gift);
    look_at_calls(keeper);
    atomic_store_explicit(&keeper->known, token_set_version(keeper->set), memory_order_release);
}

void token_keeper_give(struct token_keeper *keeper, struct token_set *set)
{
    struct gift *gift = heap_alloc(sizeof *gift);
    *gift = (struct gift){keeper, token_set_acquire(set)};
    loop_post(keeper->loop, on_given, gift);
}

struct token_set *token_keeper_set(const struct token_keeper *keeper)
{
    return keeper->set;
}

/* ---- uses ---- */

static void uses_free(struct uses *uses)
{
    if (!uses)
        return;
    arena_free(uses->arena);
    free(uses);
}

/* What could not be written is left: it says no more than roughly when a token was used. */
static void on_noted(void *context, struct status)
{
    uses_free(context);
}

static void on_use(void *context)
{
    struct token_keeper *keeper = context;
    struct uses *uses = keeper->uses;
    keeper->uses = NULL;
    store_token_used(keeper->store, uses->arena, uses->ids, uses->count, on_noted, uses);
}

static void add_use(struct token_keeper *keeper, const char *id)
{
    struct uses *uses = keeper->uses;
    if (!uses) {
        uses = keeper->uses = heap_zalloc(sizeof *uses);
        uses->arena = arena_new(0);
        timer_set(&keeper->use, USE_DELAY_MS);
    }
    if (uses->count == uses->capacity) {
        uses->capacity = uses->capacity ? 2 * uses->capacity : 16;
        uses->ids = arena_grow(uses->arena, uses->ids, uses->count * sizeof *uses->ids,
                               uses->capacity * sizeof *uses->ids);
    }
    uses->ids[uses->count++] = arena_strdup(uses->arena, id);
}

void token_keeper_note_use(struct token_keeper *keeper, struct token_entry *token)
{
    int64_t now_us = clock_realtime_us(),
            noted_us = atomic_load_explicit(&token->noted_us, memory_order_relaxed);
    if (now_us - noted_us >= USE_EVERY_US && /* one of the loops does it */
        atomic_compare_exchange_strong(&token->noted_us, &noted_us, now_us))
        add_use(keeper, token->id);
}

/* ---- waiting ---- */

struct wait {
    struct token_keeper *keeper;
    struct timer timer;
    uint64_t version;
    int64_t until_ms;
    void (*run)(void *context);
    void *context;
};

static bool all_know(const struct token_keeper *first, uint64_t version)
{
    const struct token_keeper *keeper = first;
    do {
        if (atomic_load_explicit(&keeper->known, memory_order_acquire) < version)
            return false;
        keeper = keeper->beside;
    } while (keeper != first);
    return true;
}

static void on_wait(void *context)
{
    struct wait *wait = context;
    if (!all_know(wait->keeper, wait->version) && clock_monotonic_ms() < wait->until_ms) {
        timer_set(&wait->timer, WAIT_LOOK_MS);
        return;
    }
    wait->run(wait->context);
    timer_fini(&wait->timer);
    free(wait);
}

void token_keeper_wait(struct token_keeper *keeper, uint64_t version, void (*run)(void *context),
                       void *context)
{
    struct wait *wait = heap_zalloc(sizeof *wait);
    *wait = (struct wait){.keeper = keeper,
                          .version = version,
                          .until_ms = clock_monotonic_ms() + WAIT_MOST_MS,
                          .run = run,
                          .context = context};
    timer_init(&wait->timer, keeper->loop, on_wait, wait);
    on_wait(wait);
}

void token_keeper_join(struct token_keeper *keeper, struct token_keeper *other)
{
    struct token_keeper *beside = keeper->beside;
    keeper->beside = other->beside;
    other->beside = beside;
}

/* ---- its life ---- */

struct token_keeper *token_keeper_new(struct loop *loop, struct store *store)
{
    struct token_keeper *keeper = heap_zalloc(sizeof *keeper);
    keeper->loop = loop;
    keeper->store = store;
    keeper->beside = keeper;
    timer_init(&keeper->expiry, loop, on_expiry, keeper);
    timer_init(&keeper->use, loop, on_use, keeper);
    return keeper;
}

void token_keeper_free(struct token_keeper *keeper)
{
    if (!keeper)
        return;
    timer_fini(&keeper->expiry);
    timer_fini(&keeper->use);
    uses_free(keeper->uses);
    token_set_release(keeper->set);
    free(keeper);
}
