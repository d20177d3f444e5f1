#pragma once

#include <stdint.h>

#include "service/token_set.h"

struct loop;
struct rpc_call;
struct store;
struct token_keeper;

/* The tokens as one loop knows them, and the calls that it has open by them: those of a token that is revoked or expires are
 * ended within a second. The loop's thread alone, but for new, free and give. */

struct token_keeper *token_keeper_new(struct loop *loop, struct store *store);
void token_keeper_free(struct token_keeper *keeper); /* no calls are open; NULL is fine */

/* A new state of the tokens, soon. Any thread. */
void token_keeper_give(struct token_keeper *keeper, struct token_set *set);
/* The newest state, borrowed until the function that asked returns to the loop; NULL: not read yet. */
struct token_set *token_keeper_set(const struct token_keeper *keeper);

/* A call by a token; embedded in its owner, zeroed at first. */
struct token_holder {
    struct token_holder *next, **link; /* link NULL: not held */
    struct rpc_call *call;
};

/* From here on the call is looked at with every change, and as time passes where `expires`. */
void token_keeper_hold(struct token_keeper *keeper, struct token_holder *holder, struct rpc_call *call,
                       bool expires);
void token_holder_release(struct token_holder *holder); /* also of one that isn't held */

/* Notes that a token is used; it is written down within some seconds, once a minute at most. */
void token_keeper_note_use(struct token_keeper *keeper, struct token_entry *token);

/* Puts two keepers that stand alone, or the rings that they stand in, into one ring. Before the loops run. */
void token_keeper_join(struct token_keeper *keeper, struct token_keeper *other);
/* Runs `run` once all keepers of the ring know this version of the tokens or a later one, or when two seconds have passed. */
void token_keeper_wait(struct token_keeper *keeper, uint64_t version, void (*run)(void *context),
                       void *context);
