#include "vocab/stem.h"

#include <stdbool.h>
#include <string.h>

static bool ends_with(const char *word, size_t size, const char *ending)
{
    size_t bytes = strlen(ending);
    return size >= bytes && memcmp(word + size - bytes, ending, bytes) == 0;
}

static bool is_vowel(char c)
{
    return strchr("aeiouy", c) && c;
}

static bool is_ascii(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)word[i] >= 0x80)
            return false;
    return true;
}

/* The e of -es after a hissing sound; the singular loses it too, so that house and houses meet. */
static bool has_spare_e(const char *word, size_t size)
{
    if (size < 4 || word[size - 1] != 'e')
        return false;
    if (ends_with(word, size, "oe"))
        return size > 4;
    return strchr("sxz", word[size - 2]) || ends_with(word, size, "che") || ends_with(word, size, "she");
}

size_t stem_singular(char *word, size_t size)
{
    if (size == 8 && memcmp(word, "children", 8) == 0)
        return 5;
    if (size < 4)
        return size;
    if (ends_with(word, size, "men")) {
        word[size - 2] = 'a';
        return size;
    }
    if (word[size - 1] == 's' && !strchr("sui", word[size - 2]))
        size--;
    if (size > 4 && ends_with(word, size, "ie")) {
        word[size - 2] = 'y';
        return size - 1;
    }
    return has_spare_e(word, size) ? size - 1 : size;
}

static bool has_vowel(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (is_vowel(word[i]))
            return true;
    return false;
}

/* Without the first ending of the list that leaves three letters with a vowel among them. */
static size_t strip_ending(const char *word, size_t size, const char *const *endings)
{
    for (; *endings; endings++) {
        size_t bytes = strlen(*endings);
        if (size >= bytes + 3 && ends_with(word, size, *endings) && has_vowel(word, size - bytes))
            return size - bytes;
    }
    return size;
}

static size_t root_of_other_script(const char *word, size_t size)
{
    size_t letters = 0;
    for (size_t i = 0; i < size; i++)
        letters += ((unsigned char)word[i] & 0xc0) != 0x80;
    for (size_t drop = letters >= 7 ? 2 : letters >= 5; drop; drop--)
        do
            size--;
        while (((unsigned char)word[size] & 0xc0) == 0x80);
    return size;
}

size_t stem_root(const char *word, size_t size, char *root)
{
    static const char *const families[] = {"ational", "ization", "isation", "ation", "ition", "ement", "ment",
                                           "ness",    "ising",   "izing",   "ity",   "ing",   "ist",   "ion",
                                           "ive",     "ise",     "ize",     "ant",   "ent",   "ate",   "er",
                                           "or",      "ed",      "al",      "ly",    "en",    "ic",    NULL};
    static const char *const vowels[] = {"ie", "e", "a", "i", "o", "y", "x", NULL};
    static const char *const doers[] = {"er", NULL};
    if (!is_ascii(word, size)) {
        size = root_of_other_script(word, size);
    } else if (size > 3) {
        size = strip_ending(word, size, families);
        size = strip_ending(word, size, vowels);
        size = strip_ending(word, size, doers);
        if (size > 3 && word[size - 1] == word[size - 2]) /* planning, plan */
            size--;
    }
    memcpy(root, word, size);
    return size;
}

static bool is_one_foreign_letter(const char *text)
{
    if ((unsigned char)*text < 0xc0)
        return false;
    while (((unsigned char)*++text & 0xc0) == 0x80)
        ;
    return *text == '\0';
}

static bool is_inflection(const char *ending)
{
    static const char *const endings[] = {"",  "e", "n", "en", "er", "es", "s",
                                          "i", "a", "o", "x",  "y",  "ar", "or"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcmp(ending, endings[i]) == 0)
            return true;
    return is_one_foreign_letter(ending);
}

enum kinship stem_kinship(const char *left, const char *right)
{
    size_t shared = 0;
    while (left[shared] && left[shared] == right[shared])
        shared++;
    while (shared && ((unsigned char)left[shared] & 0xc0) == 0x80)
        shared--;
    return shared >= 4 && is_inflection(left + shared) && is_inflection(right + shared) ? KIN_INFLECTED
                                                                                        : KIN_DERIVED;
}
