#pragma once

#include <stdbool.h>

#include "store/token.h"

struct arena;

/* Secrets of tokens: "pt_" and 32 random bytes in base64url, 46 characters. Kept are their SHA-256 alone: with 256 random bits
 * there is nothing to guess, so that a slow hash would add nothing. */

/* A new secret, and its hash. */
char *token_secret_new(struct arena *arena, unsigned char ret_hash[SECRET_HASH_BYTES]);
/* A new id: 12 random letters and digits. */
char *token_id_new(struct arena *arena);
/* False: it has not the form of a secret. */
bool token_secret_hash(const char *secret, unsigned char ret_hash[SECRET_HASH_BYTES]);
