#include "service/token_secret.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/arena.h"
#include "rpc/base64.h"

#define PREFIX "pt_"

enum { RANDOM_BYTES = 32, SECRET_LENGTH = sizeof PREFIX - 1 + 43, ID_LENGTH = 12 };

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
enum { LETTERS_AND_DIGITS = 62 };

static void random_fill(void *bytes, int size)
{
    if (RAND_bytes(bytes, size) != 1)
        abort(); /* without randomness there are no secrets */
}

static void hash(const char *secret, unsigned char ret_hash[SECRET_HASH_BYTES])
{
    static_assert(SECRET_HASH_BYTES == SHA256_DIGEST_LENGTH);
    SHA256((const unsigned char *)secret, strlen(secret), ret_hash);
}

char *token_secret_new(struct arena *arena, unsigned char ret_hash[SECRET_HASH_BYTES])
{
    unsigned char random[RANDOM_BYTES];
    random_fill(random, sizeof random);
    char *secret = arena_format(arena, PREFIX "%s", base64_encode(arena, random, sizeof random, false));
    OPENSSL_cleanse(random, sizeof random);
    for (char *at = secret; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    hash(secret, ret_hash);
    return secret;
}

char *token_id_new(struct arena *arena)
{
    char *id = arena_zalloc(arena, ID_LENGTH + 1);
    for (int length = 0; length < ID_LENGTH;) {
        unsigned char random;
        random_fill(&random, 1);
        if (random % 64 < LETTERS_AND_DIGITS)
            id[length++] = url_alphabet[random % 64];
    }
    return id;
}

bool token_secret_hash(const char *secret, unsigned char ret_hash[SECRET_HASH_BYTES])
{
    size_t prefix = strlen(PREFIX);
    if (strlen(secret) != SECRET_LENGTH || strncmp(secret, PREFIX, prefix) != 0 ||
        strspn(secret + prefix, url_alphabet) != SECRET_LENGTH - prefix)
        return false;
    hash(secret, ret_hash);
    return true;
}
