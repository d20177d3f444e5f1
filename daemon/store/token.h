#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct arena;
struct store;

enum { SECRET_HASH_BYTES = 32 };

/* A token as it is kept: its secret isn't, only the secret's hash. Times in microseconds since 1970-01-01 UTC; 0: none. */
struct token {
    const char *id, *title, *scope;
    int access;     /* as partner.v1.Access */
    int64_t number; /* the order of making, from 1 */
    unsigned char secret_hash[SECRET_HASH_BYTES];
    int64_t create_time_us, expire_time_us, last_use_time_us;
    bool revoked;
};

/* With OK: the version of the tokens (token_feed.h) that the change is in. */
typedef void (*store_token_done_fn)(void *context, struct status status, uint64_t version);

/* Keeps a new token: its id, title, access, scope, hash and expire_time, all valid. NOT_FOUND, field `scope`: the registry of
 * the scope is not there. The rest as in store.h. */
void store_token_create(struct store *store, struct arena *arena, const struct token *token,
                        store_token_done_fn done, void *context);
/* Also of one that is revoked already. NOT_FOUND, field `id`. */
void store_token_revoke(struct store *store, struct arena *arena, const char *id, store_token_done_fn done,
                        void *context);

typedef void (*store_token_list_fn)(void *context, struct status status, const struct token *tokens,
                                    size_t count);
/* At most `count_most` tokens in the order of their making, from after that number; in the arena. */
void store_token_list(struct store *store, struct arena *arena, int64_t after_number, size_t count_most,
                      store_token_list_fn done, void *context);

/* Notes that these tokens have been used now. */
void store_token_used(struct store *store, struct arena *arena, const char *const *ids, size_t count,
                      void (*done)(void *context, struct status status), void *context);
