#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "match/index_data.h"
#include "match/rank.h"

/* Page tokens: the question's hash and the key of the last match. */

/* Of all that a page token is bound to. */
uint64_t token_hash(struct arena *arena, const struct match_question *question);
/* Of a message as it is packed. */
uint64_t token_hash_message(struct arena *arena, const ProtobufCMessage *message);
char *token_write(struct arena *arena, uint64_t hash, const struct ranked *last, const char *organisation_id);
/* What a token says; false: not a token of this question. An organisation that is gone since is no fault. */
struct token {
    uint32_t group;
    int64_t billionths;
    const char *organisation_id; /* borrowed from the text */
    uint32_t places[SEGMENTS];   /* by part of the index: the first organisation whose id is larger */
};
bool token_read(const char *text, uint64_t hash, const struct match_index *index, struct token *ret_token);
/* Whether a match comes after the token's. */
bool token_is_before(const struct token *token, const struct ranked *ranked);
