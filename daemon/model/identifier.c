#include "model/identifier.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool are_digits(const char *text, size_t count)
{
    size_t digits = 0;
    while (is_digit(text[digits]))
        digits++;
    return digits == count && text[digits] == '\0';
}

static bool is_oid(const char *value)
{
    return value[0] == 'E' && are_digits(value + 1, 8);
}

static bool is_pic(const char *value)
{
    return are_digits(value, 9);
}

static bool is_vat(const char *value)
{
    if (!is_upper(value[0]) || !is_upper(value[1]))
        return false;
    size_t rest = 0;
    for (const char *at = value + 2; *at; at++, rest++)
        if (!is_upper(*at) && !is_digit(*at))
            return false;
    return rest >= 2 && rest <= 13;
}

/* Two labels or more of letters, digits and inner hyphens, 63 bytes each at most. */
static bool is_domain_name(const char *value)
{
    size_t labels = 0;
    for (const char *at = value;; at++, labels++) {
        size_t bytes = 0;
        while (is_lower(at[bytes]) || is_digit(at[bytes]) || at[bytes] == '-')
            bytes++;
        if (!bytes || bytes > 63 || at[0] == '-' || at[bytes - 1] == '-')
            return false;
        at += bytes;
        if (*at == '\0')
            return labels > 0;
        if (*at != '.')
            return false;
    }
}

static const struct strong_scheme {
    const char *name;
    bool (*has_form)(const char *value);
    bool small_letters;
} schemes[] = {
    {"oid", is_oid, false},
    {"pic", is_pic, false},
    {"schac", is_domain_name, true},
    {"vat", is_vat, false},
};

static const struct strong_scheme *find(const char *scheme)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (text_equal(schemes[i].name, scheme))
            return &schemes[i];
    return NULL;
}

static size_t blank_bytes(const char *at)
{
    if (*at == ' ' || *at == '\t')
        return 1;
    return at[0] == '\xc2' && at[1] == '\xa0' ? 2 : 0;
}

/* Without blanks, in one case; false where it doesn't fit. */
static bool squeeze(const char *value, bool small_letters, char ret_value[STRONG_IDENTIFIER_BYTES + 1])
{
    size_t bytes = 0;
    while (*value) {
        size_t blank = blank_bytes(value);
        if (blank) {
            value += blank;
            continue;
        }
        if (bytes == STRONG_IDENTIFIER_BYTES)
            return false;
        char c = *value++;
        if (small_letters && is_upper(c))
            c = (char)(c - 'A' + 'a');
        else if (!small_letters && is_lower(c))
            c = (char)(c - 'a' + 'A');
        ret_value[bytes++] = c;
    }
    ret_value[bytes] = '\0';
    return true;
}

bool identifier_is_strong(const char *scheme)
{
    return find(scheme);
}

bool strong_identifier_normalise(const char *scheme, const char *value,
                                 char ret_value[STRONG_IDENTIFIER_BYTES + 1])
{
    const struct strong_scheme *strong = find(scheme);
    char squeezed[STRONG_IDENTIFIER_BYTES + 1];
    if (!strong || !squeeze(value, strong->small_letters, squeezed) || !strong->has_form(squeezed))
        return false;
    memcpy(ret_value, squeezed, strlen(squeezed) + 1);
    return true;
}

const char *identifier_key(struct arena *arena, const pb_identifier *identifier)
{
    char value[STRONG_IDENTIFIER_BYTES + 1];
    if (identifier->former || !strong_identifier_normalise(identifier->scheme, identifier->value, value))
        return NULL;
    return arena_format(arena, "%s:%s", identifier->scheme, value);
}
