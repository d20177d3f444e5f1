#include "rpc/json.h"

#include <math.h>

#include "base/arena.h"
#include "base/text.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "partner/v1/admin.pb-c.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "rpc/json_time.h"
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

static char *write(struct arena *arena, const void *message, unsigned indent)
{
    struct text_buffer out = {0};
    json_from_message(&out, message, indent);
    char *text = arena_strdup(arena, out.bytes);
    text_buffer_fini(&out);
    return text;
}

static struct status read(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, const char *text,
                          void *ret)
{
    return json_to_message(arena, descriptor, text, strlen(text), ret);
}

static void every_message_of_the_contract_goes_there_and_back(void **state)
{
    (void)state;
    const struct contract_type *types;
    size_t count = contract_types(&types);
    uint64_t seed = 7;
    for (size_t i = 0; i < count * 30; i++) {
        struct arena *arena = arena_new(0);
        const ProtobufCMessageDescriptor *descriptor = types[i % count].descriptor;
        ProtobufCMessage *message = random_message(arena, descriptor, &seed), *again = NULL;
        const char *text = write(arena, message, i % 3);
        struct status status = read(arena, descriptor, text, &again);
        if (!status_ok(status))
            fail_msg("%s %s in %s", status.field ? status.field : "", status.message, text);
        size_t size, size_again;
        unsigned char *bytes = pack(arena, message, &size), *bytes_again = pack(arena, again, &size_again);
        if (size != size_again || memcmp(bytes, bytes_again, size) != 0)
            fail_msg("%s became %s", text, write(arena, again, 0));
        arena_free(arena);
    }
}

static void json_is_written_as_the_rules_say(void **state)
{
    Partner__V1__Theme themes[] = {PARTNER__V1__THEME__THEME_GREEN, 77};
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Partner__V1__GeoPoint point = PARTNER__V1__GEO_POINT__INIT;
    Partner__V1__Organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    assert_string_equal(write(*state, &organisation, 0), "{}");
    assert_string_equal(write(*state, &organisation, 2), "{}");
    organisation.id = (char *)"sk/1";
    organisation.name = (char *)"\"Škola\"";
    organisation.employees = 12;
    organisation.n_themes = 2;
    organisation.themes = themes;
    organisation.revision = UINT64_MAX;
    organisation.location = &point;
    point.latitude = 0.1;
    point.longitude = -1e300;
    time.seconds = 1795934096;
    time.nanos = 500000000;
    organisation.update_time = &time;
    assert_string_equal(
        write(*state, &organisation, 0),
        "{\"id\":\"sk/1\",\"name\":\"\\\"Škola\\\"\",\"location\":{\"latitude\":0.1,\"longitude\":-1e+300},"
        "\"employees\":12,\"themes\":[\"THEME_GREEN\",77],\"revision\":\"18446744073709551615\","
        "\"updateTime\":\"2026-11-29T06:34:56.500Z\"}");
    Partner__V1__ExportContactResponse document = PARTNER__V1__EXPORT_CONTACT_RESPONSE__INIT;
    document.document = (ProtobufCBinaryData){4, (uint8_t *)"\xfb\xff{}"};
    assert_string_equal(write(*state, &document, 2), "{\n  \"document\": \"+/97fQ==\"\n}");
    Partner__V1__Weights weights = PARTNER__V1__WEIGHTS__INIT;
    weights.outcomes = (double)NAN;
    weights.sector = (double)INFINITY;
    weights.transfer = 3;
    assert_string_equal(write(*state, &weights, 0),
                        "{\"outcomes\":\"NaN\",\"sector\":\"Infinity\",\"transfer\":3}");
    Partner__V1__FindHostsRequest request = PARTNER__V1__FIND_HOSTS_REQUEST__INIT;
    request.what_case = PARTNER__V1__FIND_HOSTS_REQUEST__WHAT_NEED_ID;
    assert_string_equal(write(*state, &request, 0), "{\"needId\":\"\"}");
}

static void both_names_and_all_spellings_of_a_value_are_read(void **state)
{
    Partner__V1__FindHostsRequest *request = NULL;
    struct status status =
        read(*state, &partner__v1__find_hosts_request__descriptor,
             "{\"pageSize\":\"20\",\"page_token\":\"t\",\"network\":2,\"view\":\"MATCH_VIEW_BASIC\","
             "\"minRevision\":\"7\","
             "\"weights\":{\"outcomes\":\"0.5\",\"sector\":1e0,\"duration\":\"NaN\"},\"senderId\":null,"
             "\"need\":{\"maxAbsent\":3.0,\"themes\":[1,\"THEME_GREEN\"],\"countries\":[],"
             "\"updateTime\":\"2026-01-31T12:00:00.25+02:00\"}}",
             &request);
    assert_int_equal(status.code, STATUS_OK);
    assert_int_equal(request->page_size, 20);
    assert_string_equal(request->page_token, "t");
    assert_string_equal(request->sender_id, "");
    assert_int_equal(request->network, PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_EXTEND);
    assert_int_equal(request->view, PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC);
    assert_int_equal(request->min_revision, 7);
    assert_true(request->weights->outcomes == 0.5 && request->weights->sector == 1 &&
                isnan(request->weights->duration));
    assert_int_equal(request->what_case, PARTNER__V1__FIND_HOSTS_REQUEST__WHAT_NEED);
    assert_int_equal(request->need->max_absent, 3);
    assert_int_equal(request->need->n_themes, 2);
    assert_int_equal(request->need->n_countries, 0);
    assert_int_equal(request->need->update_time->seconds, 1769853600);
    assert_int_equal(request->need->update_time->nanos, 250000000);
}

static void what_does_not_belong_is_refused_where_it_stands(void **state)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"{\"need\":{\"sectors\":[\"a\",\"b\",3]}}", "need.sectors[2]"},
        {"{\"need\":{\"sectors\":\"a\"}}", "need.sectors"},
        {"{\"need\":{\"sectors\":[null]}}", "need.sectors[0]"},
        {"{\"need\":{\"outcomes\":[{},{\"concpt\":\"x\"}]}}", "need.outcomes[1].concpt"},
        {"{\"need\":{},\"needId\":\"x\"}", "need_id"},
        {"{\"needId\":\"x\",\"need_id\":\"x\"}", "need_id"},
        {"{\"pageSize\":-1}", "page_size"},
        {"{\"pageSize\":4294967296}", "page_size"},
        {"{\"pageSize\":1.5}", "page_size"},
        {"{\"pageSize\":\"0x10\"}", "page_size"},
        {"{\"pageSize\":\" 1\"}", "page_size"},
        {"{\"pageSize\":true}", "page_size"},
        {"{\"minRevision\":\"18446744073709551616\"}", "min_revision"},
        {"{\"minRevision\":1e30}", "min_revision"},
        {"{\"minRevision\":\"\"}", "min_revision"},
        {"{\"network\":\"EXTEND\"}", "network"},
        {"{\"network\":9}", "network"},
        {"{\"weights\":{\"outcomes\":\"1x\"}}", "weights.outcomes"},
        {"{\"weights\":{\"outcomes\":\"0x1\"}}", "weights.outcomes"},
        {"{\"weights\":{\"outcomes\":\"1e999\"}}", "weights.outcomes"},
        {"{\"weights\":[]}", "weights"},
        {"{\"need\":{\"updateTime\":\"2026-02-30T00:00:00Z\"}}", "need.update_time"},
        {"{\"need\":{\"updateTime\":{}}}", "need.update_time"},
        {"{\"sender_id\":1}", "sender_id"},
        {"{\"nothing\":1}", "nothing"},
        {"[]", NULL},
        {"null", NULL},
        {"", NULL},
        {"{", NULL},
        {"{\"senderId\":\"a\",\"senderId\":\"b\"}", NULL},
        {"{\"senderId\":\"\\u0000\"}", NULL},
        {"{\"senderId\":\"\xff\"}", NULL},
        {"{}x", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ProtobufCMessage *message = NULL;
        struct status status =
            read(*state, &partner__v1__find_hosts_request__descriptor, rows[i].text, &message);
        if (status.code != STATUS_INVALID_ARGUMENT || message ||
            (rows[i].field != NULL) != (status.field != NULL) ||
            (status.field && strcmp(status.field, rows[i].field) != 0))
            fail_msg("%s: %s %s", rows[i].text, status.field ? status.field : "(none)", status.message);
    }
}

static void times_are_written_and_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
        int32_t nanos;
    } rows[] = {{"1970-01-01T00:00:00Z", 0, 0},
                {"1969-12-31T23:59:59.999999999Z", -1, 999999999},
                {"0001-01-01T00:00:00Z", -62135596800, 0},
                {"9999-12-31T23:59:59.000001Z", 253402300799, 1000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[JSON_TIME_BYTES];
        int64_t seconds;
        int32_t nanos;
        assert_true(json_timestamp_format(rows[i].seconds, rows[i].nanos, text));
        assert_string_equal(text, rows[i].text);
        assert_true(json_timestamp_parse(text, &seconds, &nanos));
        assert_int_equal(seconds, rows[i].seconds);
        assert_int_equal(nanos, rows[i].nanos);
    }
    static const char *const bad[] = {"",
                                      "2026-01-01",
                                      "2026-01-01T00:00:00",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:60:00Z",
                                      "2026-01-01T00:00:60Z",
                                      "2026-01-01 00:00:00Z",
                                      "2026-01-01T00:00:00.Z",
                                      "2026-01-01T00:00:00.1234567890Z",
                                      "2026-01-01T00:00:00+0200",
                                      "0001-01-01T00:00:00+01:00",
                                      "9999-12-31T23:59:59-01:00",
                                      "2026-01-01T00:00:00Zx"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t seconds;
        int32_t nanos;
        if (json_timestamp_parse(bad[i], &seconds, &nanos))
            fail_msg("%s was taken", bad[i]);
    }
    char text[JSON_TIME_BYTES];
    int64_t seconds;
    int32_t nanos;
    assert_true(json_duration_format(-1, -500000000, text));
    assert_string_equal(text, "-1.500s");
    assert_true(json_duration_parse("-1.5s", &seconds, &nanos));
    assert_int_equal(seconds, -1);
    assert_int_equal(nanos, -500000000);
    assert_false(json_duration_parse("1.5", &seconds, &nanos));
    assert_false(json_duration_parse("s", &seconds, &nanos));
    assert_false(json_duration_format(1, -1, text));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_message_of_the_contract_goes_there_and_back),
        TEST(json_is_written_as_the_rules_say),
        TEST(both_names_and_all_spellings_of_a_value_are_read),
        TEST(what_does_not_belong_is_refused_where_it_stands),
        TEST(times_are_written_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
