#pragma once

#include <stddef.h>
#include <stdint.h>

/* Words that stand for each other, learnt from a vocabulary's own labels: where two labels of one concept differ in
 * one word each ("sell vehicles", "trade vehicles"), the two words may be swapped, the surer the more concepts do
 * so. */

struct arena;

/* The distinct words of one label, ascending. */
struct swap_text {
    uint32_t group; /* a concept in one language; texts of one stand together */
    uint32_t word_count;
    const uint32_t *words;
};

/* A word that another one may stand for. */
struct swap {
    uint32_t word;
    float
        share; /* of the concepts whose labels have the other word, those that swap it for this one: above 0 to 1 */
};

struct swap_table {
    const uint32_t *starts; /* of each word */
    const struct swap *items;
};

/* Memory from the arena. Rare swaps are left out, and what one concept alone does counts half. */
struct swap_table swap_learn(struct arena *arena, const struct swap_text *texts, size_t count,
                             uint32_t word_count);
