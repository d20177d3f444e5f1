#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/index_data.h"
#include "match/network_walk.h"

/* What a base has, what was settled over it, and what is fresh over both. */

enum { MANY = 100, ID_BYTES = 16 };

static void put_organisation(struct match_builder *builder, const char *id)
{
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    organisation.id = (char *)(uintptr_t)id;
    match_builder_put(builder, &(struct record){.kind = RECORD_ORGANISATION, .organisation = &organisation});
}

/* Of each `every`th number, with a letter at the end so that others fit between. */
static void put_organisations(struct match_builder *builder, unsigned every, char letter)
{
    for (unsigned i = 0; i < MANY; i += every) {
        char id[ID_BYTES];
        snprintf(id, sizeof id, "aa/%03u%c", i, letter);
        put_organisation(builder, id);
    }
}

static void put_partnership(struct match_builder *builder, const char *id, const char *left,
                            const char *right)
{
    char *ids[] = {(char *)(uintptr_t)left, (char *)(uintptr_t)right};
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    partnership.id = (char *)(uintptr_t)id;
    partnership.organisation_ids = ids;
    partnership.n_organisation_ids = 2;
    match_builder_put(builder, &(struct record){.kind = RECORD_PARTNERSHIP, .partnership = &partnership});
}

/* Publishes, and says how many segments there are. */
static int publish(struct match_builder *builder)
{
    struct match_index *index = match_builder_publish(builder);
    int segments = index->segment_count;
    match_index_release(index);
    return segments;
}

static struct match_builder *builder_with_base(void)
{
    struct match_builder *builder = match_builder_new();
    put_organisations(builder, 1, 'm');
    put_partnership(builder, "aa/p", "aa/001m", "aa/002m");
    assert_int_equal(publish(builder), 1);
    return builder;
}

struct placed {
    uint64_t order;
    const char *id;
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    return (a->order > b->order) - (a->order < b->order);
}

static void expect_order(const struct match_index *index, size_t expected)
{
    struct placed list[8 * MANY];
    size_t count = 0;
    for (int i = BASE; i < index->segment_count; i++)
        for (uint32_t place = 0; place < index->segments[i]->organisation_count; place++)
            if (!bits_has(index->dead_organisations[i], place))
                list[count++] = (struct placed){index_order(index, i, place),
                                                index->segments[i]->organisations[place]->entry.id};
    assert_int_equal(count, expected);
    assert_int_equal(index->organisation_count, expected);
    qsort(list, count, sizeof *list, compare_placed);
    for (size_t i = 1; i < count; i++)
        assert_true(strcmp(list[i - 1].id, list[i].id) < 0);
}

static void organisations_of_all_segments_are_in_the_order_of_their_ids(void **)
{
    struct match_builder *builder = builder_with_base();
    put_organisations(builder, 4, 'k'); /* between two of the base */
    put_organisations(builder, 4, 'h');
    put_organisations(builder, 8, 'm'); /* in the place of one of the base */
    assert_int_equal(publish(builder), 2);
    put_organisation(builder, "aa/004a"); /* before, between and behind those two */
    put_organisation(builder, "aa/004i");
    put_organisation(builder, "aa/004l");
    put_organisation(builder, "aa/008h"); /* in the place of one that was settled */
    put_organisation(builder, "aa/008m"); /* and of one that is dead in the base */
    put_organisation(builder, "aa/009m");
    match_builder_remove(builder, "aa/012k");
    match_builder_remove(builder, "aa/013m");
    struct match_index *index = match_builder_publish(builder);
    assert_int_equal(index->segment_count, 3);
    expect_order(index, MANY + 2 * (MANY / 4) + 3 - 2);
    match_index_release(index);
    match_builder_free(builder);
}

static uint32_t partner_of(const struct match_index *index, const char *id, uint32_t *ret_live)
{
    uint32_t partner = PLACE_NONE, own = index_find_organisation(index, id);
    *ret_live = 0;
    for (int i = BASE; i < index->segment_count; i++)
        for (uint32_t number = 0; number < index->partnerships[i]->count; number++) {
            if (bits_has(index->dead_partnerships[i], number))
                continue;
            const uint32_t *parties;
            const struct partnership *partnership =
                network_partnership(index, index->first_partnership[i] + number, &parties);
            for (uint32_t j = 0; j < partnership->count; j++)
                if (network_organisation(index, parties[j]) != own)
                    partner = network_organisation(index, parties[j]);
            ++*ret_live;
        }
    return partner;
}

static void expect_partner(struct match_builder *builder, int segments, const char *id, const char *partner)
{
    struct match_index *index = match_builder_publish(builder);
    uint32_t live;
    assert_int_equal(index->segment_count, segments);
    assert_int_equal(partner_of(index, id, &live), index_find_organisation(index, partner));
    assert_int_equal(live, 1);
    assert_int_equal(index->partnership_count, 1);
    match_index_release(index);
}

static void a_partnership_counts_once_in_whichever_segment_it_is_newest(void **)
{
    struct match_builder *builder = builder_with_base();
    put_organisations(builder, 4, 'k');
    put_partnership(builder, "aa/p", "aa/001m", "aa/004k");
    expect_partner(builder, 2, "aa/001m", "aa/004k");
    put_organisation(builder, "aa/004k");
    expect_partner(builder, 3, "aa/001m", "aa/004k");
    put_partnership(builder, "aa/p", "aa/001m", "aa/005z");
    expect_partner(builder, 3, "aa/001m", "aa/005z"); /* who isn't there yet */
    match_builder_remove(builder, "aa/p");
    struct match_index *index = match_builder_publish(builder);
    assert_int_equal(index->partnership_count, 0);
    match_index_release(index);
    match_builder_free(builder);
}

static void a_party_that_was_settled_without_being_there_comes_later(void **)
{
    struct match_builder *builder = builder_with_base();
    put_organisations(builder, 4, 'k');
    put_partnership(builder, "aa/p", "aa/001m", "aa/005z");
    expect_partner(builder, 2, "aa/001m", "aa/005z");
    put_organisation(builder, "aa/005z");
    struct match_index *index = match_builder_publish(builder);
    assert_int_not_equal(index_find_organisation(index, "aa/005z"), PLACE_NONE);
    match_index_release(index);
    expect_partner(builder, 3, "aa/001m", "aa/005z");
    match_builder_free(builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(organisations_of_all_segments_are_in_the_order_of_their_ids),
        cmocka_unit_test(a_partnership_counts_once_in_whichever_segment_it_is_newest),
        cmocka_unit_test(a_party_that_was_settled_without_being_there_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
