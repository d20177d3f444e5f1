#include "vocab/support_vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "vocab/tsv.h"

static struct text_list split(struct arena *arena, const char *text)
{
    if (!text || !*text)
        return (struct text_list){0};
    size_t most = 1, count = 0;
    for (const char *at = text; *at; at++)
        most += *at == '|';
    const char **items = arena_array(arena, most, sizeof *items);
    for (const char *at = text;; at++) {
        size_t size = strcspn(at, "|");
        items[count++] = arena_strndup(arena, at, size);
        at += size;
        if (!*at)
            return (struct text_list){items, count};
    }
}

void support_add(struct vocabulary_builder *builder, const struct small_concept *concept)
{
    struct arena *arena = arena_new(0);
    struct concept_words words = {
        .language = "en",
        .label = concept->label,
        .other_labels = split(arena, concept->other_labels),
        .description = concept->description,
    };
    struct concept_source source = {
        .scheme = concept->scheme,
        .code = concept->code,
        .vocabulary = "Small 1",
        .reuse = concept->reuse,
        .broader = split(arena, concept->broader),
        .related = split(arena, concept->related),
        .words = &words,
        .words_count = 1,
    };
    vocabulary_builder_add(builder, &source);
    arena_free(arena);
}

struct vocabulary *support_vocabulary(const struct small_concept *concepts, size_t count)
{
    struct vocabulary_builder *builder = vocabulary_builder_new();
    for (size_t i = 0; i < count; i++)
        support_add(builder, &concepts[i]);
    return vocabulary_builder_finish(builder);
}

static void take(void *context, const struct concept_source *concept)
{
    vocabulary_builder_add(context, concept);
}

struct vocabulary *support_shipped(const char *name, enum scheme scheme)
{
    char path[512];
    snprintf(path, sizeof path, SOURCE_DIR "/sql/vocabulary/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    enum { MOST_BYTES = 4 << 20 };
    char *bytes = malloc(MOST_BYTES);
    size_t size = fread(bytes, 1, MOST_BYTES, file);
    fclose(file);
    struct arena *arena = arena_new(0);
    struct vocabulary_builder *builder = vocabulary_builder_new();
    struct tsv_options options = {.scheme = scheme, .vocabulary = "Shipped 1", .language = "en"};
    struct status status = tsv_read(arena, bytes, size, &options, take, builder);
    struct vocabulary *vocabulary = vocabulary_builder_finish(builder);
    arena_free(arena);
    free(bytes);
    if (status_ok(status))
        return vocabulary;
    vocabulary_release(vocabulary);
    return NULL;
}
