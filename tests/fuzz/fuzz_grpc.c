#include "fuzz.h"

#include <stdlib.h>

#include "base/arena.h"
#include "rpc/base64.h"
#include "rpc/grpc.h"
#include "rpc/gzip.h"
#include "rpc/status.h"

enum { MESSAGE_BYTES = 1000 };

static void feed(const uint8_t *bytes, size_t size, size_t piece)
{
    struct grpc_decoder decoder = {.message_bytes = MESSAGE_BYTES};
    while (size) {
        size_t left = size < piece ? size : piece;
        const unsigned char *at = bytes;
        bytes += left;
        size -= left;
        enum grpc_event event;
        while ((event = grpc_decoder_feed(&decoder, &at, &left)) == GRPC_ANNOUNCED || event == GRPC_MESSAGE)
            FUZZ_CHECK(decoder.size <= MESSAGE_BYTES);
        if (event != GRPC_MORE)
            break;
    }
    grpc_decoder_fini(&decoder);
}

/* The first byte says how: as a body in pieces, as gzip, or as the text of each header. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!size)
        return 0;
    unsigned way = *bytes++ % 16;
    size--;
    struct arena *arena = arena_new(0);
    const char *text = arena_strndup(arena, (const char *)bytes, size);
    unsigned char *inflated = NULL;
    int64_t timeout_ms;
    if (way >= 2) {
        feed(bytes, size, way - 1);
    } else if (way == 1) {
        if (gzip_inflate(bytes, size, MESSAGE_BYTES, &inflated, &size) == GZIP_OK)
            FUZZ_CHECK(size <= MESSAGE_BYTES);
        free(inflated);
    } else {
        FUZZ_CHECK(!grpc_timeout_parse(text, &timeout_ms) || timeout_ms >= 0);
        grpc_content_type_is_ours(text);
        FUZZ_CHECK(rpc_status_read(arena, "3", text, text).code == STATUS_INVALID_ARGUMENT);
        unsigned char *decoded;
        if (base64_decode(arena, text, size, &decoded, &size))
            base64_encode(arena, decoded, size, true);
    }
    arena_free(arena);
    return 0;
}
