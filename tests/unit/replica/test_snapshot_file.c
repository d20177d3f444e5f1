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
#include "base/log.h"
#include "replica/record_set.h"
#include "replica/snapshot.h"
#include "replica/snapshot_file.h"
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

static void write_file(void)
{
    struct arena *arena = arena_new(0);
    struct working_set *set = set_with_vocabulary();
    working_set_registry(set, "odd", "Odd ones", 1);
    working_set_registry(set, "even", "", 2);
    for (unsigned i = 0; i < RECORDS; i++)
        put_organisation(set, i);
    put_offer(set);
    struct snapshot *snapshot = published(set);
    assert_true(status_ok(snapshot_file_write(arena, path, snapshot)));
    snapshot_release(snapshot);
    working_set_free(set);
    arena_free(arena);
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

/* Reads the file into a set; NULL: it was refused, at once or on the way. */
static struct working_set *read_file(void)
{
    _Atomic uint64_t count = 0;
    struct snapshot_file *file = snapshot_file_open(path);
    if (!file)
        return NULL;
    struct working_set *set = set_with_vocabulary();
    working_set_load_begin(set);
    bool is_good = snapshot_file_load(file, set, &count);
    working_set_load_end(set);
    snapshot_file_close(file);
    if (is_good)
        assert_int_equal(count, RECORDS + 1);
    if (is_good)
        return set;
    working_set_free(set);
    return NULL;
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

    struct working_set *set = read_file(), *expected_set = set_with_vocabulary();
    assert_non_null(set);
    for (unsigned i = 0; i < RECORDS; i++)
        put_organisation(expected_set, i);
    put_offer(expected_set);
    struct snapshot *snapshot = published(set), *expected = published(expected_set);
    struct record_cursor at = record_cursor_at(&snapshot->records, "", RECORD_NONE);
    struct record_cursor expected_at = record_cursor_at(&expected->records, "", RECORD_NONE);
    for (;;) {
        struct record_row row = record_cursor_next(&at), wanted = record_cursor_next(&expected_at);
        assert_int_equal(row.owner == NULL, wanted.owner == NULL);
        if (!row.owner)
            break;
        assert_string_equal(row.owner, wanted.owner);
        assert_string_equal(stored_record_id(row.entry), stored_record_id(wanted.entry));
        assert_int_equal(row.entry->kind, wanted.entry->kind);
        assert_int_equal(row.entry->revision, wanted.entry->revision);
        assert_int_equal(row.entry->update_time_us, wanted.entry->update_time_us);
        assert_int_equal(row.entry->packed_bytes, wanted.entry->packed_bytes);
        assert_memory_equal(stored_record_packed(row.entry), stored_record_packed(wanted.entry),
                            row.entry->packed_bytes);
    }
    assert_int_equal(snapshot->registry_count, 2);
    assert_string_equal(snapshot->registries[0].id, "even");
    assert_string_equal(snapshot->registries[1].title, "Odd ones");
    assert_int_equal(snapshot->registries[1].counts[RECORD_OFFER], 1);
    snapshot_release(snapshot);
    snapshot_release(expected);
    working_set_free(set);
    working_set_free(expected_set);
}

static void a_changed_bit_anywhere_is_seen(void **)
{
    write_file();
    size_t size;
    unsigned char *bytes = file_bytes(&size);
    for (size_t at = 0; at < size; at += at < 400 ? 1 : size / STRIDE * 17 + 1) {
        bytes[at] ^= (unsigned char)(1 << at % 8);
        set_file(bytes, size);
        struct working_set *set = read_file();
        if (set)
            working_set_free(set);
        assert_null(set);
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
        assert_null(read_file());
    }
    bytes = heap_realloc(bytes, size + 1);
    bytes[size] = 0;
    set_file(bytes, size + 1);
    assert_null(read_file());
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
        cmocka_unit_test(a_changed_bit_anywhere_is_seen),
        cmocka_unit_test(a_cut_or_longer_file_is_seen),
        cmocka_unit_test(no_file_is_no_file),
        cmocka_unit_test(a_file_that_cannot_be_written_leaves_nothing_behind),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
