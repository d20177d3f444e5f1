#include "vocab/compound.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "vocab/stem.h"

enum { PART_BYTES_LEAST = 3, WHOLE_BYTES_LEAST = 6, WORD_BYTES_MOST = 63 };

static bool is_known(const struct word_index *index, const char *word, size_t size)
{
    char singular[WORD_BYTES_MOST + 1];
    if (size > WORD_BYTES_MOST)
        return false;
    memcpy(singular, word, size);
    singular[stem_singular(singular, size)] = '\0';
    return word_index_find(index, singular) != TEXT_MAP_NONE;
}

/* The two words side by side are one word of the index. */
static bool joins(const struct word_index *index, const char *first, size_t first_bytes, const char *second,
                  size_t second_bytes)
{
    char whole[WORD_BYTES_MOST + 1];
    size_t size = first_bytes + second_bytes;
    if (first_bytes < 2 || second_bytes < PART_BYTES_LEAST || size < WHOLE_BYTES_LEAST ||
        size > WORD_BYTES_MOST)
        return false;
    memcpy(whole, first, first_bytes);
    memcpy(whole + first_bytes, second, second_bytes);
    return is_known(index, whole, size);
}

/* Where to cut an unknown word; of several places the one nearest its middle, 0 for none. */
static size_t cut_at(const struct word_index *index, const char *word, size_t size)
{
    size_t best = 0, best_distance = SIZE_MAX;
    for (size_t at = PART_BYTES_LEAST; at + PART_BYTES_LEAST <= size; at++) {
        size_t distance = 2 * at > size ? 2 * at - size : size - 2 * at;
        if (distance < best_distance && is_known(index, word, at) && is_known(index, word + at, size - at)) {
            best = at;
            best_distance = distance;
        }
    }
    return best;
}

static char *append(char *out, const char *bytes, size_t size)
{
    memcpy(out, bytes, size);
    return out + size;
}

const char *compound_rewrite(const struct word_index *index, struct arena *arena, const char *text)
{
    const char *at = text_fold(arena, text);
    char *rewritten = arena_alloc(arena, 2 * strlen(at) + 2), *out = rewritten;
    bool changed = false;
    while (*at) {
        size_t size = strcspn(at, " "), cut = 0;
        const char *next = at + size + (at[size] == ' ');
        size_t next_bytes = strcspn(next, " ");
        if (joins(index, at, size, next, next_bytes)) {
            out = append(append(out, at, size), next, next_bytes);
            next += next_bytes + (next[next_bytes] == ' ');
            changed = true;
        } else if (!is_known(index, at, size) && (cut = cut_at(index, at, size)) > 0) {
            out = append(append(append(out, at, cut), " ", 1), at + cut, size - cut);
            changed = true;
        } else {
            out = append(out, at, size);
        }
        out = append(out, " ", 1);
        at = next;
    }
    *out = '\0';
    return changed ? rewritten : NULL;
}
