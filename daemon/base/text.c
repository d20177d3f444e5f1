#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/arena.h"

/* Eight bytes from 0x20 to 0x7e, as most texts have them; it may deny this of some that are. */
static bool is_plain_word(const void *bytes)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return !((word | (word - 0x20 * ones) | ((word ^ 0x7f * ones) - ones)) & ones << 7);
}

/* How many bytes at the front are seen to be plain, in words. The last word may overlap the one before. */
static size_t plain_bytes(const char *bytes, size_t size)
{
    const size_t word = sizeof(uint64_t);
    size_t plain = 0;
    while (size - plain >= word && is_plain_word(bytes + plain))
        plain += word;
    return plain && size - plain < word && is_plain_word(bytes + size - word) ? size : plain;
}

bool text_is_utf8(const char *bytes, size_t size)
{
    for (;;) {
        size_t plain = plain_bytes(bytes, size);
        bytes += plain;
        size -= plain;
        if (!size)
            return true;
        utf8proc_int32_t point = (signed char)*bytes; /* from 1 on, one of ASCII */
        utf8proc_ssize_t length =
            point > 0 ? 1 : utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)size, &point);
        if (length <= 0 || point == 0)
            return false;
        bytes += length;
        size -= (size_t)length;
    }
}

bool text_is_plain(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = plain_bytes(text, size); i < size; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return true;
}

static bool is_ascii(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = plain_bytes(text, size); i < size; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static char *map(struct arena *arena, const char *text, utf8proc_option_t options)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text, 0, &mapped, options | UTF8PROC_NULLTERM);
    if (length < 0)
        return arena_strdup(arena, text);
    char *copy = arena_strndup(arena, (const char *)mapped, (size_t)length);
    free(mapped);
    return copy;
}

char *text_nfc(struct arena *arena, const char *text)
{
    return is_ascii(text) ? arena_strdup(arena, text) : map(arena, text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

/* Letters that no decomposition makes plain. */
static const char *plain_letter(utf8proc_int32_t point)
{
    switch (point) {
    case 0x142:
        return "l"; /* ł */
    case 0xf8:
        return "o"; /* ø */
    case 0x111:
        return "d"; /* đ */
    case 0xf0:
        return "d"; /* ð */
    case 0xfe:
        return "th"; /* þ */
    case 0xe6:
        return "ae"; /* æ */
    case 0x153:
        return "oe"; /* œ */
    case 0x131:
        return "i"; /* ı */
    default:
        return NULL;
    }
}

static bool is_word(utf8proc_int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char *fold_ascii(struct arena *arena, const char *text)
{
    char *folded = arena_alloc(arena, strlen(text) + 1);
    size_t written = 0;
    bool gap = false;
    for (; *text; text++) {
        char c = lower(*text);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
            gap = written > 0;
            continue;
        }
        if (gap)
            folded[written++] = ' ';
        folded[written++] = c;
        gap = false;
    }
    folded[written] = '\0';
    return folded;
}

char *text_fold(struct arena *arena, const char *text)
{
    if (is_ascii(text))
        return fold_ascii(arena, text);
    char *mapped = map(arena, text,
                       UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_DECOMPOSE |
                           UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
    size_t size = strlen(mapped), written = 0;
    char *folded = arena_alloc(arena, size + 1); /* a plain letter is no longer than what it stands for */
    bool gap = false;
    for (const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)mapped; *at;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate(at, -1, &point);
        if (length <= 0)
            break;
        if (!is_word(point)) {
            gap = written > 0;
        } else {
            const char *plain = plain_letter(point);
            size_t bytes = plain ? strlen(plain) : (size_t)length;
            if (gap)
                folded[written++] = ' ';
            memcpy(folded + written, plain ? plain : (const char *)at, bytes);
            written += bytes;
            gap = false;
        }
        at += length;
    }
    folded[written] = '\0';
    return folded;
}

static size_t blank_at_start(const char *text)
{
    if (strncmp(text, "\xc2\xa0", 2) == 0)
        return 2;
    return *text && strchr(" \t\r\n", *text) ? 1 : 0;
}

static size_t blank_at_end(const char *text, size_t size)
{
    if (size >= 2 && memcmp(text + size - 2, "\xc2\xa0", 2) == 0)
        return 2;
    return size && strchr(" \t\r\n", text[size - 1]) ? 1 : 0;
}

char *text_trim(struct arena *arena, const char *text)
{
    for (size_t blank; (blank = blank_at_start(text)) > 0;)
        text += blank;
    size_t size = strlen(text);
    for (size_t blank; (blank = blank_at_end(text, size)) > 0;)
        size -= blank;
    return arena_strndup(arena, text, size);
}

char *text_unify_newlines(char *text)
{
    const char *from = strstr(text, "\r\n");
    if (!from)
        return text; /* which may be a constant */
    char *to = text + (from - text);
    for (; *from; from++)
        if (from[0] != '\r' || from[1] != '\n')
            *to++ = *from;
    *to = '\0';
    return text;
}

bool text_has_control(const char *text, bool newlines_allowed)
{
    for (size_t size = strlen(text);; text++, size--) {
        size_t plain = plain_bytes(text, size);
        text += plain;
        size -= plain;
        if (!size)
            return false;
        unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
        bool may_be = newlines_allowed && (first == '\n' || first == '\t');
        if (!may_be && (first < 0x20 || first == 0x7f || (first == 0xc2 && second >= 0x80 && second < 0xa0)))
            return true;
    }
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text; *at;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate(at, -1, &point);
        if (length <= 0)
            return width + strlen((const char *)at);
        width += (size_t)utf8proc_charwidth(point);
        at += length;
    }
    return width;
}

size_t text_cut(const char *text, size_t bytes)
{
    size_t size = strnlen(text, bytes + 1);
    if (size <= bytes)
        return size;
    size = bytes;
    while (size && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

int text_compare(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

bool text_equal(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}

bool text_equal_ascii_case(const char *left, const char *right)
{
    for (; *left && lower(*left) == lower(*right); left++, right++)
        ;
    return lower(*left) == lower(*right);
}

bool text_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_to_u64(const char *text, unsigned long long most, unsigned long long *ret_number)
{
    unsigned long long number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (unsigned)(*text - '0'), &number) || number > most)
            return false;
    }
    *ret_number = number;
    return true;
}

void text_buffer_fini(struct text_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct text_buffer){0};
}

void text_buffer_clear(struct text_buffer *buffer)
{
    buffer->size = 0;
    if (buffer->bytes)
        buffer->bytes[0] = '\0';
}

static void text_buffer_reserve(struct text_buffer *buffer, size_t more)
{
    size_t wanted = buffer->size + more + 1;
    if (wanted <= buffer->capacity)
        return;
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 256;
    if (capacity < wanted)
        capacity = wanted;
    buffer->bytes = heap_realloc(buffer->bytes, capacity);
    buffer->capacity = capacity;
}

void text_buffer_append(struct text_buffer *buffer, const void *bytes, size_t size)
{
    text_buffer_reserve(buffer, size);
    if (size)
        memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    buffer->bytes[buffer->size] = '\0';
}

void text_buffer_add(struct text_buffer *buffer, const char *text)
{
    text_buffer_append(buffer, text, strlen(text));
}

void text_buffer_format(struct text_buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length > 0) {
        text_buffer_reserve(buffer, (size_t)length);
        vsnprintf(buffer->bytes + buffer->size, (size_t)length + 1, format, again);
        buffer->size += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

static void add_json_character(struct text_buffer *buffer, const char *at, size_t length)
{
    static const char *const named[128] = {['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\t'] = "\\t",
                                           ['\r'] = "\\r", ['\b'] = "\\b",  ['\f'] = "\\f"};
    unsigned char first = (unsigned char)*at;
    if (length == 1 && named[first])
        text_buffer_add(buffer, named[first]);
    else if (first < 0x20 || first == 0x7f)
        text_buffer_format(buffer, "\\u%04x", first);
    else
        text_buffer_append(buffer, at, length);
}

void text_buffer_add_json(struct text_buffer *buffer, const char *text, size_t most)
{
    size_t size = most ? text_cut(text, most) : strlen(text);
    text_buffer_add(buffer, "\"");
    while (size) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length =
            utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, &point);
        if (length <= 0) {
            text_buffer_add(buffer, "\xef\xbf\xbd");
            length = 1;
        } else {
            add_json_character(buffer, text, (size_t)length);
        }
        text += length;
        size -= (size_t)length;
    }
    text_buffer_add(buffer, "\"");
}
