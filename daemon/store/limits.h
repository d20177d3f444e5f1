#pragma once

#include "store/store.h"

/* The settings with their defaults in place of what is 0. */
struct store_settings limits_of(const struct store_settings *settings);
