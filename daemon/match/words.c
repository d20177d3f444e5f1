#include "match/words.h"

#include "base/arena.h"
#include "match/concepts.h"
#include "vocab/lookup.h"
#include "vocab/vocabulary.h"

static Partner__V1__Interpretation *interpretation_new(struct arena *arena, const char *text)
{
    Partner__V1__Interpretation *to = arena_alloc(arena, sizeof *to);
    partner__v1__interpretation__init(to);
    to->text = arena_strdup(arena, text);
    return to;
}

uint32_t words_read(struct arena *arena, const struct vocabulary *vocabulary, const char *text,
                    Partner__V1__Interpretation **ret_said)
{
    Partner__V1__Interpretation *said = *ret_said = interpretation_new(arena, text);
    struct lookup_hit hit = {.concept = CONCEPT_NONE};
    if (vocabulary)
        hit = lookup_interpret(vocabulary, arena, SCHEME_OUTCOME, text);
    if (hit.concept == CONCEPT_NONE)
        return CONCEPT_NONE;
    const struct concept_words *words = vocabulary_words(vocabulary, hit.concept, "en");
    said->concept = arena_strdup(arena, vocabulary_code(vocabulary, hit.concept));
    said->label = arena_strdup(arena, words && words->label ? words->label : "");
    said->confidence = hit.score;
    return hit.score < CONCEPTS_LEAST_CONFIDENCE ? CONCEPT_NONE : hit.concept;
}
