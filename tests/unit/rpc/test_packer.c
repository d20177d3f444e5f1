#include "base/packer.h"

#include "base/arena.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/support.h"

static void expect_as_the_library(struct arena *arena, const ProtobufCMessage *message)
{
    size_t size;
    const unsigned char *bytes = pack(arena, message, &size);
    struct packer packer = packer_of(arena);
    packer_put_message(&packer, message);
    assert_int_equal(packer_size(&packer), size);
    if (size)
        assert_memory_equal(packer_bytes(&packer), bytes, size);
}

static void every_message_is_packed_as_by_the_library(void **state)
{
    (void)state;
    const struct contract_type *types;
    size_t count = contract_types(&types);
    uint64_t seed = 7;
    for (size_t i = 0; i < count * 40; i++) {
        struct arena *arena = arena_new(0);
        expect_as_the_library(arena, random_message(arena, types[i % count].descriptor, &seed));
        arena_free(arena);
    }
}

static void unknown_fields_stay(void **state)
{
    (void)state;
    static const unsigned char bytes[] = "\xf8\x07\x05\xfa\x07\x02hi\xfd\x07\x01\x02\x03\x04";
    const struct contract_type *types;
    contract_types(&types);
    struct arena *arena = arena_new(0);
    const ProtobufCMessage *message =
        protobuf_c_message_unpack(types[0].descriptor, arena_protobuf(arena), sizeof bytes - 1, bytes);
    assert_non_null(message);
    assert_int_equal(message->n_unknown_fields, 3);
    expect_as_the_library(arena, message);
    arena_free(arena);
}

static void numbers_below_zero_take_ten_bytes(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = -1;
    time.nanos = -2;
    expect_as_the_library(arena, &time.base);
    arena_free(arena);
}

static void what_is_put_later_stands_in_front(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct packer packer = packer_of(arena);
    packer_put(&packer, "world", 5);
    size_t before = packer_size(&packer);
    packer_put(&packer, "hello", 5);
    packer_close(&packer, 3, before);
    assert_int_equal(packer_size(&packer), 12);
    assert_memory_equal(packer_bytes(&packer), "\x1a\x05helloworld", 12);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_packed_as_by_the_library),
        cmocka_unit_test(unknown_fields_stay),
        cmocka_unit_test(numbers_below_zero_take_ten_bytes),
        cmocka_unit_test(what_is_put_later_stands_in_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
