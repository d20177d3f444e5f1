#include "store/seed.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/arena.h"
#include "base/embedded.h"
#include "base/log.h"
#include "loop/loop.h"
#include "store/store.h"
#include "store/vocabulary_load.h"
#include "vocab/tsv.h"

extern const struct embedded_file embedded_vocabularies[];

/* What the files are. */
static const struct {
    const char *file, *vocabulary;
    enum scheme scheme;
} seeds[] = {
    {"isced_f_2013.tsv", "ISCED-F 2013", SCHEME_SECTOR},
    {"starter_outcomes.tsv", "partnerd starter " PARTNERD_VERSION, SCHEME_OUTCOME},
    {"iso_languages.tsv", "ISO 639-1", SCHEME_LANGUAGE},
    {"iso_countries.tsv", "ISO 3166-1", SCHEME_COUNTRY},
};

enum { SEED_COUNT = sizeof seeds / sizeof *seeds };

struct seeding {
    struct arena *arena;
    struct loop *loop;
    struct store *store;
    size_t index;
    unsigned char checksum[SHA256_DIGEST_LENGTH];
    struct store_concept *concepts;
    size_t concept_count, concept_capacity;
    struct status status;
};

static void next_seed(struct seeding *seeding);

static struct text_list copy_list(struct arena *arena, struct text_list list)
{
    const char **items = arena_array(arena, list.count, sizeof *items);
    for (size_t i = 0; i < list.count; i++)
        items[i] = arena_strdup(arena, list.items[i]);
    return (struct text_list){items, list.count};
}

static void take_concept(void *context, const struct concept_source *source)
{
    struct seeding *seeding = context;
    struct arena *arena = seeding->arena;
    if (seeding->concept_count == seeding->concept_capacity) {
        size_t capacity = seeding->concept_capacity ? 2 * seeding->concept_capacity : 256;
        seeding->concepts =
            arena_grow(arena, seeding->concepts, seeding->concept_count * sizeof *seeding->concepts,
                       capacity * sizeof *seeding->concepts);
        seeding->concept_capacity = capacity;
    }
    seeding->concepts[seeding->concept_count++] = (struct store_concept){
        .code = arena_strdup(arena, source->code),
        .label = arena_strdup(arena, source->words[0].label),
        .description = arena_strdup(arena, source->words[0].description),
        .reuse = arena_strdup(arena, source->reuse),
        .other_labels = copy_list(arena, source->words[0].other_labels),
        .broader = copy_list(arena, source->broader),
        .related = copy_list(arena, source->related),
        .sectors = copy_list(arena, source->sectors),
    };
}

static void on_loaded(void *context, struct status status, const struct store_vocabulary_result *result)
{
    struct seeding *seeding = context;
    if (!status_ok(status)) {
        seeding->status = status;
        loop_stop(seeding->loop);
        return;
    }
    if (result->created || result->updated || result->deleted || result->rejected)
        log_event(LOG_INFO, "store.seeded", "a vocabulary has been loaded",
                  LOG_TEXT("vocabulary", seeds[seeding->index].vocabulary),
                  LOG_NUMBER("created", (int64_t)result->created),
                  LOG_NUMBER("updated", (int64_t)result->updated),
                  LOG_NUMBER("deleted", (int64_t)result->deleted),
                  LOG_NUMBER("rejected", (int64_t)result->rejected));
    seeding->index++;
    next_seed(seeding);
}

static const struct embedded_file *find_file(const char *name)
{
    for (const struct embedded_file *file = embedded_vocabularies; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

static void next_seed(struct seeding *seeding)
{
    const struct embedded_file *file = NULL;
    while (seeding->index < SEED_COUNT && !(file = find_file(seeds[seeding->index].file)))
        seeding->index++;
    if (!file) {
        loop_stop(seeding->loop);
        return;
    }
    struct tsv_options options = {seeds[seeding->index].scheme, seeds[seeding->index].vocabulary, "en"};
    SHA256((const unsigned char *)file->bytes, file->size, seeding->checksum);
    seeding->concepts = NULL;
    seeding->concept_count = seeding->concept_capacity = 0;
    seeding->status = tsv_read(seeding->arena, file->bytes, file->size, &options, take_concept, seeding);
    if (!status_ok(seeding->status)) {
        loop_stop(seeding->loop);
        return;
    }
    struct store_vocabulary vocabulary = {
        .vocabulary = options.vocabulary,
        .scheme = options.scheme,
        .language = options.language,
        .concepts = seeding->concepts,
        .concept_count = seeding->concept_count,
    };
    vocabulary_load(seeding->store, seeding->arena, &vocabulary, seeding->checksum, on_loaded, seeding);
}

static void on_start(void *context)
{
    next_seed(context);
}

struct status seed_vocabularies(struct arena *arena, const struct store_settings *settings)
{
    struct seeding seeding = {.arena = arena, .loop = loop_new("seed", 0)};
    seeding.store = store_new(seeding.loop, settings);
    loop_post(seeding.loop, on_start, &seeding);
    loop_run(seeding.loop);
    store_free(seeding.store);
    loop_free(seeding.loop);
    return seeding.status;
}
