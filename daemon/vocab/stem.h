#pragma once

#include <stddef.h>

/* What is the same in words that differ in their endings. Words are folded: one case, no accents. Pure. */

/* Makes one word its singular by English rules, which suit the s-plurals of other languages too; in place.
 * Returns the new size, never more than the old one. */
size_t stem_singular(char *word, size_t size);

/* Makes what words of one family share, as "weld" of welding and welder, or "sprach" of Sprache and Sprachen. Longer
 * words of other scripts lose their last letter or two. Writes at most `size` bytes, no NUL; returns how many. */
size_t stem_root(const char *word, size_t size, char *root);

/* How two words of one root are kin. */
enum kinship {
    KIN_DERIVED,   /* of one family: weld, welder */
    KIN_INFLECTED, /* but for an ending that languages other than English make plurals or cases with */
};
enum kinship stem_kinship(const char *left, const char *right);
