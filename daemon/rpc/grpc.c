#include "rpc/grpc.h"

#include <string.h>

#include "base/arena.h"
#include "base/spare.h"
#include "base/text.h"

enum { FIRST_CAPACITY = 4096 };

static size_t smaller(size_t left, size_t right)
{
    return left < right ? left : right;
}

/* Memory follows the bytes that have come, not those that were announced. */
static void gather(struct grpc_decoder *decoder, const unsigned char *bytes, size_t size)
{
    size_t needed = decoder->size + size, capacity = decoder->capacity ? decoder->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > decoder->announced)
        capacity = decoder->announced;
    if (capacity > decoder->capacity)
        decoder->gathered = spare_realloc(decoder->gathered, capacity);
    decoder->capacity = capacity;
    if (size)
        memcpy(decoder->gathered + decoder->size, bytes, size);
    decoder->size = needed;
}

static void decoder_clear(struct grpc_decoder *decoder)
{
    spare_free(decoder->gathered);
    decoder->gathered = NULL;
    decoder->bytes = NULL;
    decoder->size = decoder->capacity = decoder->announced = 0;
    decoder->prefix_size = 0;
}

static enum grpc_event read_prefix(struct grpc_decoder *decoder)
{
    const unsigned char *prefix = decoder->prefix;
    decoder->announced =
        (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 | (size_t)prefix[4];
    decoder->compressed = prefix[0] == 1;
    if (prefix[0] > 1)
        return GRPC_MALFORMED;
    return decoder->announced > decoder->message_bytes ? GRPC_TOO_LARGE : GRPC_ANNOUNCED;
}

enum grpc_event grpc_decoder_feed(struct grpc_decoder *decoder, const unsigned char **bytes, size_t *size)
{
    if (decoder->bytes)
        decoder_clear(decoder);
    if (decoder->prefix_size < GRPC_PREFIX_BYTES) {
        size_t part = smaller(*size, GRPC_PREFIX_BYTES - decoder->prefix_size);
        if (part)
            memcpy(decoder->prefix + decoder->prefix_size, *bytes, part);
        decoder->prefix_size += (unsigned)part;
        *bytes += part;
        *size -= part;
        return decoder->prefix_size < GRPC_PREFIX_BYTES ? GRPC_MORE : read_prefix(decoder);
    }
    size_t part = smaller(*size, decoder->announced - decoder->size);
    if (!part && decoder->announced)
        return GRPC_MORE;
    const unsigned char *from = *bytes;
    *bytes += part;
    *size -= part;
    if (part == decoder->announced) {
        decoder->bytes = part ? from : decoder->prefix; /* in one piece, as most are */
        decoder->size = part;
        return GRPC_MESSAGE;
    }
    gather(decoder, from, part);
    if (decoder->size < decoder->announced)
        return GRPC_MORE;
    decoder->bytes = decoder->gathered;
    return GRPC_MESSAGE;
}

bool grpc_decoder_is_whole(const struct grpc_decoder *decoder)
{
    return decoder->prefix_size == 0 || decoder->bytes;
}

void grpc_decoder_fini(struct grpc_decoder *decoder)
{
    decoder_clear(decoder);
}

void grpc_prefix(size_t message_bytes, unsigned char prefix[GRPC_PREFIX_BYTES])
{
    prefix[0] = 0;
    for (int i = 0; i < 4; i++)
        prefix[1 + i] = (unsigned char)(message_bytes >> (24 - 8 * i));
}

bool grpc_timeout_parse(const char *text, int64_t *ret_timeout_ms)
{
    int64_t number = 0;
    unsigned digits = 0;
    for (; *text >= '0' && *text <= '9' && digits < 9; text++, digits++)
        number = number * 10 + (*text - '0');
    if (digits < 1 || digits > 8 || text[0] == '\0' || text[1] != '\0')
        return false;
    switch (*text) {
    case 'H':
        *ret_timeout_ms = number * 3600000;
        return true;
    case 'M':
        *ret_timeout_ms = number * 60000;
        return true;
    case 'S':
        *ret_timeout_ms = number * 1000;
        return true;
    case 'm':
        *ret_timeout_ms = number;
        return true;
    case 'u':
        *ret_timeout_ms = (number + 999) / 1000;
        return true;
    case 'n':
        *ret_timeout_ms = (number + 999999) / 1000000;
        return true;
    default:
        return false;
    }
}

char *grpc_timeout_format(struct arena *arena, int64_t timeout_ms)
{
    if (timeout_ms <= 99999999)
        return arena_format(arena, "%lldm", (long long)(timeout_ms > 0 ? timeout_ms : 0));
    int64_t seconds = timeout_ms / 1000;
    return arena_format(arena, "%lldS", (long long)(seconds <= 99999999 ? seconds : 99999999));
}

static const char hex_digits[] = "0123456789ABCDEF";

char *grpc_message_encode(struct arena *arena, const char *text)
{
    char *encoded = arena_alloc(arena, 3 * strlen(text) + 1), *to = encoded;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 0x20 && byte <= 0x7e && byte != '%') {
            *to++ = *text;
            continue;
        }
        *to++ = '%';
        *to++ = hex_digits[byte >> 4];
        *to++ = hex_digits[byte & 15];
    }
    *to = '\0';
    return encoded;
}

static int hex_value(char digit)
{
    if (digit >= 'a' && digit <= 'f')
        digit = (char)(digit - 'a' + 'A');
    const char *at = digit ? strchr(hex_digits, digit) : NULL;
    return at ? (int)(at - hex_digits) : -1;
}

char *grpc_message_decode(struct arena *arena, const char *text)
{
    char *decoded = arena_alloc(arena, strlen(text) + 1), *to = decoded;
    while (*text) {
        int high = *text == '%' ? hex_value(text[1]) : -1;
        int low = high >= 0 ? hex_value(text[2]) : -1;
        if (low >= 0 && (high || low)) {
            *to++ = (char)(high << 4 | low);
            text += 3;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
    return decoded;
}

bool grpc_content_type_is_ours(const char *content_type)
{
    static const char ours[] = "application/grpc";
    if (!text_starts_with(content_type, ours))
        return false;
    const char *rest = content_type + sizeof ours - 1;
    if (text_starts_with(rest, "+proto"))
        rest += 6;
    return *rest == '\0' || *rest == ';' || *rest == ' ';
}
