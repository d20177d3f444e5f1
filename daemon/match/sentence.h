#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct match_query;
struct numbers;

/* Pieces of sentences for people, in English, in the query's arena. Names come from the vocabulary where it has them, else
 * the codes stand. */

const char *sentence_country(const struct match_query *query, uint16_t country);
const char *sentence_language(const struct match_query *query, uint16_t language, unsigned level);
/* "0715 mechanics and metal trades" */
const char *sentence_sector(const struct match_query *query, uint16_t sector);
const char *sentence_concept(const struct match_query *query, uint32_t concept, const char *otherwise);
const char *sentence_theme(unsigned theme);
const char *sentence_mode(unsigned mode);
/* "1 day", "14 days" */
const char *sentence_count(struct arena *arena, uint64_t count, const char *one, const char *many);
/* "14 to 28 days" */
const char *sentence_days(struct arena *arena, uint32_t min_days, uint32_t max_days);
/* How many a list names. */
enum { SENTENCE_MOST_LISTED = 5 };
/* "a, b and c"; after the first few: "a, b, c and 2 more". */
const char *sentence_list(struct arena *arena, const char *const *items, size_t count);
const char *sentence_sectors(const struct match_query *query, const struct numbers *sectors);
/* What an offer's recognition bits say. */
const char *sentence_recognition(struct arena *arena, uint8_t has);
/* Who is no partner, but shares some: their names, what they moved with the host, and the sender's partners in its country. */
const char *sentence_near(struct arena *arena, const char *common, uint64_t moved, uint32_t partners_in);
/* The share of so many wanted concepts that something of use elsewhere covers. */
const char *sentence_transfer(struct arena *arena, double share, uint32_t wanted);
