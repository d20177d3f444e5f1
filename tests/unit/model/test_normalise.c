#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/normalise.h"
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

static void assert_same_record(struct arena *arena, const pb_record *left, const pb_record *right)
{
    struct record left_view = record_of(left), right_view = record_of(right);
    size_t left_bytes, right_bytes;
    void *packed_left = record_pack(arena, &left_view, &left_bytes);
    void *packed_right = record_pack(arena, &right_view, &right_bytes);
    assert_int_equal(left_bytes, right_bytes);
    assert_memory_equal(packed_left, packed_right, left_bytes);
}

/* What is sent, and what is kept of it. */
static const struct {
    const char *sent, *kept;
} rows[] = {
    {"organisation; country=EL", "organisation; country=GR"},
    {"organisation; country=UK", "organisation; country=GB"},
    {"organisation; country=ES", "organisation; country=ES"},
    {"organisation; country=el", "organisation; country=el"},
    {"organisation; region=EL30", "organisation; region=EL30"},
    {"organisation; region=UKI", "organisation; region=UKI"},
    {"organisation; strategy.target_countries[0]=EL; strategy.target_countries[1]=UK",
     "organisation; strategy.target_countries[0]=GR; strategy.target_countries[1]=GB"},
    {"need; countries[0]=UK; countries[1]=FR; countries[2]=EL",
     "need; countries[0]=GB; countries[1]=FR; countries[2]=GR"},
    {"need; regions[0]=GR30; regions[1]=EL30", "need; regions[0]=GR30; regions[1]=EL30"},
    {"organisation; identifiers[0].scheme=oid; identifiers[0].value=e 1000 0001",
     "organisation; identifiers[0].scheme=oid; identifiers[0].value=e 1000 0001"},
    {"organisation; name= blanks stay ", "organisation; name= blanks stay "},
    {"organisation; sectors[0]=0715; sectors[1]=0715", "organisation; sectors[0]=0715; sectors[1]=0715"},
    /* an e and a combining accent become one letter */
    {"organisation; name=Cafe\xcc\x81", "organisation; name=Caf\xc3\xa9"},
    {"organisation; other_names[0].value=e\xcc\x81", "organisation; other_names[0].value=\xc3\xa9"},
    {"offer; support[1]=e\xcc\x81", "offer; support[1]=\xc3\xa9"},
    {"organisation; strategy.summary=a\r\nb", "organisation; strategy.summary=a\nb"},
    {"organisation; strategy.summary=\xc3\xa9\r\n\r\n", "organisation; strategy.summary=\xc3\xa9\n\n"},
    {"offer; outcomes[0].text=a\r\nb\rc", "offer; outcomes[0].text=a\nb\rc"},
    {"need; outcomes[0].text=\r\n", "need; outcomes[0].text=\n"},
    {"organisation; name=a\r\nb", "organisation; name=a\r\nb"}, /* is refused */
    {"organisation; revision=4; update_time.seconds=1; same_as[0]=de/1", "organisation"},
    {"offer; revision=4; update_time.seconds=1", "offer"},
    {"need; revision=4; update_time.seconds=1", "need"},
    {"partnership; revision=4; update_time.seconds=1", "partnership"},
    {"offer; duration.min_days=0", "offer"},
    {"offer; duration.max_days=5", "offer; duration.max_days=5"},
    {"need; duration={}; period.start_date=", "need"},
    {"need; period.end_date=2027-01-01", "need; period.end_date=2027-01-01"},
    {"offer; windows[0].period.start_date=; windows[0].places=2", "offer; windows[0].places=2"},
    {"offer; windows[0].period={}", "offer; windows[0].places=0"},
    {"offer; recognition.validated_by_host=0", "offer"},
    {"organisation; accreditation.code=; strategy.summary=; contact.name=", "organisation"},
    {"organisation; contact.phone=1", "organisation; contact.phone=1"},
};

static void what_is_kept_is_what_was_sent_but_for_its_normalisations(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pb_record *record = record_make(*state, rows[i].sent);
        record_normalise(*state, record);
        assert_same_record(*state, record, record_make(*state, rows[i].kept));
    }
}

static void normalising_twice_is_normalising_once(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pb_record *once = record_make(*state, rows[i].sent), *twice = record_make(*state, rows[i].sent);
        record_normalise(*state, once);
        record_normalise(*state, twice);
        record_normalise(*state, twice);
        assert_same_record(*state, once, twice);
    }
}

static void full_records_are_left_as_they_are(void **state)
{
    const char *const full[] = {full_organisation, full_offer, full_need, full_partnership};
    for (size_t i = 0; i < 4; i++) {
        pb_record *record = record_make(*state, full[i]);
        record_normalise(*state, record);
        assert_same_record(*state, record, record_make(*state, full[i]));
    }
}

static void a_point_at_zero_is_still_a_point(void **state)
{
    pb_record *record = record_make(*state, "organisation; location.latitude=0; location.longitude=0");
    record_normalise(*state, record);
    assert_non_null(record->organisation->location);
    struct record view = record_of(record), again;
    size_t bytes;
    void *packed = record_pack(*state, &view, &bytes);
    assert_true(record_unpack(*state, RECORD_ORGANISATION, packed, bytes, &again));
    assert_non_null(again.organisation->location);
}

static void fields_that_the_contract_does_not_know_are_dropped_at_any_depth(void **state)
{
    pb_record *record = record_make(*state, full_offer);
    ProtobufCMessageUnknownField unknown = {99, PROTOBUF_C_WIRE_TYPE_VARINT, 1, (uint8_t *)"\x01"};
    ProtobufCMessage *const messages[] = {&record->base, &record->offer->base,
                                          &record->offer->outcomes[0]->base,
                                          &record->offer->windows[0]->period->base};
    for (size_t i = 1; i < 4; i++) {
        messages[i]->n_unknown_fields = 1;
        messages[i]->unknown_fields = &unknown;
    }
    record_normalise(*state, record);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(messages[i]->n_unknown_fields, 0);
    assert_same_record(*state, record, record_make(*state, full_offer));
}

static void an_inline_need_or_offer_is_normalised_likewise(void **state)
{
    pb_record *need = record_make(*state, "need; countries[0]=EL; duration={}");
    need_normalise(*state, need->need);
    assert_same_record(*state, need, record_make(*state, "need; countries[0]=GR"));
    pb_record *offer = record_make(*state, "offer; duration={}; revision=2");
    offer_normalise(*state, offer->offer);
    assert_same_record(*state, offer, record_make(*state, "offer"));
}

static void a_record_of_no_kind_is_left_alone(void **state)
{
    pb_record empty = PARTNER__V1__RECORD__INIT;
    record_normalise(*state, &empty);
    assert_int_equal(record_of(&empty).kind, RECORD_NONE);
}

#define IN_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, free_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ARENA(what_is_kept_is_what_was_sent_but_for_its_normalisations),
        IN_ARENA(normalising_twice_is_normalising_once),
        IN_ARENA(full_records_are_left_as_they_are),
        IN_ARENA(a_point_at_zero_is_still_a_point),
        IN_ARENA(fields_that_the_contract_does_not_know_are_dropped_at_any_depth),
        IN_ARENA(an_inline_need_or_offer_is_normalised_likewise),
        IN_ARENA(a_record_of_no_kind_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
