#pragma once

#include <libpq-fe.h>

struct arena;
struct token;

/* Tokens as rows: these columns of `token t`, from some column of a result on. */
#define TOKEN_COLUMNS                                                                          \
    "t.id, t.number, t.title, t.access, t.scope, t.secret_hash, t.create_time, t.expire_time," \
    " t.last_use_time, t.revoked"

/* Binary results; texts are copied to the arena. */
void token_row_read(struct arena *arena, const PGresult *result, int row, int first_column,
                    struct token *ret_token);
