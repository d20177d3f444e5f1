#include "client/stay.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define STAY_MOST_DAYS 3660

/* Digits, then a unit or nothing (*ret_unit 0); moves *text behind them. */
static bool read_part(const char **text, uint32_t *ret_number, char *ret_unit)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    unsigned long number = strtoul(*text, &end, 10);
    if (number > STAY_MOST_DAYS)
        return false;
    *ret_number = (uint32_t)number;
    *ret_unit = 0;
    if (*end && strchr("dwm", tolower((unsigned char)*end)))
        *ret_unit = (char)tolower((unsigned char)*end++);
    *text = end;
    return true;
}

static uint32_t unit_days(char unit)
{
    return unit == 'w' ? 7 : unit == 'm' ? 30 : 1;
}

bool stay_parse(const char *text, char unit, struct stay *ret_stay)
{
    uint32_t first, second;
    char first_unit, second_unit;
    if (!read_part(&text, &first, &first_unit))
        return false;
    second = first;
    second_unit = first_unit;
    if (*text == '-') {
        text++;
        if (!read_part(&text, &second, &second_unit))
            return false;
    }
    if (*text)
        return false;
    /* "2-3w": the one unit is that of both. */
    if (!second_unit)
        second_unit = unit;
    if (!first_unit)
        first_unit = second_unit;
    struct stay stay = {first * unit_days(first_unit), second * unit_days(second_unit)};
    if (!stay.min_days || stay.min_days > stay.max_days || stay.max_days > STAY_MOST_DAYS)
        return false;
    *ret_stay = stay;
    return true;
}

bool stay_parse_timeout(const char *text, int64_t *ret_timeout_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}};
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    unsigned long number = strtoul(text, &end, 10);
    for (unsigned i = 0; i < sizeof units / sizeof *units; i++) {
        if (!text_equal(units[i].unit, end))
            continue;
        if (number > 86400000 || (int64_t)number * units[i].ms > 86400000)
            return false;
        *ret_timeout_ms = (int64_t)number * units[i].ms;
        return true;
    }
    return false;
}
