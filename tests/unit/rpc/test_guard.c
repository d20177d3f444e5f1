#include "rpc/guard.h"

#include "base/arena.h"
#include "base/text.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "rpc/support.h"

enum { MIB = 1 << 20 };

static const struct guard_limits usual = {.memory_bytes = 64 * MIB};

static int set_up(void **state)
{
    *state = arena_new(0);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static struct status unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                            const char *bytes, size_t size, struct guard_limits limits)
{
    /* At the end of a block of its own, where reading on would be seen. */
    char *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    ProtobufCMessage *message = NULL;
    struct status status = guard_unpack(arena, descriptor, copy, size, limits, &message);
    free(copy);
    return status;
}

#define UNPACK(arena, descriptor, bytes) unpack(arena, &(descriptor), bytes, sizeof bytes - 1, usual)

static void no_message_of_the_contract_holds_itself(void **state)
{
    (void)state;
    const struct contract_type *types;
    size_t count = contract_types(&types), requests = 0;
    for (size_t i = 0; i < count; i++) {
        if (guard_is_recursive(types[i].descriptor))
            fail_msg("%s holds itself", types[i].descriptor->name);
        assert_in_range(types[i].descriptor->n_fields, 0, GUARD_FIELDS);
        requests += types[i].service != NULL;
    }
    assert_in_range(requests, 30, 100);
}

static ProtobufCFieldDescriptor loop_field = {.name = "child", .id = 1, .type = PROTOBUF_C_TYPE_MESSAGE};
static const ProtobufCMessageDescriptor loop_type = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC, .name = "Loop", .n_fields = 1, .fields = &loop_field};

static void a_message_that_holds_itself_is_found(void **state)
{
    (void)state;
    loop_field.descriptor = &loop_type;
    assert_true(guard_is_recursive(&loop_type));
}

static void what_was_packed_is_decoded_alike_and_in_the_memory_foretold(void **state)
{
    (void)state;
    const struct contract_type *types;
    size_t count = contract_types(&types);
    uint64_t seed = 1;
    for (size_t i = 0; i < count * 40; i++) {
        struct arena *source = arena_new(0), *target = arena_new(0);
        const ProtobufCMessageDescriptor *descriptor = types[i % count].descriptor;
        size_t size, size_again, memory_bytes = 0;
        unsigned char *bytes = pack(source, random_message(source, descriptor, &seed), &size);
        assert_int_equal(guard_check(source, descriptor, bytes, size, usual, &memory_bytes).code, STATUS_OK);
        ProtobufCMessage *message = guard_decode(target, descriptor, bytes, size);
        assert_in_range(memory_bytes, arena_used(target), arena_used(target) * 16 + 16);
        unsigned char *again = pack(source, message, &size_again);
        assert_int_equal(size, size_again);
        assert_memory_equal(bytes, again, size);
        arena_free(source);
        arena_free(target);
    }
}

static void lists_are_taken_packed_and_one_by_one_and_mixed(void **state)
{
    static const char bytes[] = "\x3a\x02\x03\x04\x38\x05\x3a\x00\x3a\x01\x06";
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        guard_unpack(*state, &partner__v1__offer__descriptor, bytes, sizeof bytes - 1, usual, &message).code,
        STATUS_OK);
    const Partner__V1__Offer *offer = (const void *)message;
    assert_int_equal(offer->n_eqf_levels, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(offer->eqf_levels[i], 3 + i);
}

static void unknown_fields_and_groups_pass_and_are_left_out(void **state)
{
    /* 1000: varint, 64 bits, bytes, group with a group, 32 bits; then the id. */
    static const char bytes[] = "\xc0\x3e\x01"
                                "\xc1\x3e\x01\x02\x03\x04\x05\x06\x07\x08"
                                "\xc2\x3e\x02hi"
                                "\xc3\x3e\x08\x01\x13\x14\xc4\x3e"
                                "\xc5\x3e\x01\x02\x03\x04"
                                "\x0a\x01x";
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        guard_unpack(*state, &partner__v1__offer__descriptor, bytes, sizeof bytes - 1, usual, &message).code,
        STATUS_OK);
    assert_string_equal(((Partner__V1__Offer *)(void *)message)->id, "x");
    assert_int_equal(message->n_unknown_fields, 0);
}

static void text_that_is_no_text_is_refused_where_it_stands(void **state)
{
    struct status status = UNPACK(*state, partner__v1__find_hosts_request__descriptor,
                                  "\x0a\x0c\x22\x01"
                                  "1\x22\x01"
                                  "2\x22\x01"
                                  "3\x22\x01\xff");
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.field, "need.sectors[3]");
    assert_null(status.more);
    status = UNPACK(*state, partner__v1__find_hosts_request__descriptor,
                    "\x1a\x03"
                    "a\0b");
    assert_string_equal(status.field, "sender_id");
}

static void all_faults_that_leave_the_rest_readable_are_named(void **state)
{
    struct status status = UNPACK(*state, partner__v1__find_hosts_request__descriptor,
                                  "\x1a\x01\x80"               /* sender_id: no text */
                                  "\x20\x63"                   /* network: 99 */
                                  "\x38\xff\xff\xff\xff\x7f"   /* page_size: 35 bits */
                                  "\x0a\x04\x72\x02\x02\x09"); /* need.themes[1]: 9 */
    assert_string_equal(status.field, "sender_id");
    assert_string_equal(status.more->field, "network");
    assert_string_equal(status.more->next->field, "page_size");
    assert_string_equal(status.more->next->next->field, "need.themes[1]");
    assert_null(status.more->next->next->next);
}

static void enums_may_be_left_open(void **state)
{
    static const char bytes[] = "\x20\x63";
    const struct guard_limits open = {.memory_bytes = MIB, .enums_open = true};
    assert_int_equal(unpack(*state, &partner__v1__find_hosts_request__descriptor, bytes, 2, open).code,
                     STATUS_OK);
    assert_int_equal(unpack(*state, &partner__v1__find_hosts_request__descriptor, bytes, 2, usual).code,
                     STATUS_INVALID_ARGUMENT);
}

static void what_an_encoder_never_writes_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *field;
    } rows[] = {
#define ROW(BYTES, FIELD) {BYTES, sizeof BYTES - 1, FIELD}
        ROW("\x0a\x00\x0a\x00", "need"),      /* a submessage twice */
        ROW("\x0a\x00\x12\x01x", "need_id"),  /* two of a choice */
        ROW("\x12\x01x\x12\x01x", "need_id"), /* one of a choice twice */
        ROW("\x0a\x04\x2a\x00\x2a\x00", "need.duration"),
        ROW("\x18\x01", "sender_id"),                 /* a number for a string */
        ROW("\x22\x01\x01", "network"),               /* a list where there is one */
        ROW("\x0a\x05\x08\x01", "need"),              /* cut */
        ROW("\x1a\xff\xff\xff\xff\x0f", "sender_id"), /* 4 GiB announced */
        ROW("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "sender_id"),
        ROW("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "sender_id"),     /* over 64 bits */
        ROW("\x38\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", "page_size"), /* eleven bytes */
        ROW("\x38", "page_size"),
        ROW("\x00\x01", NULL),    /* field 0 */
        ROW("\x1c", "sender_id"), /* the end of no group */
        ROW("\xc4\x3e", NULL),
        ROW("\xc3\x3e\x08\x01", NULL), /* a group without an end */
        ROW("\xc3\x3e\xcc\x3e", NULL), /* another group's end */
        ROW("\x07", NULL),             /* a wire type that there is not */
        ROW("\x0a\x02\x2a\x01", "need.duration"),
        ROW("\x2a\x05\x09\x00\x00\x00\x00", "weights.outcomes"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct status status =
            unpack(*state, &partner__v1__find_hosts_request__descriptor, rows[i].bytes, rows[i].size, usual);
        if (status.code != STATUS_INVALID_ARGUMENT || (rows[i].field != NULL) != (status.field != NULL) ||
            (status.field && strcmp(status.field, rows[i].field) != 0))
            fail_msg("row %zu: %d at %s", i, (int)status.code, status.field ? status.field : "(none)");
    }
}

static void a_message_cut_or_changed_anywhere_does_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (unsigned round = 0; round < 300; round++) {
        struct arena *arena = arena_new(0);
        size_t size;
        const ProtobufCMessageDescriptor *descriptor = &partner__v1__apply_request__descriptor;
        char *bytes = (char *)pack(arena, random_message(arena, descriptor, &seed), &size);
        for (unsigned i = 0; i < 30 && size; i++) {
            if (random_number(&seed) % 3)
                bytes[random_number(&seed) % size] ^= (char)(1 << random_number(&seed) % 8);
            (void)unpack(arena, descriptor, bytes, random_number(&seed) % (size + 1), usual);
        }
        arena_free(arena);
    }
}

/* 4 MiB of the same few bytes within a message of ten. */
struct evil {
    const char *what;
    const ProtobufCMessageDescriptor *descriptor;
    const char *piece;
    size_t piece_size;
    bool wrapped; /* within FindHostsRequest.need */
    enum status_code code;
    size_t memory_most_bytes;
};

static char *make_evil(const struct evil *evil, size_t *ret_size)
{
    enum { SIZE = 4 * MIB };
    struct text_buffer buffer = {0};
    size_t count = SIZE / evil->piece_size, inner = count * evil->piece_size;
    if (evil->wrapped) {
        unsigned char head[5] = {0x0a};
        for (int i = 0; i < 4; i++)
            head[1 + i] = (unsigned char)((inner >> (7 * i) & 127) | (i < 3 ? 128 : 0));
        text_buffer_append(&buffer, head, sizeof head);
    }
    for (size_t i = 0; i < count; i++)
        text_buffer_append(&buffer, evil->piece, evil->piece_size);
    *ret_size = buffer.size;
    return buffer.bytes;
}

static void evil_messages_take_little_memory(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *find = &partner__v1__find_hosts_request__descriptor;
    const struct evil table[] = {
        {"empty repeated submessages", find, "\x32\x00", 2, true, STATUS_RESOURCE_EXHAUSTED, MIB},
        {"unknown varint fields", find, "\xc0\x3e\x01", 3, false, STATUS_OK, MIB},
        {"unknown varint fields below", find, "\xc0\x3e\x01", 3, true, STATUS_OK, MIB},
        {"unknown groups", find, "\xc3\x3e\xc4\x3e", 4, false, STATUS_OK, MIB},
        {"groups within groups", find, "\xc3\x3e", 2, false, STATUS_INVALID_ARGUMENT, MIB},
        {"repeated uint32, not packed", &partner__v1__offer__descriptor, "\x38\x05", 2, false, STATUS_OK,
         17 * MIB},
        {"packed lists of one", &partner__v1__offer__descriptor, "\x3a\x01\x05", 3, false, STATUS_OK,
         17 * MIB},
        {"a submessage again and again", find, "\x0a\x02\x2a\x00", 4, false, STATUS_INVALID_ARGUMENT, MIB},
        {"a submessage again and again below", find, "\x2a\x00", 2, true, STATUS_INVALID_ARGUMENT, MIB},
        {"a string again and again", find, "\x1a\x01x", 3, false, STATUS_OK, 64 * MIB},
        {"empty strings", find, "\x22\x00", 2, true, STATUS_OK, 17 * MIB},
        {"bad text", find, "\x22\x01\xff", 3, true, STATUS_INVALID_ARGUMENT, MIB},
        {"bad enums", find, "\x70\x63", 2, true, STATUS_INVALID_ARGUMENT, MIB},
        {"zeros", find, "\x00", 1, false, STATUS_INVALID_ARGUMENT, MIB},
        {"lengths within lengths", find, "\x0a\x7f", 2, false, STATUS_INVALID_ARGUMENT, MIB},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t size;
        char *bytes = make_evil(&table[i], &size);
        struct arena *arena = arena_new(0);
        ProtobufCMessage *message = NULL;
        struct status status = guard_unpack(arena, table[i].descriptor, bytes, size, usual, &message);
        if (status.code != table[i].code || arena_used(arena) > table[i].memory_most_bytes)
            fail_msg("%s: code %d, %zu bytes", table[i].what, (int)status.code, arena_used(arena));
        arena_free(arena);
        free(bytes);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_message_of_the_contract_holds_itself),
        TEST(a_message_that_holds_itself_is_found),
        TEST(what_was_packed_is_decoded_alike_and_in_the_memory_foretold),
        TEST(lists_are_taken_packed_and_one_by_one_and_mixed),
        TEST(unknown_fields_and_groups_pass_and_are_left_out),
        TEST(text_that_is_no_text_is_refused_where_it_stands),
        TEST(all_faults_that_leave_the_rest_readable_are_named),
        TEST(enums_may_be_left_open),
        TEST(what_an_encoder_never_writes_is_refused),
        TEST(a_message_cut_or_changed_anywhere_does_no_harm),
        TEST(evil_messages_take_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
