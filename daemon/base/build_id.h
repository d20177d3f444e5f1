#pragma once

#include <stdbool.h>

enum { BUILD_ID_BYTES = 20 };

/* What tells this very program from every other build of it: the linker's build id, zeroes behind. False: it has none. */
bool build_id(unsigned char id[BUILD_ID_BYTES]);
