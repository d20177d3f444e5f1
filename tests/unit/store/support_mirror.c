#include "store/support_mirror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "store/feed.h"
#include "store/support_write.h"

static void forget_all(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->record_count; i++) {
        free(mirror->records[i].id);
        free(mirror->records[i].packed);
    }
    free(mirror->records);
    mirror->records = NULL;
    mirror->record_count = 0;
    text_map_fini(&mirror->by_id);
    text_map_init(&mirror->by_id);
    mirror->registry_count = 0;
}

static void on_reset(void *context)
{
    struct mirror *mirror = context;
    forget_all(mirror);
    mirror->is_loading = true;
    mirror->is_loaded = false;
    mirror->changed_in = 0;
    mirror->load_count++;
}

/* While following, changes belong to the next revision and to no other. */
static void note_change(struct mirror *mirror, uint64_t revision)
{
    if (mirror->is_loading)
        return;
    assert_int_equal(revision, mirror->revision + 1);
    mirror->changed_in = revision;
}

static void on_registry(void *context, const struct feed_registry *registry)
{
    struct mirror *mirror = context;
    assert_true(registry->update_time_us > 0);
    note_change(mirror, registry->revision);
    mirror->registry_count++;
    snprintf(mirror->last_title, sizeof mirror->last_title, "%s", registry->title);
}

static struct mirror_record *find(struct mirror *mirror, const char *id)
{
    uint32_t index = text_map_get(&mirror->by_id, id);
    if (index != TEXT_MAP_NONE)
        return &mirror->records[index];
    mirror->records = heap_realloc(mirror->records, (mirror->record_count + 1) * sizeof *mirror->records);
    struct mirror_record *record = &mirror->records[mirror->record_count];
    *record = (struct mirror_record){.id = heap_strdup(id)};
    text_map_set(&mirror->by_id, record->id, (uint32_t)mirror->record_count++);
    return record;
}

static void on_record(void *context, const struct feed_record *given)
{
    struct mirror *mirror = context;
    assert_true(given->update_time_us > 0);
    note_change(mirror, given->revision);
    struct mirror_record *record = find(mirror, given->id);
    free(record->packed);
    record->packed = NULL;
    record->packed_bytes = given->packed_bytes;
    record->revision = given->revision;
    record->time_us = given->update_time_us;
    assert_int_equal(given->record.message != NULL, given->packed != NULL);
    if (!given->packed)
        return;
    assert_string_equal(record_id(&given->record), given->id);
    record->packed = heap_alloc(given->packed_bytes + 1);
    memcpy(record->packed, given->packed, given->packed_bytes);
}

static void on_vocabulary_begin(void *context)
{
    struct mirror *mirror = context;
    mirror->concept_count = mirror->word_count = 0;
}

static void add_list(struct text_buffer *text, struct text_list list)
{
    for (size_t i = 0; i < list.count; i++)
        text_buffer_format(text, "%s%s", i ? "," : "", list.items[i]);
    text_buffer_add(text, "|");
}

static void on_concept(void *context, const struct concept_source *concept)
{
    struct mirror *mirror = context;
    assert_true(concept->words_count > 0);
    mirror->concept_count++;
    mirror->word_count += (unsigned)concept->words_count;
    const struct concept_words *words = &concept->words[concept->words_count - 1];
    struct text_buffer text = {0};
    text_buffer_format(&text, "%s|%s|", concept->vocabulary, concept->code);
    add_list(&text, concept->broader);
    add_list(&text, concept->related);
    add_list(&text, concept->sectors);
    text_buffer_format(&text, "%s|", words->label);
    add_list(&text, words->other_labels);
    text_buffer_add(&text, words->description);
    snprintf(mirror->last_concept, sizeof mirror->last_concept, "%s", text.bytes);
    text_buffer_fini(&text);
}

static void on_vocabulary_end(void *context)
{
    ((struct mirror *)context)->vocabulary_count++;
}

static void on_loaded(void *context, uint64_t revision, int64_t, const char *epoch)
{
    struct mirror *mirror = context;
    mirror->is_loading = false;
    mirror->is_loaded = true;
    mirror->revision = revision;
    snprintf(mirror->epoch, sizeof mirror->epoch, "%s", epoch);
}

static void on_revision_done(void *context, uint64_t revision, int64_t time_us)
{
    struct mirror *mirror = context;
    assert_true(mirror->is_loaded);
    assert_int_equal(revision, mirror->revision + 1);
    assert_true(time_us > 0);
    mirror->revision = revision;
    mirror->changed_in = 0;
}

static void on_reachable(void *context, bool reachable)
{
    struct mirror *mirror = context;
    mirror->lost_count += mirror->is_reachable && !reachable;
    mirror->is_reachable = reachable;
}

static void on_newest(void *context, uint64_t revision)
{
    ((struct mirror *)context)->newest = revision;
}

static void open_with(struct mirror *mirror, struct bench *bench, const struct store_settings *settings)
{
    *mirror = (struct mirror){.bench = bench};
    text_map_init(&mirror->by_id);
    struct feed_handlers handlers = {
        .reset = on_reset,
        .registry = on_registry,
        .record = on_record,
        .vocabulary_begin = on_vocabulary_begin,
        .concept = on_concept,
        .vocabulary_end = on_vocabulary_end,
        .loaded = on_loaded,
        .revision_done = on_revision_done,
        .reachable = on_reachable,
        .newest = on_newest,
    };
    mirror->feed = feed_new(bench->loop, settings, &handlers, mirror);
}

void mirror_open(struct mirror *mirror, struct bench *bench)
{
    open_with(mirror, bench, &(struct store_settings){.conninfo = bench->conninfo});
}

void mirror_open_listening(struct mirror *mirror, struct bench *bench)
{
    open_with(mirror, bench,
              &(struct store_settings){.conninfo = bench->conninfo, .look_ms = 60 * 60 * 1000});
}

void mirror_close(struct mirror *mirror)
{
    feed_free(mirror->feed);
    forget_all(mirror);
    text_map_fini(&mirror->by_id);
}

struct target {
    struct mirror *mirror;
    uint64_t revision;
};

static bool has_come(void *context)
{
    const struct target *target = context;
    return target->mirror->is_loaded && target->mirror->revision >= target->revision;
}

void mirror_wait(struct mirror *mirror, uint64_t revision)
{
    bench_wait_until(mirror->bench, has_come, &(struct target){mirror, revision});
}

size_t mirror_count(const struct mirror *mirror)
{
    size_t count = 0;
    for (size_t i = 0; i < mirror->record_count; i++)
        count += mirror->records[i].packed != NULL;
    return count;
}

void mirror_assert_equal(const struct mirror *left, const struct mirror *right)
{
    assert_int_equal(mirror_count(left), mirror_count(right));
    for (size_t i = 0; i < left->record_count; i++) {
        const struct mirror_record *record = &left->records[i];
        if (!record->packed)
            continue;
        uint32_t index = text_map_get(&right->by_id, record->id);
        assert_int_not_equal(index, TEXT_MAP_NONE);
        const struct mirror_record *other = &right->records[index];
        assert_non_null(other->packed);
        assert_int_equal(record->packed_bytes, other->packed_bytes);
        assert_memory_equal(record->packed, other->packed, record->packed_bytes);
        assert_int_equal(record->revision, other->revision);
        assert_int_equal(record->time_us, other->time_us);
    }
}
