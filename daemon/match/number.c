#include "match/number.h"

#include <string.h>

static uint16_t number_of_letters(const char *code, char first)
{
    unsigned a = (unsigned char)(code[0] - first), b = a < 26 ? (unsigned char)(code[1] - first) : 26;
    return b < 26 && code[2] == '\0' ? (uint16_t)(1 + a * 26 + b) : 0;
}

static void letters_of_number(uint16_t number, char first, char code[3])
{
    unsigned n = number ? number - 1u : 0;
    code[0] = (char)(first + n / 26);
    code[1] = (char)(first + n % 26);
    code[2] = '\0';
}

uint16_t number_of_country(const char *code)
{
    return number_of_letters(code, 'A');
}

uint16_t number_of_language(const char *code)
{
    return number_of_letters(code, 'a');
}

void number_country_code(uint16_t number, char code[3])
{
    letters_of_number(number, 'A', code);
}

void number_language_code(uint16_t number, char code[3])
{
    letters_of_number(number, 'a', code);
}

/* The first number of the codes with so many digits. */
static const uint16_t FIRST_SECTOR[] = {0, 0, 1, 101, 1101};

uint16_t number_of_sector(const char *code)
{
    size_t digits = strlen(code);
    if (digits < 2 || digits > 4)
        return 0;
    unsigned value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (code[i] < '0' || code[i] > '9')
            return 0;
        value = value * 10 + (unsigned)(code[i] - '0');
    }
    return (uint16_t)(FIRST_SECTOR[digits] + value);
}

unsigned number_sector_digits(uint16_t sector)
{
    return sector >= FIRST_SECTOR[4] ? 4 : sector >= FIRST_SECTOR[3] ? 3 : 2;
}

uint16_t number_sector_prefix(uint16_t sector, unsigned digits)
{
    unsigned have = number_sector_digits(sector);
    if (!sector || have < digits)
        return 0;
    unsigned value = (unsigned)sector - FIRST_SECTOR[have];
    for (; have > digits; have--)
        value /= 10;
    return (uint16_t)(FIRST_SECTOR[digits] + value);
}

void number_sector_code(uint16_t sector, char code[5])
{
    unsigned digits = number_sector_digits(sector), value = (unsigned)sector - FIRST_SECTOR[digits];
    code[digits] = '\0';
    for (unsigned i = digits; i > 0; i--, value /= 10)
        code[i - 1] = (char)('0' + value % 10);
}

unsigned number_sector_common(uint16_t left, uint16_t right)
{
    unsigned a = number_sector_digits(left), b = number_sector_digits(right), digits = a < b ? a : b;
    return left && number_sector_prefix(left, digits) == number_sector_prefix(right, digits) ? digits : 0;
}

uint64_t number_of_region(const char *code)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 8 && code[i]; i++)
        number |= (uint64_t)(unsigned char)code[i] << (56 - 8 * i);
    return number;
}

uint64_t number_region_mask(const char *code)
{
    size_t bytes = strnlen(code, 8);
    return bytes ? ~(uint64_t)0 << (64 - 8 * bytes) : 0;
}
