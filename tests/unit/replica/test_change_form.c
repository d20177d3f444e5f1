/* What is written beside the stored bytes reads as the message that was meant. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "replica/change_form.h"
#include "replica/change_list.h"

enum { REVISION = 300, FIELD = 1 };
static const int64_t time_us = 1700000000123456;

static struct arena *arena;

static int arena_setup(void **)
{
    arena = arena_new(0);
    return 0;
}

static int arena_teardown(void **)
{
    arena_free(arena);
    return 0;
}

static struct record_form form_of(struct record record)
{
    struct record_form form = {
        .kind = record.kind, .id = record_id(&record), .revision = REVISION, .update_time_us = time_us};
    form.packed = record_pack(arena, &record, &form.packed_bytes);
    return form;
}

static pb_organisation *organisation_make(bool with_contact)
{
    pb_organisation *organisation = arena_alloc(arena, sizeof *organisation);
    partner__v1__organisation__init(organisation);
    organisation->id = arena_strdup(arena, "es/1");
    organisation->name = arena_strdup(arena, "Instituto");
    organisation->city = arena_strdup(arena, "Vigo");
    organisation->employees = 200;
    if (with_contact) {
        organisation->contact = arena_alloc(arena, sizeof *organisation->contact);
        partner__v1__contact__init(organisation->contact);
        organisation->contact->email = arena_strdup(arena, "office@example.org");
    }
    return organisation;
}

/* The changes of what was written, as a WatchResponse. */
static const Partner__V1__Change *read_change(const struct record_form *form, bool with_contact)
{
    struct text_buffer out = {0};
    change_form_add(&out, FIELD, form, with_contact);
    void *bytes = arena_copy(arena, out.bytes, out.size);
    const Partner__V1__WatchResponse *response =
        partner__v1__watch_response__unpack(arena_protobuf(arena), out.size, bytes);
    text_buffer_fini(&out);
    assert_non_null(response);
    assert_int_equal(response->n_changes, 1);
    assert_int_equal(response->changes[0]->revision, REVISION);
    assert_int_equal(response->changes[0]->base.n_unknown_fields, 0);
    return response->changes[0];
}

static void an_organisation_is_written_with_its_output_fields(void **)
{
    struct record record = {RECORD_ORGANISATION, {.organisation = organisation_make(true)}};
    struct record_form form = form_of(record);
    const pb_organisation *read = read_change(&form, true)->upsert->organisation;
    assert_string_equal(read->id, "es/1");
    assert_string_equal(read->city, "Vigo");
    assert_string_equal(read->contact->email, "office@example.org");
    assert_int_equal(read->employees, 200);
    assert_int_equal(read->revision, REVISION);
    assert_int_equal(read->update_time->seconds, time_us / 1000000);
    assert_int_equal(read->update_time->nanos, 123456000);
}

static void a_contact_is_left_out_and_nothing_else(void **)
{
    struct record with = {RECORD_ORGANISATION, {.organisation = organisation_make(true)}};
    struct record without = {RECORD_ORGANISATION, {.organisation = organisation_make(false)}};
    struct record_form shown = form_of(with), bare = form_of(without);
    struct text_buffer left = {0}, right = {0};
    assert_true(record_form_has_contact(&shown));
    assert_false(record_form_has_contact(&bare));
    change_form_add(&left, FIELD, &shown, false);
    change_form_add(&right, FIELD, &bare, true);
    assert_int_equal(left.size, right.size);
    assert_memory_equal(left.bytes, right.bytes, left.size);
    text_buffer_fini(&left);
    text_buffer_fini(&right);
}

static void every_kind_has_its_revision_and_time(void **)
{
    pb_offer offer = PARTNER__V1__OFFER__INIT;
    pb_need need = PARTNER__V1__NEED__INIT;
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    offer.id = need.id = partnership.id = (char *)"es/x";
    offer.valid_until = (char *)"2030-01-01"; /* numbered above the output fields */
    struct record_form form = form_of((struct record){RECORD_OFFER, {.offer = &offer}});
    const pb_record *read = read_change(&form, true)->upsert;
    assert_int_equal(read->kind_case, PARTNER__V1__RECORD__KIND_OFFER);
    assert_int_equal(read->offer->revision, REVISION);
    assert_string_equal(read->offer->valid_until, "2030-01-01");
    assert_int_equal(read->offer->update_time->nanos, 123456000);
    form = form_of((struct record){RECORD_NEED, {.need = &need}});
    read = read_change(&form, true)->upsert;
    assert_int_equal(read->need->revision, REVISION);
    assert_int_equal(read->need->update_time->nanos, 123456000);
    form = form_of((struct record){RECORD_PARTNERSHIP, {.partnership = &partnership}});
    read = read_change(&form, true)->upsert;
    assert_int_equal(read->partnership->revision, REVISION);
    assert_int_equal(read->partnership->update_time->nanos, 123456000);
}

static void a_deleted_record_is_its_id(void **)
{
    struct record_form form = {.kind = RECORD_OFFER, .id = "es/gone", .revision = REVISION};
    const Partner__V1__Change *change = read_change(&form, true);
    assert_int_equal(change->kind_case, PARTNER__V1__CHANGE__KIND_DELETE_ID);
    assert_string_equal(change->delete_id, "es/gone");
}

static void an_exported_record_says_who_is_the_same(void **)
{
    static const char *const same[] = {"de/1", "fr/1"};
    struct record_form form =
        form_of((struct record){RECORD_ORGANISATION, {.organisation = organisation_make(true)}});
    form.same_as = same;
    form.same_as_count = 2;
    struct text_buffer out = {0};
    record_form_add(&out, FIELD, &form, false);
    form_add_number(&out, 2, REVISION);
    form_add_text(&out, 3, "epoch");
    const Partner__V1__ExportResponse *response = partner__v1__export_response__unpack(
        arena_protobuf(arena), out.size, (const unsigned char *)out.bytes);
    assert_non_null(response);
    assert_int_equal(response->revision, REVISION);
    assert_string_equal(response->epoch, "epoch");
    assert_int_equal(response->records[0]->organisation->n_same_as, 2);
    assert_string_equal(response->records[0]->organisation->same_as[1], "fr/1");
    assert_null(response->records[0]->organisation->contact);
    text_buffer_fini(&out);
}

static void broken_bytes_have_no_contact(void **)
{
    static const unsigned char broken[] = {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    for (size_t bytes = 0; bytes <= sizeof broken; bytes++) {
        struct record_form form = {.kind = RECORD_ORGANISATION, .packed = broken, .packed_bytes = bytes};
        assert_false(record_form_has_contact(&form));
    }
}

static void a_list_has_each_change_in_both_forms_and_its_registry(void **)
{
    struct change_list list = {0};
    struct record_form form =
        form_of((struct record){RECORD_ORGANISATION, {.organisation = organisation_make(true)}});
    struct record_form gone = {.kind = RECORD_OFFER, .id = "e/gone", .revision = REVISION};
    change_list_add(&list, &form);
    change_list_add(&list, &form);
    change_list_add(&list, &gone);
    assert_string_equal(list.data.bytes + list.entries[0].registry_at, "es");
    assert_int_equal(list.entries[1].registry_at, list.entries[0].registry_at);
    assert_string_equal(list.data.bytes + list.entries[2].registry_at, "e");
    assert_true(list.entries[0].bare_bytes < list.entries[0].bytes);
    assert_int_equal(list.entries[2].bare_at, list.entries[2].at);
    assert_null(memmem(list.data.bytes + list.entries[0].bare_at, list.entries[0].bare_bytes, "office", 6));
    change_list_fini(&list);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_organisation_is_written_with_its_output_fields),
        TEST(a_contact_is_left_out_and_nothing_else),
        TEST(every_kind_has_its_revision_and_time),
        TEST(a_deleted_record_is_its_id),
        TEST(an_exported_record_says_who_is_the_same),
        TEST(broken_bytes_have_no_contact),
        TEST(a_list_has_each_change_in_both_forms_and_its_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
