#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/support.h"

static int make_arena(void **state)
{
    *state = arena_new(0);
    return 0;
}

static int free_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static void the_kind_of_a_record_is_that_of_its_oneof(void **state)
{
    assert_int_equal(record_of(record_make(*state, "organisation")).kind, RECORD_ORGANISATION);
    assert_int_equal(record_of(record_make(*state, "offer")).kind, RECORD_OFFER);
    assert_int_equal(record_of(record_make(*state, "need")).kind, RECORD_NEED);
    assert_int_equal(record_of(record_make(*state, "partnership")).kind, RECORD_PARTNERSHIP);
    pb_record empty = PARTNER__V1__RECORD__INIT;
    assert_int_equal(record_of(&empty).kind, RECORD_NONE);
}

static void kinds_are_numbered_and_named_as_in_the_contract(void **)
{
    const ProtobufCMessageDescriptor *message = &partner__v1__record__descriptor;
    assert_int_equal(message->n_fields, RECORD_KIND_COUNT - 1);
    for (unsigned i = 0; i < message->n_fields; i++) {
        enum record_kind kind = (enum record_kind)message->fields[i].id;
        assert_string_equal(record_kind_name(kind), message->fields[i].name);
        assert_ptr_equal(record_descriptor(kind), message->fields[i].descriptor);
    }
    assert_null(record_descriptor(RECORD_NONE));
    assert_null(record_descriptor(RECORD_KIND_COUNT));
}

static void each_kind_tells_its_id(void **state)
{
    static const char *const scripts[] = {"organisation; id=es/1", "offer; id=es/1", "need; id=es/1",
                                          "partnership; id=es/1"};
    for (size_t i = 0; i < 4; i++) {
        struct record record = record_of(record_make(*state, scripts[i]));
        assert_string_equal(record_id(&record), "es/1");
    }
    assert_string_equal(record_id(&(struct record){RECORD_NONE, {NULL}}), "");
}

static void references_are_the_organisations_named(void **state)
{
    static const struct {
        const char *script;
        size_t count;
        const char *last;
    } rows[] = {
        {"organisation; id=es/1", 0, NULL},
        {"offer; organisation_id=es/a", 1, "es/a"},
        {"need; organisation_id=es/b", 1, "es/b"},
        {"partnership; organisation_ids[0]=es/a; organisation_ids[1]=de/c", 2, "de/c"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct record record = record_of(record_make(*state, rows[i].script));
        const char *const *ids, *scratch[1];
        size_t count = record_references(&record, &ids, scratch);
        assert_int_equal(count, rows[i].count);
        if (count)
            assert_string_equal(ids[count - 1], rows[i].last);
    }
}

static void packing_clears_what_the_server_fills_in(void **state)
{
    static const char *const output[RECORD_KIND_COUNT] = {
        [RECORD_ORGANISATION] = "revision=7; update_time.seconds=5; same_as[0]=de/1",
        [RECORD_OFFER] = "revision=7; update_time.seconds=5",
        [RECORD_NEED] = "revision=7; update_time.seconds=5",
        [RECORD_PARTNERSHIP] = "revision=7; update_time.seconds=5",
    };
    const char *const full[RECORD_KIND_COUNT] = {NULL, full_organisation, full_offer, full_need,
                                                 full_partnership};
    for (int kind = RECORD_ORGANISATION; kind < RECORD_KIND_COUNT; kind++) {
        pb_record *plain = record_make(*state, full[kind]), *filled = record_make(*state, full[kind]);
        record_set(*state, filled, output[kind]);
        struct record left = record_of(plain), right = record_of(filled);
        size_t left_bytes, right_bytes;
        void *packed_left = record_pack(*state, &left, &left_bytes);
        void *packed_right = record_pack(*state, &right, &right_bytes);
        assert_int_equal(left_bytes, right_bytes);
        assert_memory_equal(packed_left, packed_right, left_bytes);
    }
}

static void packing_leaves_the_record_alone(void **state)
{
    pb_record *record = record_make(*state, full_organisation);
    record_set(*state, record, "revision=7; update_time.seconds=5; same_as[0]=de/1");
    struct record view = record_of(record);
    size_t bytes;
    record_pack(*state, &view, &bytes);
    assert_int_equal(record->organisation->revision, 7);
    assert_int_equal(record->organisation->n_same_as, 1);
    assert_non_null(record->organisation->update_time);
}

static void what_was_packed_unpacks_to_the_same(void **state)
{
    const char *const full[] = {full_organisation, full_offer, full_need, full_partnership};
    for (size_t i = 0; i < 4; i++) {
        struct record record = record_of(record_make(*state, full[i])), again;
        size_t bytes, bytes_again;
        void *packed = record_pack(*state, &record, &bytes);
        assert_true(record_unpack(*state, record.kind, packed, bytes, &again));
        assert_int_equal(again.kind, record.kind);
        assert_string_equal(record_id(&again), record_id(&record));
        void *packed_again = record_pack(*state, &again, &bytes_again);
        assert_int_equal(bytes_again, bytes);
        assert_memory_equal(packed_again, packed, bytes);
    }
}

static void bytes_of_something_else_do_not_unpack(void **state)
{
    struct record record;
    assert_false(record_unpack(*state, RECORD_OFFER, "\xff\xff\xff", 3, &record));
    assert_false(record_unpack(*state, RECORD_NONE, "", 0, &record));
}

static void ids_are_a_registry_and_a_key(void **)
{
    static const char *const good[] = {
        "es/E10000001",
        "a/b",
        "es-cat/x_Y.z:9-",
        "a2345678901234567890123456789012/k",
        "es/"
        "0123456789012345678901234567890123456789012345678901234567890123"
        "0123456789012345678901234567890123456789012345678901234567890123",
    };
    static const char *const bad[] = {
        "",
        "es",
        "es/",
        "/x",
        "ES/x",
        "1es/x",
        "-es/x",
        "es_x/1",
        "es/a b",
        "es/a/b",
        "es/\xc3\xa9",
        "es/a\n",
        "a23456789012345678901234567890123/k",
        " es/1",
        "es/"
        "0123456789012345678901234567890123456789012345678901234567890123"
        "01234567890123456789012345678901234567890123456789012345678901234",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(id_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(id_is_valid(bad[i]));
}

static void a_registry_has_no_slash(void **)
{
    assert_true(registry_id_is_valid("es"));
    assert_true(registry_id_is_valid("a-1"));
    assert_false(registry_id_is_valid("es/"));
    assert_false(registry_id_is_valid(""));
    assert_false(registry_id_is_valid("Es"));
    assert_false(registry_id_is_valid("a23456789012345678901234567890123"));
}

static void an_id_is_of_the_registry_before_its_slash(void **)
{
    assert_int_equal(id_registry_bytes("es-cat/1"), 6);
    assert_true(id_is_of_registry("es/1", "es"));
    assert_false(id_is_of_registry("es/1", "e"));
    assert_false(id_is_of_registry("es/1", "es-cat"));
    assert_false(id_is_of_registry("es-cat/1", "es"));
    assert_false(id_is_of_registry("es", "es"));
}

#define IN_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, free_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ARENA(the_kind_of_a_record_is_that_of_its_oneof),
        IN_ARENA(kinds_are_numbered_and_named_as_in_the_contract),
        IN_ARENA(each_kind_tells_its_id),
        IN_ARENA(references_are_the_organisations_named),
        IN_ARENA(packing_clears_what_the_server_fills_in),
        IN_ARENA(packing_leaves_the_record_alone),
        IN_ARENA(what_was_packed_unpacks_to_the_same),
        IN_ARENA(bytes_of_something_else_do_not_unpack),
        cmocka_unit_test(ids_are_a_registry_and_a_key),
        cmocka_unit_test(a_registry_has_no_slash),
        cmocka_unit_test(an_id_is_of_the_registry_before_its_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
