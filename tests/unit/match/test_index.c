#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
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
        cmocka_unit_test(readers_go_on_while_indexes_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
