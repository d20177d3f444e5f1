#pragma once

#include "base/status.h"

struct arena;
struct store_settings;

/* Loads the vocabularies that the program brings along, where they are wanted. Blocks: runs a loop of its own. */
struct status seed_vocabularies(struct arena *arena, const struct store_settings *settings);
