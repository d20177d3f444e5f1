#include "vocab/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static const char *const countries[] = {
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA",
    "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV",
    "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU",
    "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES",
    "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM",
    "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE",
    "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM",
    "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY",
    "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT",
    "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU",
    "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA",
    "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM",
    "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL",
    "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE",
    "VG", "VI", "VN", "VU", "WF", "WS", "XK", "YE", "YT", "ZA", "ZM", "ZW",
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool country_is_valid(const char *code)
{
    return is_upper(code[0]) && is_upper(code[1]) && code[2] == '\0';
}

bool country_is_known(const char *code)
{
    return bsearch(&code, countries, sizeof countries / sizeof *countries, sizeof *countries, text_compare);
}

const char *country_normalise(const char *code)
{
    if (text_equal(code, "EL"))
        return "GR";
    return text_equal(code, "UK") ? "GB" : code;
}

bool region_is_wanted(const char *code)
{
    if (!is_upper(code[0]) || !is_upper(code[1]))
        return false;
    size_t levels = 0;
    while (levels <= 3 &&
           (is_upper(code[2 + levels]) || (code[2 + levels] >= '0' && code[2 + levels] <= '9')))
        levels++;
    return levels <= 3 && code[2 + levels] == '\0';
}

bool region_is_valid(const char *code)
{
    return region_is_wanted(code) && code[2] != '\0';
}

const char *region_normalise_wanted(struct arena *arena, const char *code)
{
    if (text_starts_with(code, "GR"))
        return arena_format(arena, "EL%s", code + 2);
    return text_starts_with(code, "GB") ? arena_format(arena, "UK%s", code + 2) : code;
}

void region_country(const char *code, char ret_country[3])
{
    char country[3] = {code[0], code[0] ? code[1] : '\0', '\0'};
    memcpy(ret_country, country_normalise(country), 3);
}

bool region_is_in(const char *region, const char *wanted)
{
    return *wanted && text_starts_with(region, wanted);
}
