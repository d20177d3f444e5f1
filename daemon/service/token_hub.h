#pragma once

#include <stdbool.h>

struct loop;
struct store_settings;
struct token_keeper;

/* Follows the tokens on one loop, and gives every other loop's keeper each state of them as it comes. */
struct token_hub;

/* On the same loop as the replica; nothing comes before start. Settings are borrowed as long as the hub. */
struct token_hub *token_hub_new(struct loop *loop, const struct store_settings *settings);
/* Before the start alone. */
void token_hub_add(struct token_hub *hub, struct token_keeper *keeper);
/* Any thread; the loops run, or are about to. */
void token_hub_start(struct token_hub *hub);
/* Posted to the loop; before the keepers' loops end. */
void token_hub_stop(struct token_hub *hub);
void token_hub_free(struct token_hub *hub); /* when its loop has ended; NULL is fine */

/* The tokens have been read. Any thread. */
bool token_hub_is_loaded(const struct token_hub *hub);
