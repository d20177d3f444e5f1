#pragma once

#include <stddef.h>
#include <stdint.h>

struct loop;
struct store_settings;
struct token;

/* All tokens as they change, by a connection of its own on one loop: woken by NOTIFY, and by itself twice a second, so that
 * nobody waits longer where notices are lost. While the database is away nothing comes. */
struct token_feed;

/* All of them, also the revoked; borrowed for the length of the call. The version moves with every change; another database
 * may begin anew. May come again unchanged. */
typedef void (*token_feed_fn)(void *context, const struct token *tokens, size_t count, uint64_t version);

struct token_feed *token_feed_new(struct loop *loop, const struct store_settings *settings,
                                  token_feed_fn changed, void *context);
/* On the loop's thread, or when the loop has ended; not from `changed`. NULL is fine. */
void token_feed_free(struct token_feed *feed);
