#include "rpc/grpc.h"

#include <zlib.h>

#include "base/arena.h"
#include "rpc/base64.h"
#include "rpc/gzip.h"
#include "rpc/support.h"

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

static void messages_are_found_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const unsigned char body[] = "\0\0\0\0\3abc\0\0\0\0\0\1\0\0\0\2de\0\0\0\0\1f";
    static const char *const wanted[] = {"abc", "", "de", "f"};
    for (size_t piece = 1; piece < sizeof body; piece++) {
        struct grpc_decoder decoder = {.message_bytes = 3};
        size_t found = 0;
        for (size_t at = 0; at < sizeof body - 1; at += piece) {
            const unsigned char *bytes = body + at;
            size_t size = sizeof body - 1 - at < piece ? sizeof body - 1 - at : piece;
            enum grpc_event event;
            while ((event = grpc_decoder_feed(&decoder, &bytes, &size)) != GRPC_MORE) {
                if (event == GRPC_ANNOUNCED)
                    continue;
                assert_int_equal(event, GRPC_MESSAGE);
                assert_int_equal(decoder.size, strlen(wanted[found]));
                assert_memory_equal(decoder.bytes, wanted[found], decoder.size);
                assert_int_equal(decoder.compressed, found == 2);
                found++;
            }
            assert_int_equal(size, 0);
        }
        assert_int_equal(found, 4);
        assert_true(grpc_decoder_is_whole(&decoder));
        grpc_decoder_fini(&decoder);
    }
}

static void a_length_over_the_limit_is_refused_when_the_prefix_is_in(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        enum grpc_event event;
    } rows[] = {
        {"\0\0\0\0\4", GRPC_TOO_LARGE}, {"\0\xff\xff\xff\xff", GRPC_TOO_LARGE},
        {"\2\0\0\0\0", GRPC_MALFORMED}, {"\xff\0\0\0\0", GRPC_MALFORMED},
        {"\0\0\0\0\3", GRPC_ANNOUNCED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct grpc_decoder decoder = {.message_bytes = 3};
        const unsigned char *bytes = (const unsigned char *)rows[i].prefix;
        size_t size = 4;
        assert_int_equal(grpc_decoder_feed(&decoder, &bytes, &size), GRPC_MORE);
        assert_false(grpc_decoder_is_whole(&decoder));
        size = 1;
        assert_int_equal(grpc_decoder_feed(&decoder, &bytes, &size), rows[i].event);
        assert_null(decoder.bytes);
        grpc_decoder_fini(&decoder);
    }
}

static void memory_follows_what_came_not_what_was_announced(void **state)
{
    (void)state;
    struct grpc_decoder decoder = {.message_bytes = 16 << 20};
    static const unsigned char body[] = "\0\1\0\0\0x";
    const unsigned char *bytes = body;
    size_t size = 6;
    assert_int_equal(grpc_decoder_feed(&decoder, &bytes, &size), GRPC_ANNOUNCED);
    assert_int_equal(grpc_decoder_feed(&decoder, &bytes, &size), GRPC_MORE);
    assert_int_equal(decoder.announced, 16 << 20);
    assert_in_range(decoder.capacity, 1, 8192);
    grpc_decoder_fini(&decoder);
}

static void timeouts_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        int64_t timeout_ms; /* -1: refused */
    } rows[] = {
        {"1H", 3600000}, {"2M", 120000},     {"3S", 3000}, {"4m", 4},         {"5u", 1},
        {"6n", 1},       {"5000u", 5},       {"0S", 0},    {"00000010m", 10}, {"99999999H", 359999996400000},
        {"", -1},        {"S", -1},          {"1", -1},    {"1s", -1},        {"-1S", -1},
        {"1.5S", -1},    {"123456789S", -1}, {"1SS", -1},  {" 1S", -1},       {"1 S", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t timeout_ms = -1;
        bool good = grpc_timeout_parse(rows[i].text, &timeout_ms);
        if (good != (rows[i].timeout_ms >= 0) || timeout_ms != rows[i].timeout_ms)
            fail_msg("\"%s\": %lld", rows[i].text, (long long)timeout_ms);
    }
    static const int64_t times_ms[] = {0, 1, 99999999, 100000000, 359999996400000};
    for (size_t i = 0; i < sizeof times_ms / sizeof *times_ms; i++) {
        int64_t again_ms;
        assert_true(grpc_timeout_parse(grpc_timeout_format(*state, times_ms[i]), &again_ms));
        assert_in_range(again_ms, times_ms[i] < 100000000000 ? times_ms[i] : 99999999000, times_ms[i]);
    }
}

static void messages_of_a_status_survive_the_wire(void **state)
{
    static const char *const texts[] = {"",    "plain", "100 %", "line\nbreak", "Žilina \xf0\x9f\x8c\x8d",
                                        "%41", "%"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *encoded = grpc_message_encode(*state, texts[i]);
        for (const char *at = encoded; *at; at++)
            assert_in_range((unsigned char)*at, 0x20, 0x7e);
        assert_string_equal(grpc_message_decode(*state, encoded), texts[i]);
    }
    assert_string_equal(grpc_message_encode(*state, "ž%"), "%C5%BE%25");
    assert_string_equal(grpc_message_decode(*state, "%zz%4%c5%bE%00%"), "%zz%4\xc5\xbe%00%");
}

static void only_grpc_is_taken_for_grpc(void **state)
{
    (void)state;
    static const char *const ours[] = {"application/grpc", "application/grpc+proto",
                                       "application/grpc;charset=utf-8", "application/grpc+proto ; x=y"};
    static const char *const others[] = {"",
                                         "application/grp",
                                         "application/grpc-web",
                                         "application/grpc+json",
                                         "application/json",
                                         "application/grpcx",
                                         "application/grpc+protox"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        assert_true(grpc_content_type_is_ours(ours[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(grpc_content_type_is_ours(others[i]));
}

static void base64_goes_both_ways(void **state)
{
    static const struct {
        const char *plain, *padded, *bare;
    } rows[] = {{"", "", ""},
                {"f", "Zg==", "Zg"},
                {"fo", "Zm8=", "Zm8"},
                {"foo", "Zm9v", "Zm9v"},
                {"foob", "Zm9vYg==", "Zm9vYg"},
                {"\xfb\xff", "+/8=", "+/8"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t plain_size = strlen(rows[i].plain);
        const char *const spellings[] = {rows[i].padded, rows[i].bare};
        assert_string_equal(base64_encode(*state, rows[i].plain, plain_size, true), rows[i].padded);
        assert_string_equal(base64_encode(*state, rows[i].plain, plain_size, false), rows[i].bare);
        for (int j = 0; j < 2; j++) {
            unsigned char *bytes;
            size_t size;
            assert_true(base64_decode(*state, spellings[j], strlen(spellings[j]), &bytes, &size));
            assert_int_equal(size, plain_size);
            assert_memory_equal(bytes, rows[i].plain, size);
        }
    }
    unsigned char *bytes;
    size_t size;
    assert_true(base64_decode(*state, "-_8", 3, &bytes, &size));
    static const char *const bad[] = {"A", "A===", "Zg=", "Z g=", "Zm9v=", "====", "Zm\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(base64_decode(*state, bad[i], strlen(bad[i]), &bytes, &size));
}

static unsigned char *gzip(struct arena *arena, const void *bytes, size_t size, size_t *ret_size)
{
    z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (uInt)size};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    size_t most = deflateBound(&stream, size) + 64;
    unsigned char *packed = arena_alloc(arena, most);
    stream.next_out = packed;
    stream.avail_out = (uInt)most;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *ret_size = stream.total_out;
    deflateEnd(&stream);
    return packed;
}

static void gzip_is_inflated_and_bombs_are_not(void **state)
{
    enum { BOMB_BYTES = 8 << 20, MOST = 4 << 20 };
    uint64_t seed = 3;
    unsigned char *plain = arena_zalloc(*state, BOMB_BYTES), *inflated = NULL;
    size_t packed_size, size;
    unsigned char *packed = gzip(*state, plain, BOMB_BYTES, &packed_size);
    assert_int_equal(gzip_inflate(packed, packed_size, MOST, &inflated, &size), GZIP_TOO_LARGE);
    assert_int_equal(gzip_inflate(packed, packed_size, SIZE_MAX / 2, &inflated, &size), GZIP_TOO_LARGE);
    assert_null(inflated);

    packed = gzip(*state, plain, GZIP_RATIO_FREE_BYTES, &packed_size);
    assert_int_equal(gzip_inflate(packed, packed_size, MOST, &inflated, &size), GZIP_OK);
    assert_int_equal(size, GZIP_RATIO_FREE_BYTES);
    free(inflated);
    inflated = NULL;
    assert_int_equal(gzip_inflate(packed, packed_size, size - 1, &inflated, &size), GZIP_TOO_LARGE);

    for (size_t i = 0; i < 300000; i++)
        plain[i] = (unsigned char)random_number(&seed);
    packed = gzip(*state, plain, 300000, &packed_size);
    assert_int_equal(gzip_inflate(packed, packed_size, 300000, &inflated, &size), GZIP_OK);
    assert_int_equal(size, 300000);
    assert_memory_equal(inflated, plain, size);
    free(inflated);
    inflated = NULL;
    for (size_t cut = 0; cut < packed_size; cut += 9973)
        assert_int_equal(gzip_inflate(packed, cut, MOST, &inflated, &size), GZIP_MALFORMED);
    packed[packed_size / 2] ^= 1;
    assert_int_equal(gzip_inflate(packed, packed_size, MOST, &inflated, &size), GZIP_MALFORMED);
    assert_int_equal(gzip_inflate("", 0, MOST, &inflated, &size), GZIP_MALFORMED);
    assert_null(inflated);
}

static void nothing_may_follow_a_gzip_body(void **state)
{
    size_t size;
    unsigned char *inflated = NULL, *packed = gzip(*state, "abc", 3, &size),
                  *longer = arena_zalloc(*state, size + 1);
    memcpy(longer, packed, size);
    assert_int_equal(gzip_inflate(longer, size + 1, 100, &inflated, &size), GZIP_MALFORMED);
    packed = gzip(*state, "", 0, &size);
    assert_int_equal(gzip_inflate(packed, size, 100, &inflated, &size), GZIP_OK);
    assert_int_equal(size, 0);
    free(inflated);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(messages_are_found_in_pieces_of_any_size),
        TEST(a_length_over_the_limit_is_refused_when_the_prefix_is_in),
        TEST(memory_follows_what_came_not_what_was_announced),
        TEST(timeouts_are_read_and_written),
        TEST(messages_of_a_status_survive_the_wire),
        TEST(only_grpc_is_taken_for_grpc),
        TEST(base64_goes_both_ways),
        TEST(gzip_is_inflated_and_bombs_are_not),
        TEST(nothing_may_follow_a_gzip_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
