#pragma once

/* The nearest of some words to one that is unknown. Pure. */

struct suggestion {
    const char *word, *best;
    unsigned distance; /* of the best so far */
};

struct suggestion suggestion_start(const char *word);
/* `candidate` is borrowed until the end. */
void suggestion_offer(struct suggestion *suggestion, const char *candidate);
/* The nearest that was offered, or NULL where none is near: at most one slip in three letters. */
const char *suggestion_word(const struct suggestion *suggestion);

/* Letters to put in, take out, change or swap with their neighbour to make one of the other; bytes, without ASCII case. */
unsigned suggest_distance(const char *left, const char *right);
