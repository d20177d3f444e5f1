#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "match/query.h"
#include "match/support_world.h"
#include "vocab/vocabulary.h"

typedef Partner__V1__FindHostsResponse find_response;

static void put_organisation(struct match_builder *builder, const char *id, const char *oid)
{
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    pb_identifier identifier = PARTNER__V1__IDENTIFIER__INIT, *one = &identifier;
    identifier.scheme = (char *)(uintptr_t) "oid";
    identifier.value = (char *)(uintptr_t)oid;
    organisation.id = (char *)(uintptr_t)id;
    organisation.identifiers = &one;
    organisation.n_identifiers = oid != NULL;
    struct record record = {.kind = RECORD_ORGANISATION, .organisation = &organisation};
    match_builder_put(builder, &record);
}

static void put_offer(struct match_builder *builder, const char *id, const char *organisation_id,
                      const char *concept, const char *text)
{
    pb_offer offer = PARTNER__V1__OFFER__INIT;
    pb_outcome outcome = PARTNER__V1__OUTCOME__INIT, *twice[] = {&outcome, &outcome};
    outcome.concept = (char *)(uintptr_t) concept;
    outcome.text = (char *)(uintptr_t)text;
    offer.id = (char *)(uintptr_t)id;
    offer.organisation_id = (char *)(uintptr_t)organisation_id;
    offer.outcomes = twice;
    offer.n_outcomes = 2;
    struct record record = {.kind = RECORD_OFFER, .offer = &offer};
    match_builder_put(builder, &record);
}

static void an_empty_index_has_nothing(void **)
{
    struct match_builder *builder = match_builder_new();
    struct match_index *index = match_builder_publish(builder);
    const char *const *ids;
    assert_int_equal(match_index_organisation_count(index), 0);
    assert_int_equal(match_index_offer_count(index), 0);
    assert_int_equal(match_index_need_count(index), 0);
    assert_int_equal(match_index_used_by(index, "urn:a"), 0);
    assert_int_equal(match_index_same_as(index, "aa/1", &ids), 0);
    assert_null(match_index_vocabulary(index));
    match_index_release(index);
    match_builder_free(builder);
}

static void bodies_list_their_other_records_sorted(void **)
{
    struct match_builder *builder = match_builder_new();
    put_organisation(builder, "cc/1", "E10000001");
    put_organisation(builder, "aa/1", "e1000 0001");
    put_organisation(builder, "bb/1", "E10000001");
    put_organisation(builder, "bb/2", "E10000002");
    struct match_index *index = match_builder_publish(builder);
    const char *const *ids;
    assert_int_equal(match_index_same_as(index, "bb/1", &ids), 2);
    assert_string_equal(ids[0], "aa/1");
    assert_string_equal(ids[1], "cc/1");
    assert_int_equal(match_index_same_as(index, "bb/2", &ids), 0);

    put_organisation(builder, "aa/1", NULL);
    match_builder_remove(builder, "bb/2");
    match_builder_remove(builder, "bb/2");
    struct match_index *next = match_builder_publish(builder);
    assert_int_equal(match_index_same_as(next, "bb/1", &ids), 1);
    assert_string_equal(ids[0], "cc/1");
    assert_int_equal(match_index_organisation_count(next), 3);
    /* The older index goes on as it was. */
    assert_int_equal(match_index_same_as(index, "bb/1", &ids), 2);
    match_index_release(index);
    match_index_release(next);
    match_builder_free(builder);
}

static void a_concept_is_used_by_the_offers_that_hold_it(void **)
{
    struct match_builder *builder = match_builder_new();
    put_organisation(builder, "aa/1", NULL);
    put_offer(builder, "aa/f1", "aa/1", "urn:a", "");
    put_offer(builder, "aa/f2", "aa/1", "urn:a", "");
    put_offer(builder, "aa/f3", "zz/absent", "urn:a", "");
    put_offer(builder, "aa/f4", "aa/1", "urn:b", "");
    struct match_index *index = match_builder_publish(builder);
    assert_int_equal(match_index_used_by(index, "urn:a"), 3);
    assert_int_equal(match_index_used_by(index, "urn:b"), 1);
    assert_int_equal(match_index_used_by(index, "urn:c"), 0);
    assert_int_equal(match_index_offer_count(index), 4);
    match_index_release(index);
    match_builder_free(builder);
}

static void words_are_read_anew_by_another_vocabulary(void **)
{
    struct match_builder *builder = match_builder_new();
    put_organisation(builder, "aa/1", NULL);
    put_offer(builder, "aa/f1", "aa/1", "", "weld pipes");
    struct match_index *without = match_builder_publish(builder);
    assert_int_equal(match_index_used_by(without, "urn:weld"), 0);

    struct vocabulary_builder *words = vocabulary_builder_new();
    struct concept_words label = {.language = "en", .label = "weld pipes", .description = ""};
    struct concept_source concept = {.scheme = SCHEME_OUTCOME,
                                     .code = "urn:weld",
                                     .vocabulary = "T 1",
                                     .reuse = "",
                                     .words = &label,
                                     .words_count = 1};
    vocabulary_builder_add(words, &concept);
    struct vocabulary *vocabulary = vocabulary_builder_finish(words);
    match_builder_set_vocabulary(builder, vocabulary);
    vocabulary_release(vocabulary);
    struct match_index *with = match_builder_publish(builder);
    assert_int_equal(match_index_used_by(with, "urn:weld"), 1);
    assert_int_equal(match_index_used_by(without, "urn:weld"), 0);
    match_index_release(without);
    match_index_release(with);
    match_builder_free(builder);
}

static void a_stored_need_comes_back_as_it_was_put(void **)
{
    struct match_builder *builder = match_builder_new();
    struct arena *arena = arena_new(0);
    pb_need need = PARTNER__V1__NEED__INIT;
    need.id = (char *)(uintptr_t) "aa/n1";
    need.organisation_id = (char *)(uintptr_t) "aa/1";
    need.learners = 3;
    struct record record = {.kind = RECORD_NEED, .need = &need};
    match_builder_put(builder, &record);
    struct match_index *index = match_builder_publish(builder);
    const pb_need *stored = match_index_need(index, arena, "aa/n1");
    assert_non_null(stored);
    assert_string_equal(stored->organisation_id, "aa/1");
    assert_int_equal(stored->learners, 3);
    assert_null(match_index_need(index, arena, "aa/n2"));
    assert_int_equal(match_index_need_count(index), 1);
    arena_free(arena);
    match_index_release(index);
    match_builder_free(builder);
}

static void an_id_stands_for_one_record_over_all_kinds(void **)
{
    struct match_builder *builder = match_builder_new();
    put_organisation(builder, "aa/1", NULL);
    put_offer(builder, "aa/1", "aa/1", "urn:a", "");
    struct match_index *index = match_builder_publish(builder);
    assert_int_equal(match_index_organisation_count(index), 0);
    assert_int_equal(match_index_offer_count(index), 1);
    match_index_release(index);
    match_builder_free(builder);
}

/* ---- changes over a base ---- */

enum { OTHERS = 20 };

/* Others that host nobody, so that a few changes are few beside the base. */
static struct match_builder *builder_with_others(void)
{
    struct match_builder *builder = match_builder_new();
    char id[] = "others/a";
    for (int i = 0; i < OTHERS; i++, id[sizeof id - 2]++)
        put_organisation(builder, id, NULL);
    return builder;
}

/* All that was put becomes the base. */
static void settle(struct match_builder *builder)
{
    match_index_release(match_builder_publish(builder));
    struct match_rebuild *rebuild = match_rebuild_begin(builder);
    match_rebuild_run(rebuild);
    match_rebuild_finish(builder, rebuild);
    match_rebuild_free(rebuild);
}

static size_t members_of(struct match_builder *builder, const char *id)
{
    const char *const *ids;
    struct match_index *index = match_builder_publish(builder);
    size_t count = match_index_same_as(index, id, &ids);
    match_index_release(index);
    return count + 1;
}

static void bodies_join_and_split_over_base_and_changes(void **)
{
    struct match_builder *builder = builder_with_others();
    put_organisation(builder, "aa/1", "E10000001");
    put_organisation(builder, "bb/1", "E10000001");
    put_organisation(builder, "cc/1", "E10000002");
    settle(builder);
    /* One that came since joins two of the base; within a registry nothing is joined. */
    put_organisation(builder, "dd/1", "E10000001");
    put_organisation(builder, "cc/2", "E10000002");
    assert_int_equal(members_of(builder, "aa/1"), 3);
    assert_int_equal(members_of(builder, "dd/1"), 3);
    assert_int_equal(members_of(builder, "cc/1"), 1);
    settle(builder);
    /* A part of the base's body changes over to the other. */
    put_organisation(builder, "bb/1", "E10000002");
    assert_int_equal(members_of(builder, "aa/1"), 2);
    assert_int_equal(members_of(builder, "bb/1"), 3);
    assert_int_equal(members_of(builder, "cc/2"), 3);
    /* Without it nothing joins the others. */
    match_builder_remove(builder, "bb/1");
    assert_int_equal(members_of(builder, "cc/1"), 1);
    put_organisation(builder, "bb/1", "E10000001");
    settle(builder);
    assert_int_equal(members_of(builder, "dd/1"), 3);
    match_builder_free(builder);
}

static void expect_used(struct match_builder *builder, uint64_t used, size_t offers)
{
    struct match_index *index = match_builder_publish(builder);
    assert_int_equal(match_index_used_by(index, "urn:a"), used);
    assert_int_equal(match_index_offer_count(index), offers);
    match_index_release(index);
}

static void an_offer_of_the_base_is_replaced_moves_and_comes_back(void **)
{
    struct match_builder *builder = builder_with_others();
    put_organisation(builder, "aa/1", NULL);
    put_organisation(builder, "aa/2", NULL);
    put_offer(builder, "aa/f1", "aa/1", "urn:a", "");
    put_offer(builder, "aa/f2", "aa/1", "urn:a", "");
    settle(builder);
    put_offer(builder, "aa/f1", "aa/2", "urn:b", "");
    expect_used(builder, 1, 2);
    match_builder_remove(builder, "aa/f1");
    match_builder_remove(builder, "aa/f2");
    expect_used(builder, 0, 0);
    put_offer(builder, "aa/f1", "aa/1", "urn:a", "");
    put_offer(builder, "aa/f1", "aa/1", "urn:a", "");
    expect_used(builder, 1, 1);
    settle(builder);
    expect_used(builder, 1, 1);
    match_builder_free(builder);
}

/* How many hosts the widest question finds. */
static uint64_t eligible(struct match_builder *builder)
{
    pb_need need = PARTNER__V1__NEED__INIT;
    struct arena *arena = arena_new(0);
    struct match_index *index = match_builder_publish(builder);
    struct match_question question = {
        .need = &need, .sender_id = "", .page_size = 20, .page_token = "", .today = WORLD_TODAY};
    find_response response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    assert_true(status_ok(match_find_hosts(index, arena, &question, &response)));
    match_index_release(index);
    arena_free(arena);
    return response.eligible;
}

static void put_host(struct match_builder *builder, const char *id)
{
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    Partner__V1__Role role = PARTNER__V1__ROLE__ROLE_HOSTING;
    organisation.id = (char *)(uintptr_t)id;
    organisation.roles = &role;
    organisation.n_roles = 1;
    struct record record = {.kind = RECORD_ORGANISATION, .organisation = &organisation};
    match_builder_put(builder, &record);
}

static void offers_that_wait_in_the_base_are_there_with_their_organisation(void **)
{
    struct match_builder *builder = builder_with_others();
    put_host(builder, "aa/0");
    put_offer(builder, "aa/f1", "zz/1", "urn:a", "");
    put_offer(builder, "aa/f2", "zz/1", "urn:a", "");
    put_offer(builder, "aa/f3", "zz/2", "urn:a", "");
    settle(builder);
    assert_int_equal(eligible(builder), 1);
    put_offer(builder, "aa/f2", "zz/2", "urn:a", ""); /* goes on waiting, for another */
    put_host(builder, "zz/1");
    assert_int_equal(eligible(builder), 2);
    expect_used(builder, 3, 3);
    match_builder_remove(
        builder, "aa/f1"); /* leaves an organisation without offers, which is matched by its profile */
    assert_int_equal(eligible(builder), 2);
    put_host(builder, "zz/2");
    assert_int_equal(eligible(builder), 3);
    match_builder_remove(builder, "zz/2");
    match_builder_remove(builder, "zz/1");
    assert_int_equal(eligible(builder), 1);
    expect_used(builder, 2, 2);
    settle(builder);
    put_host(builder, "zz/2");
    assert_int_equal(eligible(builder), 2);
    match_builder_free(builder);
}

static void an_id_of_the_base_comes_again_as_another_kind(void **)
{
    struct match_builder *builder = builder_with_others();
    pb_need need = PARTNER__V1__NEED__INIT;
    need.id = (char *)(uintptr_t) "aa/1";
    need.organisation_id = (char *)(uintptr_t) "aa/0";
    struct record as_need = {.kind = RECORD_NEED, .need = &need};
    put_host(builder, "aa/0");
    put_host(builder, "aa/1");
    settle(builder);
    put_offer(builder, "aa/1", "aa/0", "urn:a", "");
    assert_int_equal(eligible(builder), 1);
    expect_used(builder, 1, 1);
    match_builder_put(builder, &as_need);
    expect_used(builder, 0, 0);
    settle(builder);
    struct match_index *index = match_builder_publish(builder);
    assert_int_equal(match_index_need_count(index), 1);
    assert_int_equal(match_index_organisation_count(index), 1 + OTHERS);
    match_index_release(index);
    put_host(builder, "aa/1");
    index = match_builder_publish(builder);
    assert_int_equal(match_index_need_count(index), 0);
    match_index_release(index);
    assert_int_equal(eligible(builder), 2);
    match_builder_free(builder);
}

static void what_comes_while_a_base_is_made_stands_over_it(void **)
{
    struct match_builder *builder = builder_with_others();
    put_host(builder, "aa/1");
    put_host(builder, "aa/2");
    put_offer(builder, "aa/f1", "aa/1", "urn:a", "");
    put_offer(builder, "aa/f2", "aa/1", "urn:a", "");
    match_index_release(match_builder_publish(builder));
    put_offer(builder, "aa/f3", "aa/1", "urn:a", "");
    match_index_release(match_builder_publish(builder));
    struct match_rebuild *rebuild = match_rebuild_begin(builder);
    match_builder_remove(builder, "aa/f3");
    put_offer(builder, "aa/f1", "aa/2", "urn:a", "");
    match_rebuild_run(rebuild);
    match_rebuild_finish(builder, rebuild);
    match_rebuild_free(rebuild);
    expect_used(builder, 2, 2);
    match_builder_remove(builder, "aa/f1");
    match_builder_remove(builder, "aa/1");
    assert_int_equal(eligible(builder), 1);
    expect_used(builder, 1, 1);
    match_builder_free(builder);
}

static void what_a_reader_has_of_an_old_base_is_not_let_go_of_until_it_has_gone(void **)
{
    struct match_builder *builder = builder_with_others();
    match_index_release(match_builder_publish(builder));
    put_host(builder, "aa/1");
    struct match_index *held = match_builder_publish(builder);
    struct match_rebuild *rebuild = match_rebuild_begin(builder);
    match_rebuild_run(rebuild);
    match_rebuild_finish(builder, rebuild);
    match_index_release(match_builder_publish(builder));
    assert_false(match_rebuild_let_go(rebuild));
    assert_false(match_rebuild_let_go(rebuild));
    assert_int_equal(match_index_organisation_count(held), 1 + OTHERS);
    match_index_release(held);
    assert_true(match_rebuild_let_go(rebuild));
    match_rebuild_free(rebuild);
    match_builder_free(builder);
}

static void offers_that_come_and_go_under_ever_new_ids_ask_for_a_new_base(void **)
{
    enum { FEW = 500, MANY = 1200 };
    struct match_builder *builder = builder_with_others();
    put_host(builder, "aa/1");
    match_index_release(match_builder_publish(builder));
    for (int i = 0; i < MANY; i++) {
        char id[16];
        snprintf(id, sizeof id, "aa/f%d", i);
        put_offer(builder, id, "aa/1", "urn:a", "");
        match_builder_remove(builder, id);
        if (i == FEW)
            assert_false(match_builder_wants_rebuild(builder));
    }
    assert_true(match_builder_wants_rebuild(builder));
    settle(builder);
    assert_false(match_builder_wants_rebuild(builder));
    match_builder_free(builder);
}

static void a_body_is_whole_where_its_records_came_beside_two_new_bases(void **)
{
    struct match_builder *builder = builder_with_others();
    put_organisation(builder, "aa/1", NULL);
    match_index_release(match_builder_publish(builder));
    struct match_rebuild *first = match_rebuild_begin(builder);
    put_organisation(builder, "aa/1", "E10000001");
    match_rebuild_run(first);
    match_rebuild_finish(builder, first);
    match_rebuild_free(first);
    match_index_release(match_builder_publish(builder));
    struct match_rebuild *second = match_rebuild_begin(builder);
    put_organisation(builder, "bb/1", "E10000001");
    match_rebuild_run(second);
    match_rebuild_finish(builder, second);
    match_rebuild_free(second);
    assert_int_equal(members_of(builder, "bb/1"), 2);
    match_builder_free(builder);
}

/* ---- readers beside the builder ---- */

struct shared {
    pthread_mutex_t lock;
    struct match_index *index;
    atomic_bool over;
    atomic_uint answered;
};

static struct match_index *current(struct shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    struct match_index *index = match_index_acquire(shared->index);
    pthread_mutex_unlock(&shared->lock);
    return index;
}

static void *read_on(void *argument)
{
    struct shared *shared = argument;
    pb_need need = PARTNER__V1__NEED__INIT;
    while (!atomic_load(&shared->over)) {
        struct match_index *index = current(shared);
        struct arena *arena = arena_new(0);
        struct match_question question = {
            .need = &need, .sender_id = "", .page_size = 20, .page_token = "", .today = WORLD_TODAY};
        find_response first = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT, second = first;
        bool good = status_ok(match_find_hosts(index, arena, &question, &first)) &&
                    status_ok(match_find_hosts(index, arena, &question, &second));
        if (good && first.eligible == second.eligible && first.n_matches == second.n_matches)
            atomic_fetch_add(&shared->answered, 1);
        else
            atomic_store(&shared->over, true);
        arena_free(arena);
        match_index_release(index);
    }
    return NULL;
}

static void readers_go_on_while_indexes_come_and_go(void **)
{
    struct world world;
    world_init(&world, 77, 20, 60, 20, true);
    struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER, .index = match_builder_publish(world.builder)};
    pthread_t readers[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &shared), 0);
    for (unsigned round = 0;
         round < 100 || (atomic_load(&shared.answered) < 50 && !atomic_load(&shared.over)); round++) {
        world_change(&world, 10);
        struct match_index *next = match_builder_publish(world.builder), *old;
        pthread_mutex_lock(&shared.lock);
        old = shared.index;
        shared.index = next;
        pthread_mutex_unlock(&shared.lock);
        match_index_release(old);
    }
    assert_false(atomic_load(&shared.over));
    atomic_store(&shared.over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    match_index_release(shared.index);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_index_has_nothing),
        cmocka_unit_test(bodies_list_their_other_records_sorted),
        cmocka_unit_test(a_concept_is_used_by_the_offers_that_hold_it),
        cmocka_unit_test(words_are_read_anew_by_another_vocabulary),
        cmocka_unit_test(a_stored_need_comes_back_as_it_was_put),
        cmocka_unit_test(an_id_stands_for_one_record_over_all_kinds),
        cmocka_unit_test(bodies_join_and_split_over_base_and_changes),
        cmocka_unit_test(an_offer_of_the_base_is_replaced_moves_and_comes_back),
        cmocka_unit_test(offers_that_wait_in_the_base_are_there_with_their_organisation),
        cmocka_unit_test(an_id_of_the_base_comes_again_as_another_kind),
        cmocka_unit_test(what_comes_while_a_base_is_made_stands_over_it),
        cmocka_unit_test(what_a_reader_has_of_an_old_base_is_not_let_go_of_until_it_has_gone),
        cmocka_unit_test(offers_that_come_and_go_under_ever_new_ids_ask_for_a_new_base),
        cmocka_unit_test(a_body_is_whole_where_its_records_came_beside_two_new_bases),
        cmocka_unit_test(readers_go_on_while_indexes_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
