#include "replica/directory_entry.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/owners.h"
#include "base/text.h"
#include "vocab/place.h"
#include "vocab/sector.h"

/* What a word's place is worth where the word is whole, and the share of that where it is the start of one. */
static const double name_worth = 1, other_name_worth = 0.9, city_worth = 0.6;
static const double start_least = 0.6, start_range = 0.3;
static const double words_share = 0.7; /* of the fit; the rest is how much of the name was hit */

enum { BEST_FIT = 1000000 };

/* ---- making one ---- */

/* Appends a text with its NUL; nothing of an empty one, which would end a list. */
static void append(struct text_buffer *out, const char *text)
{
    if (*text)
        text_buffer_append(out, text, strlen(text) + 1);
}

static void append_one(struct text_buffer *out, const char *text)
{
    text_buffer_append(out, text, strlen(text) + 1);
}

static void end_list(struct text_buffer *out)
{
    text_buffer_append(out, "", 1);
}

static const char *squeeze(struct arena *arena, const char *text)
{
    char *folded = text_fold(arena, text), *to = folded;
    for (const char *from = folded; *from; from++)
        if (*from != ' ')
            *to++ = *from;
    *to = '\0';
    return folded;
}

static void append_identifiers(struct text_buffer *out, struct arena *arena,
                               const pb_organisation *organisation)
{
    const char *key = strchr(organisation->id, '/');
    append(out, squeeze(arena, organisation->id));
    append(out, squeeze(arena, key ? key + 1 : ""));
    for (size_t i = 0; i < organisation->n_identifiers; i++)
        append(out, squeeze(arena, organisation->identifiers[i]->value));
    end_list(out);
}

struct directory_entry *directory_entry_new(const pb_organisation *organisation)
{
    struct text_buffer out = {0};
    struct arena *arena = arena_new(0);
    size_t starts[7] = {0};
    append_one(&out, organisation->id);
    starts[1] = out.size;
    append_one(&out, country_normalise(organisation->country));
    starts[2] = out.size;
    append_one(&out, text_fold(arena, organisation->name));
    starts[3] = out.size;
    for (size_t i = 0; i < organisation->n_other_names; i++)
        append(&out, text_fold(arena, organisation->other_names[i]->value));
    end_list(&out);
    starts[4] = out.size;
    append_one(&out, text_fold(arena, organisation->city));
    starts[5] = out.size;
    append_identifiers(&out, arena, organisation);
    starts[6] = out.size;
    for (size_t i = 0; i < organisation->n_sectors; i++)
        append(&out, organisation->sectors[i]);
    end_list(&out);
    struct directory_entry *entry = heap_alloc(sizeof *entry + out.size);
    memcpy(entry->data, out.bytes, out.size);
    atomic_init(&entry->owners, 1);
    entry->roles = 0;
    for (size_t i = 0; i < organisation->n_roles; i++)
        entry->roles |= (unsigned)organisation->roles[i] < 32 ? 1u << organisation->roles[i] : 0;
    entry->bytes = (uint32_t)out.size;
    entry->id = entry->data;
    entry->country = entry->data + starts[1];
    entry->name = entry->data + starts[2];
    entry->other_names = entry->data + starts[3];
    entry->city = entry->data + starts[4];
    entry->identifiers = entry->data + starts[5];
    entry->sectors = entry->data + starts[6];
    text_buffer_fini(&out);
    arena_free(arena);
    return entry;
}

struct directory_entry *directory_entry_acquire(struct directory_entry *entry)
{
    owners_add(&entry->owners);
    return entry;
}

void directory_entry_release(struct directory_entry *entry)
{
    if (entry && owners_drop(&entry->owners))
        free(entry);
}

/* Where a text of an entry is in another one. */
static const char *moved(const struct directory_entry *from, const char *text, uintptr_t to)
{
    return (const char *)(to + (uintptr_t)(text - (const char *)from));
}

const struct directory_entry *directory_entry_put(const struct directory_entry *entry,
                                                  struct image_writer *image)
{
    size_t bytes = sizeof *entry + entry->bytes;
    uintptr_t to = image_next(image);
    struct directory_entry *copy = heap_alloc(bytes);
    owners_copy(copy, entry, bytes);
    copy->id = moved(entry, entry->id, to);
    copy->country = moved(entry, entry->country, to);
    copy->name = moved(entry, entry->name, to);
    copy->other_names = moved(entry, entry->other_names, to);
    copy->city = moved(entry, entry->city, to);
    copy->identifiers = moved(entry, entry->identifiers, to);
    copy->sectors = moved(entry, entry->sectors, to);
    const struct directory_entry *put = image_put(image, copy, bytes);
    free(copy);
    return put;
}

/* ---- filters ---- */

static uint32_t pack_country(const char *country)
{
    return *country ? (uint32_t)(unsigned char)country[0] << 8 | (unsigned char)country[1] : 0;
}

struct directory_traits directory_entry_traits(const struct directory_entry *entry)
{
    return (struct directory_traits){entry->roles, pack_country(entry->country)};
}

struct directory_filter directory_filter_make(struct arena *arena, const struct directory_query *query)
{
    struct directory_filter filter = {.query = query};
    for (size_t i = 0; i < query->role_count; i++)
        filter.roles |= (unsigned)query->roles[i] < 32 ? 1u << query->roles[i] : 0;
    uint32_t *countries = arena_array(arena, query->country_count, sizeof *countries);
    for (size_t i = 0; i < query->country_count; i++)
        countries[i] = pack_country(country_normalise(query->countries[i]));
    filter.countries = countries;
    filter.registry_bytes = query->registry ? strlen(query->registry) : 0;
    return filter;
}

static bool has_country(uint32_t country, const struct directory_filter *filter)
{
    for (size_t i = 0; i < filter->query->country_count; i++)
        if (country == filter->countries[i])
            return true;
    return filter->query->country_count == 0;
}

bool directory_traits_pass(const struct directory_traits *traits, const struct directory_filter *filter)
{
    return (filter->query->role_count == 0 || (traits->roles & filter->roles)) &&
           has_country(traits->country, filter);
}

static bool has_sector(const struct directory_entry *entry, const struct directory_query *query)
{
    const char *list = entry->sectors;
    for (const char *sector; query->sector_count && (sector = directory_list_next(&list));)
        for (size_t i = 0; i < query->sector_count; i++)
            if (sector_is_compatible(sector, query->sectors[i]))
                return true;
    return query->sector_count == 0;
}

bool directory_entry_is_of(const struct directory_entry *entry, const struct directory_filter *filter)
{
    size_t size = filter->registry_bytes;
    return !size || (strncmp(entry->id, filter->query->registry, size) == 0 && entry->id[size] == '/');
}

bool directory_entry_passes(const struct directory_entry *entry, const struct directory_filter *filter)
{
    struct directory_traits traits = directory_entry_traits(entry);
    return directory_traits_pass(&traits, filter) && directory_entry_is_of(entry, filter) &&
           has_sector(entry, filter->query);
}

/* ---- fit ---- */

/* What the word is worth in the text: all where it is a word of it, some where it is the start of one, else 0. */
static double worth_in(const char *text, const char *word, size_t size)
{
    double best = 0;
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, " ");
        if (length >= size && memcmp(at, word, size) == 0) {
            double worth = length == size ? 1 : start_least + start_range * (double)size / (double)length;
            if (worth > best)
                best = worth;
        }
        at += length + (at[length] == ' ');
    }
    return best;
}

static double word_worth(const struct directory_entry *entry, const char *word)
{
    size_t size = strlen(word);
    double best = name_worth * worth_in(entry->name, word, size), worth;
    const char *list = entry->other_names;
    for (const char *name; best < other_name_worth && (name = directory_list_next(&list));) {
        worth = other_name_worth * worth_in(name, word, size);
        best = worth > best ? worth : best;
    }
    if (best < city_worth) {
        worth = city_worth * worth_in(entry->city, word, size);
        best = worth > best ? worth : best;
    }
    return best;
}

size_t directory_words_spell(struct text_list words, size_t first, const char *identifier)
{
    for (size_t i = first; i < words.count; i++) {
        size_t size = strlen(words.items[i]);
        if (strncmp(identifier, words.items[i], size) != 0)
            return 0;
        identifier += size;
        if (!*identifier)
            return i + 1 - first;
    }
    return 0;
}

/* The longest run of words from `first` on that is one of the identifiers. */
static size_t identifier_run(const struct directory_entry *entry, struct text_list words, size_t first)
{
    size_t longest = 0;
    const char *list = entry->identifiers;
    for (const char *identifier; (identifier = directory_list_next(&list));) {
        size_t run = directory_words_spell(words, first, identifier);
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* The share of the name's words that the query's words hit. */
static double name_share(const char *name, struct text_list words)
{
    size_t hit = 0, count = 0;
    for (const char *at = name; *at; count++) {
        size_t length = strcspn(at, " ");
        for (size_t i = 0; i < words.count; i++) {
            size_t size = strlen(words.items[i]);
            if (length >= size && memcmp(at, words.items[i], size) == 0) {
                hit++;
                break;
            }
        }
        at += length + (at[length] == ' ');
    }
    return count ? (double)hit / (double)count : 0;
}

uint32_t directory_entry_fit(const struct directory_entry *entry, struct text_list words)
{
    double sum = 0;
    size_t spelled_to = 0;
    for (size_t i = 0; i < words.count; i++) {
        size_t run = identifier_run(entry, words, i);
        if (i + run > spelled_to)
            spelled_to = i + run;
        if (run == words.count)
            return BEST_FIT;
        double worth = i < spelled_to ? 1 : word_worth(entry, words.items[i]);
        if (worth == 0)
            return 0;
        sum += worth;
    }
    double share = name_share(entry->name, words);
    const char *list = entry->other_names;
    for (const char *name; share < 1 && (name = directory_list_next(&list));) {
        double other = name_share(name, words);
        share = other > share ? other : share;
    }
    double fit = words_share * sum / (double)words.count + (1 - words_share) * share;
    return 1 + (uint32_t)(fit * (BEST_FIT - 1) + 0.5);
}
