#include "model/batch_institution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static struct arena *arena;

static int setup(void **)
{
    arena = arena_new(0);
    return 0;
}

static int teardown(void **)
{
    arena_free(arena);
    return 0;
}

/* What is said of one change. */
static const char *fault_of(struct batch_change change)
{
    struct batch batch = {.registry = "es", .changes = &change, .count = 1};
    return batch_institution_fault(arena, &batch, "es/school");
}

static struct batch_change offer_change(const char *organisation_id)
{
    pb_offer *offer = arena_alloc(arena, sizeof *offer);
    partner__v1__offer__init(offer);
    offer->id = (char *)"es/offer";
    offer->organisation_id = (char *)organisation_id;
    return (struct batch_change){.id = offer->id, .record = {.kind = RECORD_OFFER, .offer = offer}};
}

static struct batch_change need_change(const char *organisation_id)
{
    pb_need *need = arena_alloc(arena, sizeof *need);
    partner__v1__need__init(need);
    need->id = (char *)"es/need";
    need->organisation_id = (char *)organisation_id;
    return (struct batch_change){.id = need->id, .record = {.kind = RECORD_NEED, .need = need}};
}

static void its_own_offers_and_needs_are_its_to_write(void **)
{
    assert_null(fault_of(offer_change("es/school")));
    assert_null(fault_of(need_change("es/school")));
}

static void those_of_others_are_not(void **)
{
    assert_non_null(fault_of(offer_change("es/schools")));
    assert_non_null(fault_of(need_change("fr/school")));
}

static void organisations_and_partnerships_are_not_not_even_its_own(void **)
{
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    char *members[] = {(char *)"es/school", (char *)"es/firm"};
    organisation.id = (char *)"es/school";
    partnership.organisation_ids = members;
    partnership.n_organisation_ids = 2;
    assert_non_null(fault_of((struct batch_change){
        .id = "es/school", .record = {.kind = RECORD_ORGANISATION, .organisation = &organisation}}));
    assert_non_null(fault_of((struct batch_change){
        .id = "es/pair", .record = {.kind = RECORD_PARTNERSHIP, .partnership = &partnership}}));
}

static void what_is_no_record_at_all_is_left_to_its_rejection(void **)
{
    struct batch_change bad = offer_change("no id");
    bad.reject_field = "offer.organisation_id";
    bad.reject_reason = "organisation_id has not the form registry/key";
    assert_null(fault_of(bad));
    assert_null(
        fault_of((struct batch_change){.id = "", .reject_field = "upsert", .reject_reason = "empty"}));
    bad = offer_change("es/firm");
    bad.reject_field = "offer.title";
    bad.reject_reason = "title is too long";
    assert_non_null(fault_of(bad));
}

static void a_delete_is_judged_by_what_stands_there(void **)
{
    assert_null(fault_of((struct batch_change){.id = "es/anything", .is_delete = true}));
}

static void the_first_foreign_change_is_named(void **)
{
    struct batch_change changes[] = {offer_change("es/school"), offer_change("es/firm"),
                                     need_change("es/firm")};
    struct batch batch = {.registry = "es", .changes = changes, .count = 3};
    assert_non_null(strstr(batch_institution_fault(arena, &batch, "es/school"), "change 1 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_own_offers_and_needs_are_its_to_write),
        cmocka_unit_test(those_of_others_are_not),
        cmocka_unit_test(organisations_and_partnerships_are_not_not_even_its_own),
        cmocka_unit_test(what_is_no_record_at_all_is_left_to_its_rejection),
        cmocka_unit_test(a_delete_is_judged_by_what_stands_there),
        cmocka_unit_test(the_first_foreign_change_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
