#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/auth.h"
#include "store/token.h"

/* All tokens as of one version: immutable but for the time of use, counted, read from any thread. */
struct token_set;

struct token_entry {
    unsigned char secret_hash[SECRET_HASH_BYTES];
    const char *id, *scope;
    enum caller caller;
    int64_t expire_time_us; /* 0: never */
    bool revoked;
    _Atomic int64_t noted_us; /* the last use that has been written down, or is about to be */
};

struct token_set *token_set_new(const struct token *tokens, size_t count, uint64_t version);
struct token_set *token_set_acquire(struct token_set *set);
void token_set_release(struct token_set *set); /* NULL is fine */

uint64_t token_set_version(const struct token_set *set);
size_t token_set_count(const struct token_set *set);
/* The token with that secret, or NULL; as long as the set is held. What the time of the look-up tells is of the hash alone. */
struct token_entry *token_set_find(struct token_set *set, const unsigned char hash[SECRET_HASH_BYTES]);
