#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls, or replay.c with the files of corpus/<program>. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Stops the program, in every kind of build. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : __builtin_trap())
