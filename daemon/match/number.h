#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Codes as small numbers, for columns and postings. All take valid, normalised codes; 0 is what isn't one. */

/* Countries and languages: two letters. */
enum { COUNTRY_VALUES = 26 * 26 + 1, LANGUAGE_VALUES = 26 * 26 + 1, LEVEL_VALUES = 7 };
uint16_t number_of_country(const char *code);  /* upper case */
uint16_t number_of_language(const char *code); /* lower case */
void number_country_code(uint16_t number, char code[3]);
void number_language_code(uint16_t number, char code[3]);

/* Sectors: 2 to 4 digits. */
enum { SECTOR_VALUES = 1 + 100 + 1000 + 10000 };
uint16_t number_of_sector(const char *code);
/* 2, 3 or 4. */
unsigned number_sector_digits(uint16_t sector);
/* The code's first digits; 0 where it has fewer. */
uint16_t number_sector_prefix(uint16_t sector, unsigned digits);
void number_sector_code(uint16_t sector, char code[5]);
/* Digits of the shorter where one is a prefix of the other, else 0. */
unsigned number_sector_common(uint16_t left, uint16_t right);

/* Regions: up to 8 bytes, the first in the highest byte, so that a prefix is a mask. */
uint64_t number_of_region(const char *code);
uint64_t number_region_mask(const char *code);

/* Bit n stands for n, 0 to 31; beyond: nothing. */
static inline uint32_t number_bit(uint32_t n)
{
    return n < 32 ? (uint32_t)1 << n : 0;
}
