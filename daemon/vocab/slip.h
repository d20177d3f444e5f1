#pragma once

#include <stddef.h>
#include <stdint.h>

/* Finding the words of a list that a mistyped word may stand for. Words are folded UTF-8; a slip is a letter left
 * out, put in, changed, or swapped with its neighbour. */

struct arena;

enum { SLIP_LETTERS_MOST = 48 }; /* longer words are not looked for */

/* How many slips a word of so many letters is forgiven: 4 to 7 one, longer ones two, shorter ones none. */
unsigned slip_allowance(size_t letters);

/* Letters of a word, at most SLIP_LETTERS_MOST + 1. */
size_t slip_letters(const char *word, uint32_t letters[SLIP_LETTERS_MOST + 1]);

/* Slips between the two where there are at most `most`, else most + 1. */
unsigned slip_distance(const uint32_t *left, size_t left_count, const uint32_t *right, size_t right_count,
                       unsigned most);

/* An index over pairs of neighbouring letters: immutable, its memory in the arena. */
struct slip_index {
    const char *const *words;
    const uint8_t *sizes; /* in letters */
    uint32_t word_count, bucket_mask;
    const uint32_t *starts, *items; /* of each bucket of pairs, the words that have one of them */
};

/* The words are borrowed as long as the index. */
void slip_index_build(struct slip_index *index, struct arena *arena, const char *const *words,
                      uint32_t count);

struct slip_hit {
    uint32_t word;
    unsigned slips;
};

/* The words within the allowance, fewest slips first, then in order of the words' numbers; without the word itself.
 * Memory from the arena; returns how many. */
size_t slip_index_find(const struct slip_index *index, struct arena *arena, const char *word,
                       const struct slip_hit **ret_hits);
