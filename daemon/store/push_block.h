#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "model/batch.h"

struct arena;
struct column_codec;
struct parameters;
struct vocabulary;

/* Some of a push's changes on their way from the stream to the staging tables: taken on the loop, prepared on a worker, compared with
 * what is stored, made into rows on a worker, and copied. One at a time touches it. */

enum { PUSH_BLOCK_CHANGES = 2000, PUSH_BLOCK_BYTES = 1 << 20 };

/* The staging tables, in the order of sql/push/staging.sql; a kind's own is PUSH_TABLE_KINDS + kind - 1. */
enum push_table {
    PUSH_TABLE_CHANGE,
    PUSH_TABLE_MEMBER,
    PUSH_TABLE_KEY,
    PUSH_TABLE_BODY,
    PUSH_TABLE_KINDS,
    PUSH_TABLE_COUNT = PUSH_TABLE_KINDS + RECORD_KIND_COUNT - 1
};

/* In this order. */
enum push_block_state {
    PUSH_BLOCK_FREE,
    PUSH_BLOCK_FILLED,
    PUSH_BLOCK_PREPARED,
    PUSH_BLOCK_COMPARED,
    PUSH_BLOCK_ENCODED
};

struct push_block {
    enum push_block_state state;
    bool is_under_way;      /* to the next state */
    uint32_t first_ordinal; /* of its first change in the stream */
    size_t count;
    struct text_buffer sent; /* the changes, packed as they came */
    uint32_t *sizes;
    struct arena *arena;
    struct batch_change *changes;
    bool *is_same; /* as it is stored */
    struct text_buffer rows[PUSH_TABLE_COUNT];
    unsigned next_table; /* to be copied */
};

void push_block_init(struct push_block *block);
void push_block_fini(struct push_block *block);
/* Ready for others; keeps its memory but for what was more than usual. */
void push_block_clear(struct push_block *block);

void push_block_add(struct push_block *block, const pb_change *change);
bool push_block_is_full(const struct push_block *block);

/* Each as in batch_change_prepare, with its content hash; adds what was sent to the hash, unless that is NULL. */
void push_block_prepare(struct push_block *block, const struct vocabulary *vocabulary, const char *registry,
                        EVP_MD_CTX *hash);

/* Its question to the database, which of its records are stored as they are: SQL of the parameters that are set. */
const char *push_block_ask(struct push_block *block, const char *registry, struct parameters *ret_parameters);
void push_block_compare(struct push_block *block, const PGresult *result);

/* Makes the rows, in the form of COPY BINARY; those of a table without any stay empty. */
void push_block_encode(struct push_block *block, const struct column_codec *codec, const char *registry);
