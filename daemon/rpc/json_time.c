#include "rpc/json_time.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const int64_t least_second = -62135596800, last_second = 253402300799, longest_second = 315576000000;

enum { DAY_SECONDS = 86400, SECOND_NANOS = 1000000000 };

/* As few groups of three decimals as say it. */
static void format_decimals(int32_t nanos, char text[16])
{
    if (nanos == 0)
        text[0] = '\0';
    else if (nanos % 1000000 == 0)
        snprintf(text, 16, ".%03d", nanos / 1000000);
    else if (nanos % 1000 == 0)
        snprintf(text, 16, ".%06d", nanos / 1000);
    else
        snprintf(text, 16, ".%09d", nanos);
}

/* "" or "." and one to nine digits; moves past them. */
static bool parse_decimals(const char **text, int32_t *ret_nanos)
{
    int32_t nanos = 0, unit = SECOND_NANOS;
    if (**text == '.') {
        ++*text;
        if (**text < '0' || **text > '9')
            return false;
        for (; **text >= '0' && **text <= '9'; ++*text) {
            unit /= 10;
            if (unit == 0)
                return false;
            nanos += (**text - '0') * unit;
        }
    }
    *ret_nanos = nanos;
    return true;
}

static bool parse_pair(const char *text, int most, int *ret_number)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *ret_number = (text[0] - '0') * 10 + (text[1] - '0');
    return *ret_number <= most;
}

bool json_timestamp_format(int64_t seconds, int32_t nanos, char text[JSON_TIME_BYTES])
{
    if (seconds < least_second || seconds > last_second || nanos < 0 || nanos >= SECOND_NANOS)
        return false;
    int64_t day = seconds / DAY_SECONDS, rest = seconds % DAY_SECONDS;
    if (rest < 0) {
        rest += DAY_SECONDS;
        day--;
    }
    char date[11], decimals[16];
    date_format((int32_t)day, date);
    format_decimals(nanos, decimals);
    snprintf(text, JSON_TIME_BYTES, "%sT%02d:%02d:%02d%sZ", date, (int)(rest / 3600), (int)(rest / 60 % 60),
             (int)(rest % 60), decimals);
    return true;
}

static bool parse_offset(const char *text, int *ret_minutes)
{
    int hours, minutes;
    *ret_minutes = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    if ((*text != '+' && *text != '-') || strlen(text) != 6 || text[3] != ':')
        return false;
    if (!parse_pair(text + 1, 23, &hours) || !parse_pair(text + 4, 59, &minutes))
        return false;
    *ret_minutes = (hours * 60 + minutes) * (*text == '-' ? -1 : 1);
    return true;
}

bool json_timestamp_parse(const char *text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    char date[11];
    int32_t day, nanos;
    int hour, minute, second, offset_minutes;
    if (strnlen(text, 20) < 20)
        return false;
    memcpy(date, text, 10);
    date[10] = '\0';
    if (!date_parse(date, &day) || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
        text[16] != ':' || !parse_pair(text + 11, 23, &hour) || !parse_pair(text + 14, 59, &minute) ||
        !parse_pair(text + 17, 59, &second))
        return false;
    const char *rest = text + 19;
    if (!parse_decimals(&rest, &nanos) || !parse_offset(rest, &offset_minutes))
        return false;
    int64_t seconds = (int64_t)day * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset_minutes * 60;
    if (seconds < least_second || seconds > last_second)
        return false;
    *ret_seconds = seconds;
    *ret_nanos = nanos;
    return true;
}

bool json_duration_format(int64_t seconds, int32_t nanos, char text[JSON_TIME_BYTES])
{
    if (seconds < -longest_second || seconds > longest_second || nanos <= -SECOND_NANOS ||
        nanos >= SECOND_NANOS || (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0))
        return false;
    char decimals[16];
    format_decimals(nanos < 0 ? -nanos : nanos, decimals);
    snprintf(text, JSON_TIME_BYTES, "%s%lld%ss", seconds < 0 || nanos < 0 ? "-" : "",
             (long long)(seconds < 0 ? -seconds : seconds), decimals);
    return true;
}

bool json_duration_parse(const char *text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    bool negative = *text == '-';
    int64_t seconds = 0;
    int32_t nanos;
    text += negative;
    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        seconds = seconds * 10 + (*text - '0');
        if (seconds > longest_second)
            return false;
    }
    if (!parse_decimals(&text, &nanos) || strcmp(text, "s") != 0)
        return false;
    *ret_seconds = negative ? -seconds : seconds;
    *ret_nanos = negative ? -nanos : nanos;
    return true;
}
