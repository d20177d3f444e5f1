#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "store/column.h"
#include "store/support_record.h"

enum { RECORDS_PER_KIND = 2000 };

static void assert_same_record(struct arena *arena, const struct record *left, const struct record *right)
{
    size_t left_bytes, right_bytes;
    const void *left_packed = record_pack(arena, left, &left_bytes);
    const void *right_packed = record_pack(arena, right, &right_bytes);
    assert_int_equal(left_bytes, right_bytes);
    if (left_bytes)
        assert_memory_equal(left_packed, right_packed, left_bytes);
}

static void every_record_is_the_same_after_a_row(void **)
{
    struct column_codec *codec = column_codec_new();
    struct arena *arena = arena_new(0);
    uint64_t seed = 20261124;
    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_KIND_COUNT; kind++)
        for (unsigned i = 0; i < RECORDS_PER_KIND; i++) {
            struct column_value values[COLUMN_COUNT_MOST];
            struct record record = random_record(arena, &seed, kind, "es/1", "es/2"), again;
            column_encode(codec, arena, &record, values);
            assert_true(column_decode(codec, arena, kind, values, &again));
            assert_same_record(arena, &record, &again);
            arena_reset(arena);
        }
    arena_free(arena);
    column_codec_free(codec);
}

static bool has_column(enum record_kind kind, const char *path)
{
    const struct record_table *table = record_table_of(kind);
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].path, path) == 0)
            return true;
    return false;
}

static void assert_columns(enum record_kind kind, const ProtobufCMessageDescriptor *message,
                           const char *prefix)
{
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        char path[200];
        snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", field->name);
        if (!*prefix && field_is_output(field))
            continue;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            assert_columns(kind, field->descriptor, path);
        else if (!has_column(kind, path))
            fail_msg("%s.%s has no column", record_kind_name(kind), path);
    }
}

static void every_field_has_a_column(void **)
{
    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_KIND_COUNT; kind++)
        assert_columns(kind, record_descriptor(kind), "");
}

static void the_place_at_zero_degrees_is_a_place(void **)
{
    struct column_codec *codec = column_codec_new();
    struct arena *arena = arena_new(0);
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    Partner__V1__GeoPoint location = PARTNER__V1__GEO_POINT__INIT;
    struct record record = {.kind = RECORD_ORGANISATION, .organisation = &organisation}, again;
    struct column_value values[COLUMN_COUNT_MOST];
    organisation.id = (char *)"es/1";
    organisation.location = &location;
    column_encode(codec, arena, &record, values);
    assert_true(column_decode(codec, arena, RECORD_ORGANISATION, values, &again));
    assert_non_null(again.organisation->location);
    organisation.location = NULL;
    column_encode(codec, arena, &record, values);
    assert_true(column_decode(codec, arena, RECORD_ORGANISATION, values, &again));
    assert_null(again.organisation->location);
    arena_free(arena);
    column_codec_free(codec);
}

static void broken_values_are_refused(void **)
{
    struct column_codec *codec = column_codec_new();
    struct arena *arena = arena_new(0);
    uint64_t seed = 7;
    for (unsigned i = 0; i < RECORDS_PER_KIND; i++) {
        struct column_value values[COLUMN_COUNT_MOST];
        struct record record = random_record(arena, &seed, RECORD_OFFER, "es/1", "es/2"), again;
        column_encode(codec, arena, &record, values);
        size_t column = random_next(&seed) % record_table_of(RECORD_OFFER)->column_count;
        struct column_value *value = &values[column];
        if (value->size > 0) {
            /* On the heap, so that a sanitizer sees what is read beyond it. */
            size_t size = random_next(&seed) % (size_t)value->size;
            unsigned char *bytes = heap_alloc(size + 1);
            memcpy(bytes, value->bytes, size);
            if (size > 12)
                bytes[12 + random_next(&seed) % (size - 12)] ^= (unsigned char)random_next(&seed);
            *value = (struct column_value){bytes, (int32_t)size};
            /* Only a text may still be one. */
            bool is_text = record_table_of(RECORD_OFFER)->columns[column].type == COLUMN_TEXT && column < 3;
            assert_int_equal(column_decode(codec, arena, RECORD_OFFER, values, &again), is_text);
            free(bytes);
        }
        arena_reset(arena);
    }
    arena_free(arena);
    column_codec_free(codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_is_the_same_after_a_row),
        cmocka_unit_test(every_field_has_a_column),
        cmocka_unit_test(the_place_at_zero_degrees_is_a_place),
        cmocka_unit_test(broken_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
