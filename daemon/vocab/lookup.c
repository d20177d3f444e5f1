#include "vocab/lookup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "vocab/compound.h"
#include "vocab/concept.h"
#include "vocab/place.h"
#include "vocab/reading.h"
#include "vocab/word_index.h"

/* How much a word counts in the text where it was found. */
static const float field_weights[] = {
    [ENTRY_LABEL] = 1, [ENTRY_OTHER_LABEL] = 0.8f, [ENTRY_DESCRIPTION] = 0.7f};
/* A score is made of the best text's, and of what all texts of the concept have together. */
static const double best_text_share = 0.6;
static const double least_score = 0.05;

enum { TOKENS_MOST = 64, TOKENS_WITH_SLIPS = 24 };

/* What one text of the index has of the query, as sums of words' weights. */
struct entry_tally {
    uint32_t token; /* the last one that was found, from 1 */
    float covered;  /* what the query's words and the text's share */
    float found;    /* the text's words that were found */
    float asked;    /* the query's words that found them */
};

/* What all texts of a concept have. */
struct concept_tally {
    uint32_t token;
    float last, sum; /* of this token; of all */
    float best;      /* of its labels: 0 to 1 */
    bool preferred;  /* which is of the label itself */
};

struct search {
    const struct word_index *index;
    struct arena *arena;  /* for the length of the search */
    bool *read, *english; /* of the index's languages */
    struct entry_tally *entries;
    struct concept_tally *concepts;
    uint32_t *entries_found, *concepts_found;
    size_t entry_count, concept_count;
    double asked; /* weight of all words of the query */
};

/* A concept that came up; ordered by rank, then preferred, then number. */
struct candidate {
    uint32_t concept; /* of the vocabulary */
    double rank, best;
    bool preferred, verbatim;
};

/* ---- languages ---- */

static bool language_is_of(const char *language, const char *wanted)
{
    size_t plain = strcspn(wanted, "-_"), size = strlen(language);
    return strcasecmp(language, wanted) == 0 || (size == plain && strncasecmp(language, wanted, plain) == 0);
}

static bool language_is_english(const char *language)
{
    return strncmp(language, "en", 2) == 0 && (language[2] == '\0' || language[2] == '-');
}

static void choose_languages(struct search *search, const char *language)
{
    struct text_list all = search->index->languages;
    search->read = arena_array(search->arena, all.count, sizeof *search->read);
    search->english = arena_array(search->arena, all.count, sizeof *search->english);
    for (size_t i = 0; i < all.count; i++) {
        search->english[i] = language_is_english(all.items[i]);
        search->read[i] =
            !language || !*language || search->english[i] || language_is_of(all.items[i], language);
    }
}

/* ---- counting what is found ---- */

static void count_for_concept(struct search *search, uint32_t number, uint32_t token, float value)
{
    struct concept_tally *tally = &search->concepts[number];
    if (!tally->token)
        search->concepts_found[search->concept_count++] = number;
    if (tally->token != token) {
        tally->token = token;
        tally->last = 0;
    }
    if (value > tally->last) {
        tally->sum += value - tally->last;
        tally->last = value;
    }
}

/* Readings come likeliest first: a text counts the first that it has. */
static void count_reading(struct search *search, const struct reading *reading, uint32_t token, float asked)
{
    const struct word_index *index = search->index;
    struct number_list postings = word_index_postings(index, reading->word);
    float weight = index->weights[reading->word];
    for (size_t i = 0; i < postings.count; i++) {
        const struct word_entry *entry = &index->entries[postings.items[i]];
        struct entry_tally *tally = &search->entries[postings.items[i]];
        if (tally->token == token || !search->read[entry->language])
            continue;
        if (!tally->token)
            search->entries_found[search->entry_count++] = postings.items[i];
        tally->token = token;
        float same = reading->inflected && !search->english[entry->language] ? 1 : reading->same;
        tally->covered += same * weight;
        tally->found += weight;
        tally->asked += asked;
        count_for_concept(search, entry->concept, token, field_weights[entry->kind] * same * asked);
    }
}

static void count_token(struct search *search, const char *word, uint32_t token,
                        struct reading_options options)
{
    const struct word_index *index = search->index;
    struct reading_list readings = reading_find(index, search->arena, word, options);
    float asked = readings.count ? index->weights[readings.items[0].word] : (float)index->heaviest;
    search->asked += (double)asked;
    for (size_t i = 0; i < readings.count; i++)
        count_reading(search, &readings.items[i], token, asked);
}

/* Twice the shared weight by the weight of both: 1 where the words are the same. */
static double text_score(const struct search *search, const struct entry_tally *tally, float weight)
{
    double both = search->asked - (double)tally->asked + (double)tally->found + (double)weight;
    return both > 0 ? fmin(1, 2 * (double)tally->covered / both) : 0;
}

static void score_texts(struct search *search)
{
    for (size_t i = 0; i < search->entry_count; i++) {
        const struct word_entry *entry = &search->index->entries[search->entries_found[i]];
        if (entry->kind == ENTRY_DESCRIPTION)
            continue;
        double score = text_score(search, &search->entries[search->entries_found[i]], entry->weight);
        if (score > 1 - 1e-5)
            score = 1; /* sums of the same weights in another order */
        struct concept_tally *tally = &search->concepts[entry->concept];
        bool preferred = entry->kind == ENTRY_LABEL;
        if ((float)score > tally->best || ((float)score == tally->best && preferred)) {
            tally->best = (float)score;
            tally->preferred = preferred;
        }
    }
}

static void search_begin(struct search *search, const struct word_index *index, const char *language)
{
    *search = (struct search){.index = index, .arena = arena_new(0)};
    choose_languages(search, language);
    search->entries = heap_zalloc(index->entry_count * sizeof *search->entries);
    search->concepts = heap_zalloc(index->concept_count * sizeof *search->concepts);
    search->entries_found = heap_alloc(index->entry_count * sizeof *search->entries_found);
    search->concepts_found = heap_alloc(index->concept_count * sizeof *search->concepts_found);
}

static void search_end(struct search *search)
{
    free(search->entries);
    free(search->concepts);
    free(search->entries_found);
    free(search->concepts_found);
    arena_free(search->arena);
}

static void search_run(struct search *search, const char *query, bool prefixes)
{
    struct text_list words = word_split(search->arena, query);
    for (uint32_t i = 0; i < words.count && i < TOKENS_MOST; i++) {
        struct reading_options options = {.prefixes = prefixes, .slips = i < TOKENS_WITH_SLIPS};
        count_token(search, words.items[i], i + 1, options);
    }
    score_texts(search);
}

/* ---- ordering ---- */

static struct candidate candidate_make(const struct search *search, uint32_t number)
{
    const struct concept_tally *tally = &search->concepts[number];
    double together = search->asked > 0 ? fmin(1, (double)tally->sum / search->asked) : 0,
           best = (double)tally->best;
    return (struct candidate){
        .concept = search->index->first_concept + number,
        .rank = best == 1 ? 1 : best_text_share * best + (1 - best_text_share) * together,
        .best = best,
        .preferred = tally->preferred,
    };
}

static bool is_before(const struct candidate *a, const struct candidate *b)
{
    if (a->rank != b->rank)
        return a->rank > b->rank;
    if (a->verbatim != b->verbatim)
        return a->verbatim;
    if (a->preferred != b->preferred)
        return a->preferred;
    return a->concept < b->concept;
}

/* Keeps the best `most` of those seen, in order. */
static size_t keep_best(struct candidate *kept, size_t count, size_t most, const struct candidate *candidate)
{
    if (count == most && (!most || !is_before(candidate, &kept[count - 1])))
        return count;
    size_t at = count < most ? count++ : count - 1;
    for (; at > 0 && is_before(candidate, &kept[at - 1]); at--)
        kept[at] = kept[at - 1];
    kept[at] = *candidate;
    return count;
}

static bool list_has(struct text_list list, const char *text)
{
    for (size_t i = 0; i < list.count; i++)
        if (text_equal_ascii_case(list.items[i], text))
            return true;
    return false;
}

/* As typed, one of its labels: tells C, C# and C++ apart, which have the same words. */
static bool is_verbatim(const struct vocabulary *vocabulary, uint32_t number, const char *query)
{
    const struct concept *concept = &vocabulary_concepts(vocabulary)[number];
    for (size_t i = 0; i < concept->words_count; i++)
        if (text_equal_ascii_case(concept->words[i].label, query) ||
            list_has(concept->words[i].other_labels, query))
            return true;
    return false;
}

static size_t search_best(struct search *search, const struct vocabulary *vocabulary, const char *query,
                          struct candidate *kept, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < search->concept_count; i++) {
        struct candidate candidate = candidate_make(search, search->concepts_found[i]);
        if (candidate.rank < least_score)
            continue;
        candidate.verbatim = candidate.rank == 1 && is_verbatim(vocabulary, candidate.concept, query);
        count = keep_best(kept, count, most, &candidate);
    }
    return count;
}

/* What is asked of a vocabulary, but for the words. */
struct request {
    const struct vocabulary *vocabulary;
    const struct word_index *index;
    const char *language;
    bool prefixes;
};

static size_t find_words(const struct request *request, const char *query, struct candidate *kept,
                         size_t most)
{
    struct search search;
    search_begin(&search, request->index, request->language);
    search_run(&search, query, request->prefixes);
    size_t count = search_best(&search, request->vocabulary, query, kept, most);
    search_end(&search);
    return count;
}

/* The best for the query as it stands or with words joined and cut, whichever has the better first. */
static size_t find_best(const struct request *request, struct arena *arena, const char *query,
                        struct candidate *kept, size_t most)
{
    size_t count = find_words(request, query, kept, most);
    const char *rewritten =
        count && kept[0].rank == 1 ? NULL : compound_rewrite(request->index, arena, query);
    if (!rewritten)
        return count;
    struct candidate *others = arena_array(arena, most, sizeof *others);
    size_t other_count = find_words(request, rewritten, others, most);
    if (!other_count || (count && kept[0].rank >= others[0].rank))
        return count;
    memcpy(kept, others, other_count * sizeof *kept);
    return other_count;
}

/* ---- codes ---- */

/* The concept whose code the query is, whatever its case; CONCEPT_NONE where it is none. */
static uint32_t find_code(const struct vocabulary *vocabulary, struct arena *arena, enum scheme scheme,
                          const char *query)
{
    uint32_t found = vocabulary_find(vocabulary, scheme, query);
    if (found != CONCEPT_NONE || !*query)
        return found;
    char *upper = arena_strdup(arena, query);
    for (char *at = upper; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 32);
    if (scheme == SCHEME_COUNTRY)
        return vocabulary_find(vocabulary, scheme, country_normalise(upper));
    found = vocabulary_find(vocabulary, scheme, upper);
    if (found != CONCEPT_NONE)
        return found;
    const struct concept *concepts = vocabulary_concepts(vocabulary);
    uint32_t first = vocabulary_word_index(vocabulary, scheme)->first_concept;
    uint32_t end = first + (uint32_t)vocabulary_scheme_count(vocabulary, scheme);
    size_t size = strlen(query);
    for (uint32_t i = first; i < end; i++)
        if (concepts[i].code_bytes == size && text_equal_ascii_case(concepts[i].code, query))
            return i;
    return CONCEPT_NONE;
}

/* ---- answers ---- */

size_t lookup_search(const struct vocabulary *vocabulary, struct arena *arena, enum scheme scheme,
                     const char *query, const char *language, struct lookup_hit *hits, size_t most)
{
    const struct word_index *index = vocabulary_word_index(vocabulary, scheme);
    if (!index || !most)
        return 0;
    const char *trimmed = text_trim(arena, query);
    size_t count = 0;
    uint32_t code = find_code(vocabulary, arena, scheme, trimmed);
    if (code != CONCEPT_NONE)
        hits[count++] = (struct lookup_hit){code, 1};
    struct candidate *kept = arena_array(arena, most, sizeof *kept);
    size_t kept_count =
        find_best(&(struct request){vocabulary, index, language, true}, arena, trimmed, kept, most);
    for (size_t i = 0; i < kept_count && count < most; i++)
        if (kept[i].concept != code)
            hits[count++] = (struct lookup_hit){kept[i].concept, kept[i].rank};
    return count;
}

struct lookup_hit lookup_interpret(const struct vocabulary *vocabulary, struct arena *arena,
                                   enum scheme scheme, const char *text)
{
    const struct word_index *index = vocabulary_word_index(vocabulary, scheme);
    if (!index)
        return (struct lookup_hit){CONCEPT_NONE, 0};
    const char *trimmed = text_trim(arena, text);
    uint32_t code = find_code(vocabulary, arena, scheme, trimmed);
    if (code != CONCEPT_NONE)
        return (struct lookup_hit){code, 1};
    struct candidate best;
    size_t count = find_best(&(struct request){vocabulary, index, NULL, false}, arena, trimmed, &best, 1);
    return count ? (struct lookup_hit){best.concept, best.best} : (struct lookup_hit){CONCEPT_NONE, 0};
}
