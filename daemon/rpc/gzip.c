#include "rpc/gzip.h"

#include <stdlib.h>

#include <zlib.h>

#include "base/arena.h"

enum { FIRST_BYTES = 4096, GZIP_ONLY = 16 + MAX_WBITS };

size_t gzip_bound(size_t compressed_bytes, size_t most_bytes)
{
    size_t by_ratio = compressed_bytes < SIZE_MAX / GZIP_RATIO ? compressed_bytes * GZIP_RATIO : SIZE_MAX;
    if (by_ratio < GZIP_RATIO_FREE_BYTES)
        by_ratio = GZIP_RATIO_FREE_BYTES;
    return by_ratio < most_bytes ? by_ratio : most_bytes;
}

/* One byte more than the bound is asked for, so that passing it shows. */
static enum gzip_result inflate_all(z_stream *stream, size_t bound, unsigned char **bytes, size_t *size)
{
    size_t capacity = 0;
    for (;;) {
        if (*size == capacity) {
            if (*size > bound)
                return GZIP_TOO_LARGE;
            capacity = capacity ? capacity * 2 : FIRST_BYTES;
            if (capacity > bound + 1)
                capacity = bound + 1;
            *bytes = heap_realloc(*bytes, capacity);
        }
        stream->next_out = *bytes + *size;
        stream->avail_out = (uInt)(capacity - *size);
        int result = inflate(stream, Z_NO_FLUSH);
        *size = capacity - stream->avail_out;
        if (result == Z_STREAM_END)
            return stream->avail_in ? GZIP_MALFORMED : *size > bound ? GZIP_TOO_LARGE : GZIP_OK;
        if (result != Z_OK || (stream->avail_out && !stream->avail_in))
            return GZIP_MALFORMED;
    }
}

enum gzip_result gzip_inflate(const void *bytes, size_t size, size_t most_bytes, unsigned char **ret_bytes,
                              size_t *ret_size)
{
    z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (uInt)size};
    unsigned char *inflated = NULL;
    size_t inflated_size = 0;
    if (inflateInit2(&stream, GZIP_ONLY) != Z_OK)
        return GZIP_MALFORMED;
    enum gzip_result result = inflate_all(&stream, gzip_bound(size, most_bytes), &inflated, &inflated_size);
    inflateEnd(&stream);
    if (result != GZIP_OK) {
        free(inflated);
        return result;
    }
    *ret_bytes = inflated;
    *ret_size = inflated_size;
    return GZIP_OK;
}
