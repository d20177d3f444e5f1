#include "client/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/exit.h"

#define SEARCH_PATH "/partner.v1.VocabularyService/SearchConcepts"
#define HITS        5

/* A hit is taken for what was meant when its score is at least this, and further than `apart` from the next. */
static const struct {
    double score, apart;
} sure[] = {{0.97, 0.01}, {0.6, 0.15}};

static const char *const scheme_names[] = {
    [PARTNER__V1__SCHEME__SCHEME_SECTOR] = "sector",
    [PARTNER__V1__SCHEME__SCHEME_OUTCOME] = "outcome",
    [PARTNER__V1__SCHEME__SCHEME_OCCUPATION] = "occupation",
    [PARTNER__V1__SCHEME__SCHEME_COUNTRY] = "country",
    [PARTNER__V1__SCHEME__SCHEME_REGION] = "region",
    [PARTNER__V1__SCHEME__SCHEME_INDUSTRY] = "industry",
    [PARTNER__V1__SCHEME__SCHEME_LANGUAGE] = "language",
};

#define SCHEMES (sizeof scheme_names / sizeof *scheme_names)

Partner__V1__Scheme words_scheme(const char *word)
{
    for (unsigned i = 1; i < SCHEMES; i++)
        if (text_equal(scheme_names[i], word))
            return (Partner__V1__Scheme)i;
    return PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED;
}

const char *words_scheme_name(Partner__V1__Scheme scheme)
{
    return (unsigned)scheme < SCHEMES && scheme_names[scheme] ? scheme_names[scheme] : "concept";
}

static bool all_of(const char *text, int (*is)(int), size_t least, size_t most)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if (!is((unsigned char)text[i]))
            return false;
    return size >= least && size <= most;
}

static int is_region_letter(int letter)
{
    return isupper(letter) || isdigit(letter);
}

/* The code itself where the words have the form of one, else NULL. */
static const char *as_code(struct arena *arena, Partner__V1__Scheme scheme, const char *words)
{
    char *copy = arena_strdup(arena, words);
    switch (scheme) {
    case PARTNER__V1__SCHEME__SCHEME_SECTOR:
        return all_of(words, isdigit, 1, 4) ? words : NULL;
    case PARTNER__V1__SCHEME__SCHEME_COUNTRY:
        for (char *at = copy; *at; at++)
            *at = (char)toupper((unsigned char)*at);
        return all_of(words, isalpha, 2, 2) ? copy : NULL;
    case PARTNER__V1__SCHEME__SCHEME_LANGUAGE:
        for (char *at = copy; *at; at++)
            *at = (char)tolower((unsigned char)*at);
        return all_of(words, isalpha, 2, 2) ? copy : NULL;
    case PARTNER__V1__SCHEME__SCHEME_REGION:
        return all_of(words, is_region_letter, 3, 5) && isupper((unsigned char)words[0]) &&
                       isupper((unsigned char)words[1])
                   ? words
                   : NULL;
    default:
        return strstr(words, "://") || text_starts_with(words, "urn:") ? words : NULL;
    }
}

static bool is_sure(const Partner__V1__SearchConceptsResponse *found)
{
    double first = found->concepts[0]->score;
    double second = found->n_concepts > 1 ? found->concepts[1]->score : -1;
    for (unsigned i = 0; i < sizeof sure / sizeof *sure; i++)
        if (first >= sure[i].score && first - second > sure[i].apart)
            return true;
    return false;
}

static int not_sure(Partner__V1__Scheme scheme, const char *words,
                    const Partner__V1__SearchConceptsResponse *found)
{
    const char *name = words_scheme_name(scheme);
    if (!found->n_concepts)
        return client_fail(
            EXIT_INVALID,
            scheme == PARTNER__V1__SCHEME__SCHEME_REGION
                ? "give its NUTS code; names are known once a NUTS list is loaded (vocabulary load)"
                : "try other words, or its code",
            "no %s is called '%s' or anything like it", name, words);
    client_fail(EXIT_INVALID, NULL, "'%s' does not name one %s; it could be", words, name);
    for (size_t i = 0; i < found->n_concepts; i++)
        fprintf(stderr, "  %-6s  %s\n", found->concepts[i]->code, found->concepts[i]->label);
    fputs("what to do: give the code\n", stderr);
    return EXIT_INVALID;
}

int words_to_code(struct client *client, Partner__V1__Scheme scheme, const char *words, const char **ret_code)
{
    const char *code = as_code(client->arena, scheme, words);
    if (code) {
        *ret_code = code;
        return EXIT_DONE;
    }
    Partner__V1__SearchConceptsRequest request = PARTNER__V1__SEARCH_CONCEPTS_REQUEST__INIT;
    ProtobufCMessage *answer;
    request.scheme = scheme;
    request.query = (char *)words;
    request.page_size = HITS;
    int failed = client_read(client, SEARCH_PATH, &request.base,
                             &partner__v1__search_concepts_response__descriptor, &answer);
    if (failed)
        return failed;
    const Partner__V1__SearchConceptsResponse *found = (const void *)answer;
    if (!found->n_concepts || !is_sure(found))
        return not_sure(scheme, words, found);
    fprintf(stderr, "%s: %s %s\n", words, found->concepts[0]->code, found->concepts[0]->label);
    *ret_code = found->concepts[0]->code;
    return EXIT_DONE;
}

int words_of_flag(struct client *client, Partner__V1__Scheme scheme, const char *flag, char ***ret_codes,
                  size_t *ret_count)
{
    const char **words, *code;
    size_t count = flags_list(&client->flags, client->arena, flag, &words);
    if (!count)
        return EXIT_DONE;
    char **codes = arena_array(client->arena, count, sizeof *codes);
    for (size_t i = 0; i < count; i++) {
        int failed = words_to_code(client, scheme, words[i], &code);
        if (failed)
            return failed;
        codes[i] = (char *)code;
    }
    *ret_codes = codes;
    *ret_count = count;
    return EXIT_DONE;
}

static bool cefr_level(const char *word, Partner__V1__CefrLevel *ret_level)
{
    static const char *const names[] = {"A1", "A2", "B1", "B2", "C1", "C2"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!text_equal_ascii_case(names[i], word))
            continue;
        *ret_level = (Partner__V1__CefrLevel)(PARTNER__V1__CEFR_LEVEL__CEFR_LEVEL_A1 + i);
        return true;
    }
    return false;
}

int words_to_languages(struct client *client, const char *flag, Partner__V1__LanguageLevel ***ret_levels,
                       size_t *ret_count)
{
    const char **words, *code;
    size_t count = flags_list(&client->flags, client->arena, flag, &words);
    if (!count)
        return EXIT_DONE;
    Partner__V1__LanguageLevel **levels = arena_array(client->arena, count, sizeof *levels);
    for (size_t i = 0; i < count; i++) {
        size_t size = strcspn(words[i], ":");
        levels[i] = arena_alloc(client->arena, sizeof **levels);
        partner__v1__language_level__init(levels[i]);
        if (words[i][size] && !cefr_level(words[i] + size + 1, &levels[i]->level))
            return client_fail(EXIT_INVALID, "write it as de:B1 or German:B1",
                               "'%s' is no level from A1 to C2", words[i] + size + 1);
        const char *name = arena_strndup(client->arena, words[i], size);
        int failed = words_to_code(client, PARTNER__V1__SCHEME__SCHEME_LANGUAGE, name, &code);
        if (failed)
            return failed;
        levels[i]->language = (char *)code;
    }
    *ret_levels = levels;
    *ret_count = count;
    return EXIT_DONE;
}
