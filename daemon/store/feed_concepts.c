#include "store/feed_state.h"

#include <string.h>

#include "base/arena.h"
#include "store/parameter.h"

enum {
    COLUMN_SCHEME,
    COLUMN_CODE,
    COLUMN_VOCABULARY,
    COLUMN_REUSE,
    COLUMN_BROADER,
    COLUMN_RELATED,
    COLUMN_SECTORS,
    COLUMN_LANGUAGE,
    COLUMN_LABEL,
    COLUMN_OTHER_LABELS,
    COLUMN_DESCRIPTION
};

/* A concept comes as one row for each language of its words. */
static void give_concept(struct feed *feed)
{
    if (feed->concepts.source.code) {
        feed->concepts.source.words = feed->concepts.words;
        feed->handlers.concept(feed->context, &feed->concepts.source);
    }
    feed->concepts.source = (struct concept_source){0};
    feed->concepts.words = NULL;
    arena_reset(feed->concepts.arena);
}

static void begin_concept(struct feed *feed, const PGresult *result, int row)
{
    struct arena *arena = feed->concepts.arena;
    feed->concepts.source = (struct concept_source){
        .scheme = (enum scheme)result_int2(result, row, COLUMN_SCHEME),
        .code = result_text(arena, result, row, COLUMN_CODE),
        .vocabulary = result_text(arena, result, row, COLUMN_VOCABULARY),
        .reuse = result_text(arena, result, row, COLUMN_REUSE),
        .broader = result_texts(arena, result, row, COLUMN_BROADER),
        .related = result_texts(arena, result, row, COLUMN_RELATED),
        .sectors = result_texts(arena, result, row, COLUMN_SECTORS),
    };
}

static void add_words(struct feed *feed, const PGresult *result, int row)
{
    struct arena *arena = feed->concepts.arena;
    size_t count = feed->concepts.source.words_count++;
    struct concept_words *words =
        arena_grow(arena, feed->concepts.words, count * sizeof *words, (count + 1) * sizeof *words);
    words[count] = (struct concept_words){
        .language = result_text(arena, result, row, COLUMN_LANGUAGE),
        .label = result_text(arena, result, row, COLUMN_LABEL),
        .other_labels = result_texts(arena, result, row, COLUMN_OTHER_LABELS),
        .description = result_text(arena, result, row, COLUMN_DESCRIPTION),
    };
    feed->concepts.words = words;
}

static void on_row(struct feed *feed, const PGresult *result, int row)
{
    const struct concept_source *source = &feed->concepts.source;
    if (!source->code || (int)source->scheme != result_int2(result, row, COLUMN_SCHEME) ||
        strcmp(source->code, PQgetvalue(result, row, COLUMN_CODE)) != 0) {
        give_concept(feed);
        begin_concept(feed, result, row);
    }
    add_words(feed, result, row);
}

static void on_end(struct feed *feed)
{
    give_concept(feed);
    feed->handlers.vocabulary_end(feed->context);
    feed->concepts.end(feed);
}

static const struct feed_step concepts_step = {
    .sql = "SELECT c.scheme, c.code, v.name || ' ' || v.version, c.reuse, c.broader, c.related, c.sectors,"
           " w.language, w.label, w.other_labels, w.description"
           " FROM concept c JOIN vocabulary v ON v.scheme = c.scheme AND v.name = c.vocabulary"
           " JOIN concept_words w ON w.scheme = c.scheme AND w.code = c.code"
           " ORDER BY c.scheme, c.code, w.language",
    .mode = FEED_ROWS,
    .row = on_row,
    .end = on_end};

void feed_concepts_start(struct feed *feed, void (*end)(struct feed *feed))
{
    feed->concepts.end = end;
    feed->concepts.source = (struct concept_source){0};
    feed->concepts.words = NULL;
    arena_reset(feed->concepts.arena);
    feed->handlers.vocabulary_begin(feed->context);
    feed_run(feed, &concepts_step);
}
