#include "rpc/base64.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(struct arena *arena, const void *bytes, size_t size, bool padded)
{
    const unsigned char *from = bytes;
    char *text = arena_alloc(arena, (size + 2) / 3 * 4 + 1), *to = text;
    for (; size; size -= size < 3 ? size : 3, from += 3) {
        uint32_t group =
            (uint32_t)from[0] << 16 | (size > 1 ? (uint32_t)from[1] << 8 : 0) | (size > 2 ? from[2] : 0);
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[group >> 12 & 63];
        if (size > 1 || padded)
            *to++ = size > 1 ? alphabet[group >> 6 & 63] : '=';
        if (size > 2 || padded)
            *to++ = size > 2 ? alphabet[group & 63] : '=';
    }
    *to = '\0';
    return text;
}

static int digit_of(char character)
{
    if (character == '-')
        return 62;
    if (character == '_')
        return 63;
    const char *at = character ? strchr(alphabet, character) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

bool base64_decode(struct arena *arena, const char *text, size_t size, unsigned char **ret_bytes,
                   size_t *ret_size)
{
    if (size % 4 == 0)
        for (int i = 0; i < 2 && size && text[size - 1] == '='; i++)
            size--;
    if (size % 4 == 1)
        return false;
    unsigned char *bytes = arena_alloc(arena, size / 4 * 3 + 3), *to = bytes;
    uint32_t group = 0;
    for (size_t i = 0; i < size; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return false;
        group = group << 6 | (uint32_t)digit;
        if (i % 4)
            *to++ = (unsigned char)(group >> (6 - i % 4 * 2));
    }
    *ret_bytes = bytes;
    *ret_size = (size_t)(to - bytes);
    return true;
}
