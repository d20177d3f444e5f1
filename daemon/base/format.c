#include "base/format.h"

#include <stdint.h>
#include <string.h>

struct writing {
    char *at, *end;
};

static bool put(struct writing *writing, const char *text, size_t length)
{
    if ((size_t)(writing->end - writing->at) < length)
        return false;
    memcpy(writing->at, text, length);
    writing->at += length;
    return true;
}

static bool put_number(struct writing *writing, uint64_t number, bool is_negative)
{
    enum { MOST_DIGITS = 21 };
    char digits[MOST_DIGITS], *at = digits + MOST_DIGITS;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    if (is_negative)
        *--at = '-';
    return put(writing, at, (size_t)(digits + MOST_DIGITS - at));
}

/* The one that begins behind a percent sign; leaves the format behind it. */
static bool put_argument(struct writing *writing, const char **format, va_list *arguments)
{
    const char *at = *format;
    *format += *at == 'l' ? 3 : *at == 'z' ? 2 : 1;
    if (*at == 's') {
        const char *text = va_arg(*arguments, const char *);
        return text ? put(writing, text, strlen(text)) : put(writing, "(null)", 6); /* as vsnprintf has it */
    }
    if (*at == 'u')
        return put_number(writing, va_arg(*arguments, unsigned), false);
    if (*at == 'd') {
        int number = va_arg(*arguments, int);
        return put_number(writing, number < 0 ? -(uint64_t)number : (uint64_t)number, number < 0);
    }
    if (strncmp(at, "llu", 3) == 0)
        return put_number(writing, va_arg(*arguments, unsigned long long), false);
    if (strncmp(at, "zu", 2) == 0)
        return put_number(writing, va_arg(*arguments, size_t), false);
    return false;
}

bool format_plain(char *to, size_t room, const char *format, va_list arguments, size_t *ret_length)
{
    struct writing writing = {to, to + room};
    va_list rest;
    bool good = true;
    va_copy(rest, arguments);
    while (good && *format) {
        const char *percent = strchrnul(format, '%');
        good = put(&writing, format, (size_t)(percent - format));
        format = percent;
        if (good && *format) {
            format++;
            good = put_argument(&writing, &format, &rest);
        }
    }
    va_end(rest);
    *ret_length = (size_t)(writing.at - to);
    return good;
}
