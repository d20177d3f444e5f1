#include "match/sentence.h"

#include "base/arena.h"
#include "base/clock.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/search.h"
#include "partner/v1/types.pb-c.h"
#include "vocab/vocabulary.h"

static const char *label_of(const struct match_query *query, enum scheme scheme, const char *code)
{
    const struct vocabulary *vocabulary = query->index->vocabulary;
    uint32_t concept = vocabulary ? vocabulary_find(vocabulary, scheme, code) : CONCEPT_NONE;
    const struct concept_words *words =
        concept == CONCEPT_NONE ? NULL : vocabulary_words(vocabulary, concept, "en");
    return words && words->label && *words->label ? words->label : NULL;
}

const char *sentence_country(const struct match_query *query, uint16_t country)
{
    char code[3];
    number_country_code(country, code);
    const char *label = label_of(query, SCHEME_COUNTRY, code);
    return label ? label : arena_strdup(query->arena, code);
}

const char *sentence_language(const struct match_query *query, uint16_t language, unsigned level)
{
    static const char *const levels[LEVEL_VALUES] = {"", " A1", " A2", " B1", " B2", " C1", " C2"};
    char code[3];
    number_language_code(language, code);
    const char *label = label_of(query, SCHEME_LANGUAGE, code);
    return arena_format(query->arena, "%s%s", label ? label : code, levels[level < LEVEL_VALUES ? level : 0]);
}

const char *sentence_sector(const struct match_query *query, uint16_t sector)
{
    char code[5];
    number_sector_code(sector, code);
    const char *label = label_of(query, SCHEME_SECTOR, code);
    return arena_format(query->arena, "%s%s%s", code, label ? " " : "", label ? label : "");
}

const char *sentence_concept(const struct match_query *query, uint32_t concept, const char *otherwise)
{
    const struct vocabulary *vocabulary = query->index->vocabulary;
    if (!vocabulary || concept >= vocabulary_concept_count(vocabulary))
        return otherwise;
    const struct concept_words *words = vocabulary_words(vocabulary, concept, "en");
    return words && words->label && *words->label ? words->label : otherwise;
}

const char *sentence_theme(unsigned theme)
{
    static const char *const names[] = {"", "digital", "green", "inclusion", "participation"};
    return theme < sizeof names / sizeof *names ? names[theme] : "";
}

const char *sentence_mode(unsigned mode)
{
    static const char *const names[] = {"", "physical", "blended", "virtual"};
    return mode < sizeof names / sizeof *names ? names[mode] : "";
}

const char *sentence_count(struct arena *arena, uint64_t count, const char *one, const char *many)
{
    return arena_format(arena, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

const char *sentence_days(struct arena *arena, uint32_t min_days, uint32_t max_days)
{
    if (min_days == max_days)
        return sentence_count(arena, min_days, "day", "days");
    return arena_format(arena, "%u to %u days", min_days, max_days);
}

const char *sentence_list(struct arena *arena, const char *const *items, size_t count)
{
    const char *text = count ? items[0] : "";
    size_t listed = count > SENTENCE_MOST_LISTED ? SENTENCE_MOST_LISTED : count;
    for (size_t i = 1; i < listed; i++)
        text = arena_format(arena, "%s%s%s", text, i + 1 == count ? " and " : ", ", items[i]);
    return listed < count ? arena_format(arena, "%s and %zu more", text, count - listed) : text;
}

const char *sentence_sectors(const struct match_query *query, const struct numbers *sectors)
{
    const char **names = arena_array(query->arena, sectors->count, sizeof *names);
    for (uint32_t i = 0; i < sectors->count; i++)
        names[i] = sentence_sector(query, sectors->items[i]);
    return sentence_list(query->arena, names, sectors->count);
}

const char *sentence_recognition(struct arena *arena, uint8_t has)
{
    static const char *const words[] = {"assesses", "validates", "documents"};
    const char *does[3], *lacks[3];
    size_t does_count = 0, lacks_count = 0;
    for (unsigned i = 0; i < 3; i++)
        if (has >> i & 1)
            does[does_count++] = words[i];
        else
            lacks[lacks_count++] = words[i];
    if (!does_count)
        return "says nothing about assessing, validating or documenting outcomes";
    if (!lacks_count)
        return "assesses, validates and documents outcomes";
    return arena_format(arena, "%s outcomes; doesn't say that it %s them",
                        sentence_list(arena, does, does_count), sentence_list(arena, lacks, lacks_count));
}

const char *sentence_transfer(struct arena *arena, double share, uint32_t wanted)
{
    unsigned count = (unsigned)(share * wanted + 0.5);
    return arena_format(arena, "covers %u of %s with something of use in other sectors too", count,
                        sentence_count(arena, wanted, "outcome", "outcomes"));
}

const char *sentence_near(struct arena *arena, const char *common, uint64_t moved, uint32_t partners_in)
{
    return arena_format(arena,
                        "is a partner of a partner: %s; %s between these and the host; %s of the sender in "
                        "the host's country",
                        common, sentence_count(arena, moved, "mobility", "mobilities"),
                        sentence_count(arena, partners_in, "partner", "partners"));
}
