#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* gRPC's own bytes, around the messages. Pure. */

enum { GRPC_PREFIX_BYTES = 5 };

/* Takes the five-byte prefixes off a body that comes in pieces. A zeroed one with its limit set is ready. */
struct grpc_decoder {
    size_t message_bytes; /* the largest message taken */
    unsigned char prefix[GRPC_PREFIX_BYTES];
    unsigned prefix_size;
    bool compressed;
    const unsigned char *bytes; /* the message, once it is whole: where it was fed, or `gathered` */
    unsigned char *gathered;    /* of a message that comes in pieces: spare memory */
    size_t size, capacity, announced;
};

enum grpc_event {
    GRPC_MORE,      /* all bytes are used, more are needed */
    GRPC_ANNOUNCED, /* a prefix is whole: `announced` bytes will follow */
    GRPC_MESSAGE, /* `bytes`, `size` and `compressed` are a message, until the next feed and as long as what was fed stays */
    GRPC_TOO_LARGE, /* it announced more than the limit. The end */
    GRPC_MALFORMED, /* a flag that is neither 0 nor 1. The end */
};

/* Uses bytes from the front until something happens. */
enum grpc_event grpc_decoder_feed(struct grpc_decoder *decoder, const unsigned char **bytes, size_t *size);
/* Between two messages, where a body may end. */
bool grpc_decoder_is_whole(const struct grpc_decoder *decoder);
void grpc_decoder_fini(struct grpc_decoder *decoder);

/* The prefix of a message that is not compressed. */
void grpc_prefix(size_t message_bytes, unsigned char prefix[GRPC_PREFIX_BYTES]);

/* "100m", "5S", ...: at most eight digits and a unit of H M S m u n. Rounded up to milliseconds. */
bool grpc_timeout_parse(const char *text, int64_t *ret_timeout_ms);
char *grpc_timeout_format(struct arena *arena, int64_t timeout_ms);

/* grpc-message: percent-encoded UTF-8. What is malformed stays as it is. */
char *grpc_message_encode(struct arena *arena, const char *text);
char *grpc_message_decode(struct arena *arena, const char *text);

/* "application/grpc", alone or with "+proto" or parameters. */
bool grpc_content_type_is_ours(const char *content_type);
