/* A snapshot file gives back what was written, and any damage to it is seen. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/log.h"
#include "match/index.h"
#include "replica/directory.h"
#include "replica/record_set.h"
#include "replica/snapshot.h"
#include "replica/snapshot_file.h"
#include "replica/snapshot_layout.h"
#include "replica/working_set.h"
#include "vocab/vocabulary.h"

enum { RECORDS = 3000, STRIDE = 997 };

static char path[] = "/tmp/test_snapshot_XXXXXX";

static struct working_set *set_with_vocabulary(void)
{
    struct working_set *set = working_set_new();
    struct vocabulary *vocabulary = vocabulary_builder_finish(vocabulary_builder_new());
    working_set_vocabulary(set, vocabulary);
    vocabulary_release(vocabulary);
    return set;
}

static void put_organisation(struct working_set *set, unsigned number)
{
    struct arena *arena = arena_new(0);
    char filler[800] = {0};
    memset(filler, 'a' + (int)(number % 26), sizeof filler - 1);
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    organisation.id = arena_format(arena, "%s/o%u", number % 2 ? "even" : "odd", number);
    organisation.name = arena_format(arena, "Name %u", number);
    organisation.website = filler;
    organisation.country = arena_strdup(arena, "DE");
    struct record record = {RECORD_ORGANISATION, {.organisation = &organisation}};
    size_t bytes;
    void *packed = record_pack(arena, &record, &bytes);
    working_set_put(set, &record, packed, bytes, number % 7 + 1, (int64_t)number * 1000);
    arena_free(arena);
}

static void put_offer(struct working_set *set)
{
    struct arena *arena = arena_new(0);
    pb_offer offer = PARTNER__V1__OFFER__INIT;
    offer.id = arena_strdup(arena, "odd/offer");
    offer.organisation_id = arena_strdup(arena, "odd/o2");
    struct record record = {RECORD_OFFER, {.offer = &offer}};
    size_t bytes;
    void *packed = record_pack(arena, &record, &bytes);
    working_set_put(set, &record, packed, bytes, 7, 5000);
    arena_free(arena);
}

static struct snapshot *published(struct working_set *set)
{
    struct snapshot *snapshot = working_set_publish(set, 8);
    snapshot->epoch = heap_strdup("an-epoch");
    snapshot->change_set = 77;
    return snapshot;
}

static unsigned char *file_bytes(size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *ret_size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = heap_alloc(*ret_size);
    assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
    fclose(file);
    return bytes;
}

static void set_file(const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* A set that stands on the file. */
struct loaded {
    struct snapshot_file *file;
    struct working_set *set; /* NULL: the file was refused, at once or on the way */
};

static void loaded_free(struct loaded *loaded)
{
    if (loaded->set)
        working_set_free(loaded->set);
    snapshot_file_close(loaded->file);
}

static struct loaded read_file(void)
{
    struct loaded loaded = {.file = snapshot_file_open(path)};
    if (!loaded.file)
        return loaded;
    assert_int_equal(snapshot_file_record_count(loaded.file), RECORDS + 1);
    loaded.set = set_with_vocabulary();
    working_set_load_begin(loaded.set);
    if (snapshot_file_load(loaded.file, loaded.set))
        return loaded;
    working_set_free(loaded.set);
    loaded.set = NULL;
    return loaded;
}

static void assert_refused(void)
{
    struct loaded loaded = read_file();
    bool is_refused = !loaded.set;
    loaded_free(&loaded);
    assert_true(is_refused);
}

/* All records, in every row that they stand in. */
static void assert_same_records(const struct snapshot *snapshot, const struct snapshot *expected)
{
    struct record_cursor at = record_cursor_at(&snapshot->records, "", RECORD_NONE);
    struct record_cursor expected_at = record_cursor_at(&expected->records, "", RECORD_NONE);
    for (;;) {
        struct record_row row = record_cursor_next(&at), wanted = record_cursor_next(&expected_at);
        assert_int_equal(row.owner == NULL, wanted.owner == NULL);
        if (!row.owner)
            return;
        assert_string_equal(row.owner, wanted.owner);
        assert_string_equal(stored_record_id(row.entry), stored_record_id(wanted.entry));
        assert_int_equal(row.entry->kind, wanted.entry->kind);
        assert_int_equal(row.entry->revision, wanted.entry->revision);
        assert_int_equal(row.entry->update_time_us, wanted.entry->update_time_us);
        assert_int_equal(row.entry->packed_bytes, wanted.entry->packed_bytes);
        assert_memory_equal(stored_record_packed(row.entry), stored_record_packed(wanted.entry),
                            row.entry->packed_bytes);
    }
}

/* The directory finds the same by words, and the index the same organisations. */
static void assert_same_indexes(const struct snapshot *snapshot, const struct snapshot *expected)
{
    struct arena *arena = arena_new(0);
    static const char *const asked[] = {"", "name", "name 17", "2999", "odd o2", "none"};
    struct directory_hit hits[50], wanted[50];
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct directory_query query = {.words = asked[i]};
        size_t count = directory_find(snapshot->directory, arena, &query, NULL, hits, 50);
        assert_int_equal(count, directory_find(expected->directory, arena, &query, NULL, wanted, 50));
        for (size_t j = 0; j < count; j++) {
            assert_string_equal(hits[j].id, wanted[j].id);
            assert_int_equal(hits[j].score, wanted[j].score);
        }
    }
    assert_int_equal(directory_count(snapshot->directory), directory_count(expected->directory));
    assert_int_equal(match_index_organisation_count(snapshot->index),
                     match_index_organisation_count(expected->index));
    assert_int_equal(match_index_offer_count(snapshot->index), match_index_offer_count(expected->index));
    arena_free(arena);
}

static struct working_set *set_with_records(void)
{
    struct working_set *set = set_with_vocabulary();
    working_set_registry(set, "odd", "Odd ones", 1);
    working_set_registry(set, "even", "", 2);
    for (unsigned i = 0; i < RECORDS; i++)
        put_organisation(set, i);
    put_offer(set);
    return set;
}

static void write_file(void)
{
    struct arena *arena = arena_new(0);
    struct working_set *set = set_with_records();
    struct snapshot *snapshot = published(set);
    assert_true(status_ok(snapshot_file_write(arena, path, snapshot)));
    snapshot_release(snapshot);
    working_set_free(set);
    arena_free(arena);
}

static void all_comes_back_as_it_was_written(void **)
{
    write_file();
    struct snapshot_file *file = snapshot_file_open(path);
    assert_non_null(file);
    assert_string_equal(snapshot_file_epoch(file), "an-epoch");
    assert_int_equal(snapshot_file_revision(file), 8);
    assert_int_equal(snapshot_file_change_set(file), 77);
    snapshot_file_close(file);

    struct loaded loaded = read_file();
    struct working_set *expected_set = set_with_records();
    assert_non_null(loaded.set);
    struct snapshot *snapshot = published(loaded.set), *expected = published(expected_set);
    assert_same_records(snapshot, expected);
    assert_same_indexes(snapshot, expected);
    assert_int_equal(snapshot->registry_count, 2);
    assert_string_equal(snapshot->registries[0].id, "even");
    assert_string_equal(snapshot->registries[1].title, "Odd ones");
    assert_int_equal(snapshot->registries[1].counts[RECORD_OFFER], 1);
    snapshot_release(snapshot);
    snapshot_release(expected);
    working_set_free(expected_set);
    loaded_free(&loaded);
}

static void change_some(struct working_set *set, unsigned round)
{
    for (unsigned i = round; i < RECORDS; i += 97) {
        char id[32];
        snprintf(id, sizeof id, "%s/o%u", i % 2 ? "even" : "odd", i);
        if (i % 3 == round % 3)
            working_set_remove(set, id, 9000);
        else
            put_organisation(set, i);
    }
    put_organisation(set, RECORDS + round);
}

static void a_set_goes_on_from_a_file_as_from_the_records(void **)
{
    write_file();
    struct loaded loaded = read_file();
    struct working_set *expected_set = set_with_records();
    struct snapshot *first = published(expected_set), *kept = published(loaded.set);
    snapshot_release(first);
    for (unsigned round = 0; round < 60; round++) { /* so many that bases are made anew */
        change_some(loaded.set, round);
        change_some(expected_set, round);
        struct snapshot *snapshot = published(loaded.set), *expected = published(expected_set);
        assert_same_records(snapshot, expected);
        assert_same_indexes(snapshot, expected);
        snapshot_release(snapshot);
        snapshot_release(expected);
    }
    assert_int_equal(directory_count(kept->directory), RECORDS);
    snapshot_release(kept);
    working_set_free(expected_set);
    loaded_free(&loaded);
}

static void a_file_is_written_from_records_of_a_file(void **)
{
    write_file();
    struct arena *arena = arena_new(0);
    struct loaded loaded = read_file();
    change_some(loaded.set, 5);
    struct snapshot *snapshot = published(loaded.set);
    assert_true(status_ok(snapshot_file_write(arena, path, snapshot)));
    snapshot_release(snapshot);
    loaded_free(&loaded);

    struct snapshot_file *file = snapshot_file_open(path);
    struct working_set *set = set_with_vocabulary(), *expected_set = set_with_records();
    assert_true(snapshot_file_load(file, set));
    change_some(expected_set, 5);
    struct snapshot *again = published(set), *expected = published(expected_set);
    assert_same_records(again, expected);
    assert_same_indexes(again, expected);
    snapshot_release(again);
    snapshot_release(expected);
    working_set_free(expected_set);
    working_set_free(set);
    snapshot_file_close(file);
    arena_free(arena);
}

static void a_file_of_another_vocabulary_is_refused(void **)
{
    write_file();
    struct snapshot_file *file = snapshot_file_open(path);
    struct working_set *set = working_set_new();
    struct vocabulary_builder *builder = vocabulary_builder_new();
    struct concept_words words = {.language = "en", .label = "to weld", .description = ""};
    struct concept_source concept = {.scheme = SCHEME_OUTCOME,
                                     .code = "http://data.example.org/weld",
                                     .vocabulary = "ANOTHER 1",
                                     .reuse = "transversal",
                                     .words = &words,
                                     .words_count = 1};
    vocabulary_builder_add(builder, &concept);
    struct vocabulary *vocabulary = vocabulary_builder_finish(builder);
    working_set_vocabulary(set, vocabulary);
    vocabulary_release(vocabulary);
    assert_false(snapshot_file_load(file, set));
    struct snapshot *snapshot = working_set_publish(set, 1);
    assert_int_equal(match_index_organisation_count(snapshot->index), 0);
    snapshot_release(snapshot);
    working_set_free(set);
    snapshot_file_close(file);
}

static void a_file_of_another_build_is_refused(void **)
{
    struct arena *arena = arena_new(0);
    unlink(path);
    struct image_writer *writer = image_writer_new(path);
    struct snapshot_label label = {.magic = SNAPSHOT_MAGIC, .epoch = "an-epoch", .revision = 8};
    assert_true(build_id(label.build));
    label.build[3] ^= 1;
    const void *root = image_put_text(writer, "whatever another build means by that");
    assert_true(status_ok(image_writer_finish(writer, arena, root, &label, sizeof label)));
    assert_null(snapshot_file_open(path));
    arena_free(arena);
}

static void a_changed_bit_anywhere_is_seen(void **)
{
    write_file();
    size_t size;
    unsigned char *bytes = file_bytes(&size);
    for (size_t at = 0; at < size; at += at < 160 ? 3 : size / STRIDE * 17 + 1) {
        bytes[at] ^= (unsigned char)(1 << at % 8);
        set_file(bytes, size);
        assert_refused();
        bytes[at] ^= (unsigned char)(1 << at % 8);
    }
    free(bytes);
}

static void a_cut_or_longer_file_is_seen(void **)
{
    write_file();
    size_t size;
    unsigned char *bytes = file_bytes(&size);
    for (size_t kept = 0; kept < size; kept += size / 29) {
        set_file(bytes, kept);
        assert_refused();
    }
    bytes = heap_realloc(bytes, size + 1);
    bytes[size] = 0;
    set_file(bytes, size + 1);
    assert_refused();
    free(bytes);
}

static void no_file_is_no_file(void **)
{
    assert_null(snapshot_file_open("/nowhere/at/all"));
    assert_null(snapshot_file_open("/tmp"));
}

static void a_file_that_cannot_be_written_leaves_nothing_behind(void **)
{
    struct arena *arena = arena_new(0);
    struct working_set *set = set_with_vocabulary();
    struct snapshot *snapshot = published(set);
    struct status status = snapshot_file_write(arena, "/nowhere/at/all", snapshot);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    snapshot_release(snapshot);
    working_set_free(set);
    arena_free(arena);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_comes_back_as_it_was_written),
        cmocka_unit_test(a_set_goes_on_from_a_file_as_from_the_records),
        cmocka_unit_test(a_file_is_written_from_records_of_a_file),
        cmocka_unit_test(a_file_of_another_vocabulary_is_refused),
        cmocka_unit_test(a_file_of_another_build_is_refused),
        cmocka_unit_test(a_changed_bit_anywhere_is_seen),
        cmocka_unit_test(a_cut_or_longer_file_is_seen),
        cmocka_unit_test(no_file_is_no_file),
        cmocka_unit_test(a_file_that_cannot_be_written_leaves_nothing_behind),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
