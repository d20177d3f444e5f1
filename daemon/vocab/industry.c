#include "vocab/industry.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool industry_is_valid(const char *code)
{
    size_t size = strnlen(code, 6);
    if (size == 1)
        return *code >= 'A' && *code <= 'V';
    if (size < 2 || size > 5 || size == 3)
        return false;
    for (size_t i = 0; i < size; i++)
        if (i == 2 ? code[i] != '.' : !is_digit(code[i]))
            return false;
    return true;
}
