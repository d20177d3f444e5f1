#include "client/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define SUGGEST_BYTES 64

static unsigned least(unsigned left, unsigned right)
{
    return left < right ? left : right;
}

static int letter(const char *text, size_t at)
{
    return tolower((unsigned char)text[at]);
}

unsigned suggest_distance(const char *left, const char *right)
{
    size_t rows = strlen(left), columns = strlen(right);
    unsigned cost[3][SUGGEST_BYTES + 1];
    if (rows > SUGGEST_BYTES || columns > SUGGEST_BYTES)
        return UINT_MAX;
    for (size_t column = 0; column <= columns; column++)
        cost[0][column] = (unsigned)column;
    for (size_t row = 1; row <= rows; row++) {
        unsigned *now = cost[row % 3];
        const unsigned *before = cost[(row + 2) % 3], *earlier = cost[(row + 1) % 3];
        now[0] = (unsigned)row;
        for (size_t column = 1; column <= columns; column++) {
            unsigned change = letter(left, row - 1) != letter(right, column - 1);
            now[column] = least(least(before[column], now[column - 1]) + 1, before[column - 1] + change);
            if (row > 1 && column > 1 && letter(left, row - 1) == letter(right, column - 2) &&
                letter(left, row - 2) == letter(right, column - 1))
                now[column] = least(now[column], earlier[column - 2] + 1);
        }
    }
    return cost[rows % 3][columns];
}

struct suggestion suggestion_start(const char *word)
{
    return (struct suggestion){.word = word, .distance = UINT_MAX};
}

void suggestion_offer(struct suggestion *suggestion, const char *candidate)
{
    unsigned distance = suggest_distance(suggestion->word, candidate);
    if (distance < suggestion->distance) {
        suggestion->distance = distance;
        suggestion->best = candidate;
    }
}

const char *suggestion_word(const struct suggestion *suggestion)
{
    size_t letters = strlen(suggestion->word);
    unsigned most = letters < 3 ? 1 : (unsigned)(letters + 2) / 3;
    return suggestion->distance <= most ? suggestion->best : NULL;
}
