#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Standard alphabet, with or without padding. Ends in a NUL. */
char *base64_encode(struct arena *arena, const void *bytes, size_t size, bool padded);

/* Takes the standard and the URL alphabet, padded or not; false on anything else. */
bool base64_decode(struct arena *arena, const char *text, size_t size, unsigned char **ret_bytes,
                   size_t *ret_size);
