#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/limit.h"
#include "model/support.h"
#include "model/validate.h"
#include "vocab/vocabulary.h"

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

static const char *full_of(char kind)
{
    switch (kind) {
    case 'o':
        return full_organisation;
    case 'f':
        return full_offer;
    case 'n':
        return full_need;
    default:
        return full_partnership;
    }
}

static struct status check(struct arena *arena, const struct vocabulary *vocabulary, char kind,
                           const char *assignments)
{
    pb_record *message = record_make(arena, full_of(kind));
    record_set(arena, message, assignments);
    struct record record = record_of(message);
    return record_validate(arena, vocabulary, &record);
}

static void full_and_nearly_empty_records_are_good(void **state)
{
    const char *const scripts[] = {
        full_organisation,
        full_offer,
        full_need,
        full_partnership,
        "organisation; id=es/1",
        "offer; id=es/1; organisation_id=es/2",
        "need; id=es/1; organisation_id=es/2",
        "partnership; id=es/1; organisation_ids[0]=es/2; organisation_ids[1]=es/3",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct record record = record_of(record_make(*state, scripts[i]));
        struct status status = record_validate(*state, NULL, &record);
        if (!status_ok(status))
            print_message("%s: %s\n", status.field, status.message);
        assert_true(status_ok(status));
    }
}

/* One thing wrong in a full record (o organisation, f offer, n need, p partnership), and what is said. */
static const struct {
    char kind;
    const char *wrong, *field, *message;
} bad_rows[] = {
    {'o', "id=", "organisation.id", "id has not the form registry/key"},
    {'f', "id=ES/1", "offer.id", "id has not the form registry/key"},
    {'n', "id=es", "need.id", "id has not the form registry/key"},
    {'p', "id=es/ 1", "partnership.id", "id has not the form registry/key"},
    {'o', "roles[1]=0", "organisation.roles[1]", "roles[1] is unspecified"},
    {'o', "roles[0]=5", "organisation.roles[0]", "roles[0] is no value of its kind: 5"},
    {'o', "name=x*501", "organisation.name", "name is longer than 500 bytes"},
    {'o', "name=a\x01", "organisation.name", "name has a control character"},
    {'o', "name=a\nb", "organisation.name", "name has a control character"},
    {'o', "name=\xc2\x85", "organisation.name", "name has a control character"},
    {'o', "other_names[0].value=a\tb", "organisation.other_names[0].value", "value has a control character"},
    {'o', "other_names[100].value=x", "organisation.other_names", "other_names has more than 100 items"},
    {'o', "country=XX", "organisation.country", "country is no ISO 3166-1 code: \"XX\""},
    {'o', "country=es", "organisation.country", "country is no ISO 3166-1 code: \"es\""},
    {'o', "country=EL", "organisation.country", "country is no ISO 3166-1 code: \"EL\""}, /* not normalised */
    {'o', "region=ES", "organisation.region", "region is no NUTS code: \"ES\""},
    {'o', "region=es511", "organisation.region", "region is no NUTS code: \"es511\""},
    {'o', "region=ES5111", "organisation.region", "region is no NUTS code: \"ES5111\""},
    {'o', "location.latitude=90.01", "organisation.location.latitude", "latitude is not from -90 to 90"},
    {'o', "location.latitude=-91", "organisation.location.latitude", "latitude is not from -90 to 90"},
    {'o', "location.latitude=nan", "organisation.location.latitude", "latitude is not from -90 to 90"},
    {'o', "location.longitude=180.5", "organisation.location.longitude", "longitude is not from -180 to 180"},
    {'o', "location.longitude=-inf", "organisation.location.longitude", "longitude is not from -180 to 180"},
    {'o', "identifiers[0].value=E1", "organisation.identifiers[0].value",
     "value has not the form of scheme oid"},
    {'o', "identifiers[2].value=12", "organisation.identifiers[2].value",
     "value has not the form of scheme pic"},
    {'o', "identifiers[3].scheme=schac", "organisation.identifiers[3].value",
     "value has not the form of scheme schac"},
    {'o', "identifiers[3].scheme=vat; identifiers[3].value=1", "organisation.identifiers[3].value",
     "value has not the form of scheme vat"},
    {'o', "identifiers[100].value=x", "organisation.identifiers", "identifiers has more than 100 items"},
    {'o', "website=x*501", "organisation.website", "website is longer than 500 bytes"},
    {'o', "sectors[1]=0766", "organisation.sectors[1]", "sectors[1] is no ISCED-F 2013 code: \"0766\""},
    {'o', "sectors[0]=7", "organisation.sectors[0]", "sectors[0] is no ISCED-F 2013 code: \"7\""},
    {'o', "sectors[2]=", "organisation.sectors[2]", "sectors[2] is no ISCED-F 2013 code: \"\""},
    {'o', "sectors[300]=02", "organisation.sectors", "sectors has more than 300 items"},
    {'o', "industry=W", "organisation.industry", "industry is no NACE code: \"W\""},
    {'o', "industry=85.321", "organisation.industry", "industry is no NACE code: \"85.321\""},
    {'o', "languages[0].language=xx", "organisation.languages[0].language",
     "language is no ISO 639-1 code: \"xx\""},
    {'o', "languages[1].language=DE", "organisation.languages[1].language",
     "language is no ISO 639-1 code: \"DE\""},
    {'o', "languages[2].level=1", "organisation.languages[2].language",
     "language is no ISO 639-1 code: \"\""},
    {'o', "languages[0].level=7", "organisation.languages[0].level", "level is no value of its kind: 7"},
    {'o', "themes[0]=0", "organisation.themes[0]", "themes[0] is unspecified"},
    {'o', "accreditation.valid_until=2027-02-29", "organisation.accreditation.valid_until",
     "valid_until is no date YYYY-MM-DD"},
    {'o', "strategy.summary=x*2001", "organisation.strategy.summary", "summary is longer than 2000 bytes"},
    {'o', "strategy.url=x*2001", "organisation.strategy.url", "url is longer than 2000 bytes"},
    {'o', "strategy.url=a\nb", "organisation.strategy.url", "url has a control character"},
    {'o', "strategy.summary=a\x02", "organisation.strategy.summary", "summary has a control character"},
    {'o', "strategy.target_countries[0]=ZZ", "organisation.strategy.target_countries[0]",
     "target_countries[0] is no ISO 3166-1 code: \"ZZ\""},
    {'o', "strategy.target_countries[1]=", "organisation.strategy.target_countries[1]",
     "target_countries[1] is no ISO 3166-1 code: \"\""},
    {'o', "strategy.target_sectors[0]=99999", "organisation.strategy.target_sectors[0]",
     "target_sectors[0] is no ISCED-F 2013 code: \"99999\""},
    {'o', "strategy.priorities[0]=9", "organisation.strategy.priorities[0]",
     "priorities[0] is no value of its kind: 9"},
    {'o', "contact.retain_until=soon", "organisation.contact.retain_until",
     "retain_until is no date YYYY-MM-DD"},
    {'f', "organisation_id=", "offer.organisation_id", "organisation_id is empty"},
    {'f', "organisation_id=x", "offer.organisation_id", "organisation_id has not the form registry/key"},
    {'f', "duration.min_days=0", "offer.duration.min_days", "min_days is below 1"},
    {'f', "duration.min_days=91", "offer.duration.max_days", "max_days is below min_days"},
    {'f', "duration.max_days=0", "offer.duration.max_days", "max_days is below min_days"},
    {'f', "duration.max_days=3661", "offer.duration.max_days", "max_days is above 3660"},
    {'f', "outcomes[2].essential=1", "offer.outcomes[2].concept", "concept is empty, and so is text"},
    {'f', "outcomes[0].eqf_level=9", "offer.outcomes[0].eqf_level", "eqf_level is not from 1 to 8"},
    {'f', "outcomes[1].text=x*2001", "offer.outcomes[1].text", "text is longer than 2000 bytes"},
    {'f', "outcomes[500].text=x", "offer.outcomes", "outcomes has more than 500 items"},
    {'f', "eqf_levels[1]=0", "offer.eqf_levels[1]", "eqf_levels[1] is not from 1 to 8"},
    {'f', "eqf_levels[0]=9", "offer.eqf_levels[0]", "eqf_levels[0] is not from 1 to 8"},
    {'f', "windows[0].period.start_date=2027-07-01", "offer.windows[0].period.end_date",
     "end_date is before start_date"},
    {'f', "windows[0].period.start_date=2027-1-1", "offer.windows[0].period.start_date",
     "start_date is no date YYYY-MM-DD"},
    {'f', "windows[0].period.end_date=2027-13-01", "offer.windows[0].period.end_date",
     "end_date is no date YYYY-MM-DD"},
    {'f', "windows[366].places=1", "offer.windows", "windows has more than 366 items"},
    {'f', "modes[0]=4", "offer.modes[0]", "modes[0] is no value of its kind: 4"},
    {'f', "recognition.documents[0]=x*501", "offer.recognition.documents[0]",
     "documents[0] is longer than 500 bytes"},
    {'f', "support[300]=x", "offer.support", "support has more than 300 items"},
    {'f', "valid_until=2027", "offer.valid_until", "valid_until is no date YYYY-MM-DD"},
    {'n', "organisation_id=", "need.organisation_id", "organisation_id is empty"},
    {'n', "countries[1]=", "need.countries[1]", "countries[1] is no ISO 3166-1 code: \"\""},
    {'n', "countries[300]=DE", "need.countries", "countries has more than 300 items"},
    {'n', "regions[0]=D", "need.regions[0]", "regions[0] is no NUTS code: \"D\""},
    {'n', "regions[2]=", "need.regions[2]", "regions[2] is no NUTS code: \"\""},
    {'n', "eqf_level=9", "need.eqf_level", "eqf_level is not from 1 to 8"},
    {'n', "period.end_date=2027-02-28", "need.period.end_date", "end_date is before start_date"},
    {'n', "themes[1]=5", "need.themes[1]", "themes[1] is no value of its kind: 5"},
    {'n', "valid_until=x", "need.valid_until", "valid_until is no date YYYY-MM-DD"},
    {'p', "organisation_ids[1]=es/E10000001", "partnership.organisation_ids",
     "organisation_ids has fewer than two organisations"},
    {'p', "organisation_ids[2]=", "partnership.organisation_ids[2]", "organisation_ids[2] is empty"},
    {'p', "organisation_ids[1000]=de/1", "partnership.organisation_ids",
     "organisation_ids has more than 1000 items"},
    {'p', "since=2015-02-30", "partnership.since", "since is no date YYYY-MM-DD"},
    {'p', "until=never", "partnership.until", "until is no date YYYY-MM-DD"},
    {'p', "sectors[0]=x", "partnership.sectors[0]", "sectors[0] is no ISCED-F 2013 code: \"x\""},
};

static void each_fault_is_named_with_its_field(void **state)
{
    for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
        struct status status = check(*state, NULL, bad_rows[i].kind, bad_rows[i].wrong);
        if (status_ok(status) || !text_equal(status.field, bad_rows[i].field) ||
            !text_equal(status.message, bad_rows[i].message))
            print_message("%s\n", bad_rows[i].wrong);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.field, bad_rows[i].field);
        assert_string_equal(status.message, bad_rows[i].message);
        assert_null(status.more);
    }
}

/* What may look wrong and isn't. */
static const struct {
    char kind;
    const char *right;
} good_rows[] = {
    {'o', "name=x*500"},
    {'o', "name="},
    {'o', "country=; region="},
    {'o', "country=XK"},
    {'o', "region=UKI1"},
    {'o', "location.latitude=-90; location.longitude=180"},
    {'o', "sectors[0]=0; sectors[0]=00; sectors[1]=0799; sectors[2]=9999"},
    {'o', "sectors[299]=02; sectors[0]=02"}, /* see below: the items between are set by the test */
    {'o', "identifiers[0].value=e 1000 0001"},
    {'o', "identifiers[3].scheme=OID; identifiers[3].value=whatever"},
    {'o', "identifiers[3].value=scheme not stated"},
    {'o', "industry=; employees=4294967295"},
    {'o', "industry=A"},
    {'o', "industry=85"},
    {'o', "industry=85.3"},
    {'o', "strategy.summary=x*2000; strategy.url=x*2000"},
    {'o', "strategy.summary=one\ntwo"},
    {'o', "revision=5; same_as[0]=not an id"},
    {'f', "duration.min_days=1; duration.max_days=3660"},
    {'f', "duration.min_days=0; duration.max_days=0"},
    {'f', "outcomes[0].concept=; outcomes[0].text=words"},
    {'f', "outcomes[0].concept=not in any vocabulary; outcomes[0].eqf_level=8"},
    {'f', "outcomes[1].text=one\ntwo"},
    {'f', "windows[0].period.end_date=; windows[0].places=0"},
    {'f', "windows[0].period.end_date=2027-01-01"},
    {'f', "themes[0]=1; themes[1]=1; modes[0]=2; modes[1]=2"},
    {'f', "organisation_id=zz/somewhere-else"},
    {'n', "regions[0]=DE; regions[1]=GR30; regions[2]=GB"},
    {'n', "learners=4294967295; max_absent=4294967295; eqf_level=0"},
    {'n', "languages[0].level=0"},
    {'p', "since=2031-01-01"},
    {'p', "organisation_ids[2]=es/E10000001"},
};

static void what_the_rules_allow_is_let_through(void **state)
{
    for (size_t i = 0; i < sizeof good_rows / sizeof *good_rows; i++) {
        pb_record *message = record_make(*state, full_of(good_rows[i].kind));
        record_set(*state, message, good_rows[i].right);
        if (good_rows[i].kind == 'o')
            for (size_t k = 0; k < message->organisation->n_sectors; k++)
                if (!*message->organisation->sectors[k])
                    message->organisation->sectors[k] = (char *)"02";
        struct record record = record_of(message);
        struct status status = record_validate(*state, NULL, &record);
        if (!status_ok(status))
            print_message("%s: %s: %s\n", good_rows[i].right, status.field, status.message);
        assert_true(status_ok(status));
    }
}

static void the_first_fault_in_the_order_of_fields_is_said(void **state)
{
    struct status status =
        check(*state, NULL, 'f', "valid_until=x; modes[0]=9; duration.max_days=5; title=x*501");
    assert_string_equal(status.field, "offer.title");
    status = check(*state, NULL, 'f', "valid_until=x; modes[0]=9; duration.max_days=5");
    assert_string_equal(status.field, "offer.duration.max_days");
    status = check(*state, NULL, 'f', "valid_until=x; modes[0]=9");
    assert_string_equal(status.field, "offer.modes[0]");
}

static void a_code_that_is_quoted_is_cut(void **state)
{
    struct status status = check(*state, NULL, 'o', "country=x*400");
    assert_true(strlen(status.message) < 100);
}

static void a_record_takes_at_most_256_kib(void **state)
{
    pb_record *message = record_make(*state, "offer; id=es/1; organisation_id=es/2; outcomes[130].text=x");
    for (size_t i = 0; i < 131; i++)
        record_set(*state, message, arena_format(*state, "outcomes[%zu].text=x*1990", i));
    struct record record = record_of(message);
    assert_true(protobuf_c_message_get_packed_size(record.message) <= LIMIT_RECORD_BYTES);
    assert_true(status_ok(record_validate(*state, NULL, &record)));
    record_set(*state, message, "outcomes[131].text=x*1990");
    struct status status = record_validate(*state, NULL, &record);
    assert_string_equal(status.field, "offer");
    assert_string_equal(status.message, "offer takes more than 262144 bytes");
}

static struct vocabulary *make_vocabulary(void)
{
    static const struct concept_words words = {.language = "en", .label = "x", .description = ""};
    static const struct {
        enum scheme scheme;
        const char *code;
    } concepts[] = {{SCHEME_REGION, "DE2"},
                    {SCHEME_REGION, "EL30"},
                    {SCHEME_REGION, "ES511"},
                    {SCHEME_INDUSTRY, "85.32"}};
    struct vocabulary_builder *builder = vocabulary_builder_new();
    for (size_t i = 0; i < sizeof concepts / sizeof *concepts; i++) {
        struct concept_source source = {.scheme = concepts[i].scheme,
                                        .code = concepts[i].code,
                                        .vocabulary = "Test 1",
                                        .reuse = "",
                                        .words = &words,
                                        .words_count = 1};
        vocabulary_builder_add(builder, &source);
    }
    return vocabulary_builder_finish(builder);
}

static void regions_and_industries_stand_in_the_lists_that_are_loaded(void **state)
{
    static const struct {
        char kind;
        const char *assignments, *field;
    } rows[] = {
        {'o', "region=ES511; industry=85.32", NULL},
        {'o', "region=ES512", "organisation.region"},
        {'o', "region=; industry=", NULL},
        {'o', "industry=85.31", "organisation.industry"},
        {'n', "regions[0]=DE2; regions[1]=GR30", NULL},
        {'n', "regions[0]=DE; regions[1]=FR", NULL},
        {'n', "regions[0]=DE3", "need.regions[0]"},
    };
    struct vocabulary *vocabulary = make_vocabulary();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct status status = check(*state, vocabulary, rows[i].kind, rows[i].assignments);
        if (rows[i].field)
            assert_string_equal(status.field, rows[i].field);
        else
            assert_true(status_ok(status));
    }
    vocabulary_release(vocabulary);
}

static void a_request_is_told_all_faults_of_its_need(void **state)
{
    pb_record *message = record_make(*state, full_need);
    record_set(*state, message, "countries[0]=ZZ; eqf_level=9; duration.min_days=0; id=bad");
    struct faults faults = {.arena = *state};
    need_validate(&faults, NULL, "need.", message->need);
    assert_int_equal(faults.count, 4);
    struct status status = faults_status(&faults);
    assert_string_equal(status.field, "need.id");
    assert_string_equal(status.more->field, "need.duration.min_days");
    assert_string_equal(status.more->next->field, "need.countries[0]");
    assert_string_equal(status.more->next->next->field, "need.eqf_level");
}

static void a_need_in_a_request_may_be_nameless(void **state)
{
    struct faults faults = {.arena = *state};
    pb_record *message = record_make(*state, "need; eqf_level=3");
    need_validate(&faults, NULL, "need.", message->need);
    assert_int_equal(faults.count, 0);
    record_set(*state, message, "organisation_id=x");
    need_validate(&faults, NULL, "need.", message->need);
    assert_string_equal(faults.first->field, "need.organisation_id");
}

static void an_offer_in_a_request_names_its_organisation(void **state)
{
    struct faults faults = {.arena = *state};
    pb_record *message = record_make(*state, "offer; title=x");
    offer_validate(&faults, NULL, "offer.", message->offer);
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.first->field, "offer.organisation_id");
}

/* Every message that a record can hold and every field in it is walked: a field longer than any limit is found. */
static void every_text_of_a_record_has_a_limit(void **state)
{
    static const struct {
        char kind;
        const char *field;
    } rows[] = {
        {'o', "city"},
        {'o', "other_names[0].language"},
        {'o', "identifiers[1].scheme"},
        {'o', "contact.name"},
        {'o', "contact.email"},
        {'o', "contact.phone"},
        {'o', "accreditation.code"},
        {'f', "title"},
        {'f', "outcomes[0].concept"},
        {'f', "recognition.assessment[0]"},
        {'f', "support[0]"},
        {'n', "title"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct status status =
            check(*state, NULL, rows[i].kind, arena_format(*state, "%s=x*501", rows[i].field));
        assert_non_null(status.field);
        assert_string_equal(strchr(status.field, '.') + 1, rows[i].field);
        assert_non_null(strstr(status.message, "longer than 500 bytes"));
    }
}

#define IN_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, free_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ARENA(full_and_nearly_empty_records_are_good),
        IN_ARENA(each_fault_is_named_with_its_field),
        IN_ARENA(what_the_rules_allow_is_let_through),
        IN_ARENA(the_first_fault_in_the_order_of_fields_is_said),
        IN_ARENA(a_code_that_is_quoted_is_cut),
        IN_ARENA(a_record_takes_at_most_256_kib),
        IN_ARENA(regions_and_industries_stand_in_the_lists_that_are_loaded),
        IN_ARENA(a_request_is_told_all_faults_of_its_need),
        IN_ARENA(a_need_in_a_request_may_be_nameless),
        IN_ARENA(an_offer_in_a_request_names_its_organisation),
        IN_ARENA(every_text_of_a_record_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
