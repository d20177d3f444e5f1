#pragma once

#include <stddef.h>

enum gzip_result { GZIP_OK, GZIP_TOO_LARGE, GZIP_MALFORMED };

/* Beyond so many times the compressed size a message is taken for a bomb, where it also passes 64 KiB. */
enum { GZIP_RATIO = 20, GZIP_RATIO_FREE_BYTES = 64 << 10 };

/* The most that a compressed message may become: the ratio's and the limit's smaller. */
size_t gzip_bound(size_t compressed_bytes, size_t most_bytes);

/* Inflates one whole gzip body, to at most gzip_bound() bytes, with memory that follows what comes out.
 * *ret_bytes is the caller's to free. */
enum gzip_result gzip_inflate(const void *bytes, size_t size, size_t most_bytes, unsigned char **ret_bytes,
                              size_t *ret_size);
