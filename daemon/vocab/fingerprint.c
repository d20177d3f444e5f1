#include "vocab/fingerprint.h"

#include <string.h>

#include "base/hash.h"
#include "vocab/concept.h"

static uint64_t mix(uint64_t sum, uint64_t number)
{
    const uint64_t both[] = {sum, number};
    return hash_bytes(both, sizeof both);
}

static uint64_t mix_text(uint64_t sum, const char *text)
{
    return mix(sum, hash_text(text));
}

static uint64_t mix_links(uint64_t sum, struct concept_list links)
{
    return mix(mix(sum, links.count), hash_bytes(links.items, links.count * sizeof *links.items));
}

static uint64_t mix_words(uint64_t sum, const struct concept_words *words)
{
    sum = mix_text(mix_text(mix_text(sum, words->language), words->label), words->description);
    for (size_t i = 0; i < words->other_labels.count; i++)
        sum = mix_text(sum, words->other_labels.items[i]);
    return mix(sum, words->other_labels.count);
}

uint64_t vocabulary_fingerprint(const struct vocabulary *vocabulary)
{
    size_t count = vocabulary ? vocabulary_concept_count(vocabulary) : 0;
    uint64_t sum = mix(vocabulary != NULL, count);
    for (size_t i = 0; i < count; i++) {
        const struct concept *one = &vocabulary_concepts(vocabulary)[i];
        sum = mix_text(mix(mix(sum, one->scheme), one->reuse), one->code);
        sum = mix_links(mix_links(sum, one->broader_there), one->related_there); /* narrower is the inverse */
        for (size_t j = 0; one->scheme == SCHEME_OUTCOME && j < one->words_count; j++)
            sum = mix_words(sum, &one->words[j]);
    }
    return sum;
}
