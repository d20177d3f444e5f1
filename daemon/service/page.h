#pragma once

#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct arena;

/* The key of the last row of a page, and the request that it belongs to, as an opaque token. */

/* Of all fields but page_size, page_token and min_revision. */
uint64_t page_request_hash(struct arena *arena, const ProtobufCMessage *request);

/* `score` orders before `id`; 0 where the list is by id alone. */
char *page_token_make(struct arena *arena, uint64_t request_hash, double score, const char *id);
/* INVALID_ARGUMENT (field page_token): not a token, or one of another request. The id is in the arena. */
struct status page_token_read(struct arena *arena, const char *token, uint64_t request_hash,
                              double *ret_score, const char **ret_id);

/* The size asked for: 0 is the default, above the limit is the limit. */
uint32_t page_size_of(uint32_t asked, uint32_t usual, uint32_t most);

/* An answer's list ends early where it would pass this. */
enum { PAGE_BYTES = 3 * 1024 * 1024 };
