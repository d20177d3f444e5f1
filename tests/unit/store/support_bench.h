#pragma once

#include <stdint.h>

#include "store/support_write.h"

/* The bench that all tests of a program stand on: a migrated database of its own, with the registry "es". */
extern struct bench bench;
int bench_setup(void **state);
int bench_teardown(void **state);

/* One number from its database. */
int64_t bench_number(const char *sql);
