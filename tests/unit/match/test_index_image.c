#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/image.h"
#include "match/query.h"
#include "match/senders.h"
#include "match/support_world.h"
#include "vocab/vocabulary.h"

typedef Partner__V1__FindHostsResponse hosts_response;
typedef Partner__V1__FindSendersResponse senders_response;

/* ---- comparing two indexes of the same records ---- */

/* An index of the world's records that never saw another one. */
static struct match_index *direct_index(const struct world *world, struct match_builder **ret_builder)
{
    struct match_builder *builder = *ret_builder = match_builder_new();
    if (world->vocabulary)
        match_builder_set_vocabulary(builder, world->vocabulary);
    for (size_t i = 0; i < world->record_count; i++) {
        struct record record = record_of(&world->records[i]);
        match_builder_put(builder, &record);
    }
    return match_builder_publish(builder);
}

static void compare_counts(const struct match_index *left, const struct match_index *right)
{
    assert_int_equal(match_index_organisation_count(left), match_index_organisation_count(right));
    assert_int_equal(match_index_offer_count(left), match_index_offer_count(right));
    assert_int_equal(match_index_need_count(left), match_index_need_count(right));
}

static void compare_bodies(const struct world *world, const struct match_index *left,
                           const struct match_index *right)
{
    for (size_t i = 0; i < world->organisations; i++) {
        const char *const *one = NULL, *const *other = NULL;
        if (!world->records[i].kind_case)
            continue;
        const char *id = world->records[i].organisation->id;
        size_t count = match_index_same_as(left, id, &one);
        assert_int_equal(count, match_index_same_as(right, id, &other));
        for (size_t j = 0; j < count; j++)
            assert_string_equal(one[j], other[j]);
    }
}

static void compare_concepts(const struct match_index *left, const struct match_index *right,
                             struct arena *arena)
{
    for (unsigned number = 0; number < 20; number++)
        for (const char *kind = "cx"; *kind; kind++) {
            const char *code = arena_format(arena, "urn:test:%c%u", *kind, number);
            assert_int_equal(match_index_used_by(left, code), match_index_used_by(right, code));
        }
}

static void compare_hosts(struct world *world, const struct match_index *left,
                          const struct match_index *right, struct arena *arena)
{
    struct match_question question = world_question(world, arena);
    hosts_response one = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT, other = one;
    assert_true(status_ok(match_find_hosts(left, arena, &question, &one)));
    assert_true(status_ok(match_find_hosts(right, arena, &question, &other)));
    assert_int_equal(one.eligible, other.eligible);
    assert_int_equal(one.n_matches, other.n_matches);
    for (size_t i = 0; i < one.n_matches; i++) {
        assert_string_equal(one.matches[i]->organisation_id, other.matches[i]->organisation_id);
        assert_string_equal(one.matches[i]->offer_id, other.matches[i]->offer_id);
        assert_true(one.matches[i]->score == other.matches[i]->score);
    }
}

static void compare_senders(struct world *world, const struct match_index *left,
                            const struct match_index *right, struct arena *arena)
{
    struct senders_question question = {.page_size = 20, .page_token = "", .today = WORLD_TODAY};
    question.offer = world_offer(world, arena, &question.offer_id);
    if (!question.offer)
        return;
    senders_response one = PARTNER__V1__FIND_SENDERS_RESPONSE__INIT, other = one;
    struct status status = match_find_senders(left, arena, &question, &one);
    assert_int_equal(status.code, match_find_senders(right, arena, &question, &other).code);
    assert_int_equal(one.eligible, other.eligible);
    assert_int_equal(one.n_matches, other.n_matches);
    for (size_t i = 0; i < one.n_matches; i++) {
        assert_string_equal(one.matches[i]->need_id, other.matches[i]->need_id);
        assert_true(one.matches[i]->score == other.matches[i]->score);
    }
}

static void compare(struct world *world)
{
    struct arena *arena = arena_new(0);
    struct match_builder *builder;
    struct match_index *direct = direct_index(world, &builder);
    struct match_index *index = match_builder_publish(world->builder);
    compare_counts(index, direct);
    compare_bodies(world, index, direct);
    compare_concepts(index, direct, arena);
    for (int i = 0; i < 5; i++) {
        compare_hosts(world, index, direct, arena);
        compare_senders(world, index, direct, arena);
    }
    match_index_release(index);
    match_index_release(direct);
    match_builder_free(builder);
    arena_free(arena);
}

static void renew_base(struct world *world)
{
    struct match_rebuild *rebuild = match_rebuild_begin(world->builder);
    if (!rebuild)
        return;
    match_rebuild_run(rebuild);
    match_rebuild_finish(world->builder, rebuild);
    match_rebuild_free(rebuild);
}

/* ---- tests ---- */

static void random_worlds_answer_alike_from_images_and_directly(void **)
{
    for (unsigned seed = 0; seed < 120; seed++) {
        struct world world;
        world_init(&world, 9000 + seed, 1 + seed % 25, seed % 40, seed % 15, seed % 4 != 0);
        world_add_needs(&world, seed % 20);
        for (unsigned round = 0; round < 3; round++) {
            world_to_image(&world);
            compare(&world);
            world_change(&world, seed % 3 ? 10 : 40);
            compare(&world);
            if (seed % 2)
                renew_base(&world);
            world_change(&world, 5);
            compare(&world);
        }
        world_fini(&world);
    }
}

static void an_image_of_nothing_takes_records(void **)
{
    struct world world;
    world_init(&world, 1, 0, 0, 0, false);
    world_to_image(&world);
    compare(&world);
    world_add_needs(&world, 3);
    compare(&world);
    world_fini(&world);
}

/* Writes an index alone; gives back what it says of itself once mapped. */
static struct image *image_of(struct match_index *index, const void **ret_root)
{
    char folder[] = "/tmp/match-image-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct arena *arena = arena_new(0);
    const char *path = arena_format(arena, "%s/image", folder), *reason = NULL;
    struct image_writer *writer = image_writer_new(path);
    const void *root = match_index_write(index, writer);
    assert_true(status_ok(image_writer_finish(writer, arena, root, "", 0)));
    struct image *image = image_open(path, &reason);
    assert_non_null(image);
    *ret_root = image_map(image, &reason);
    assert_non_null(*ret_root);
    unlink(path);
    rmdir(folder);
    arena_free(arena);
    return image;
}

static void another_vocabulary_is_refused_and_changes_nothing(void **)
{
    struct world world;
    world_init(&world, 4711, 10, 20, 5, true);
    struct match_index *index = match_builder_publish(world.builder);
    const void *root;
    struct image *image = image_of(index, &root);
    match_index_release(index);
    struct random random = {99};
    struct vocabulary *another = world_vocabulary(&random);
    struct match_builder *builder = match_builder_new();
    assert_false(match_builder_set_image(builder, root));
    match_builder_set_vocabulary(builder, another);
    assert_false(match_builder_set_image(builder, root));
    index = match_builder_publish(builder);
    assert_int_equal(match_index_organisation_count(index), 0);
    match_index_release(index);
    match_builder_free(builder);
    vocabulary_release(another);
    image_close(image);
    world_fini(&world);
}

/* ---- readers and a writer beside the builder ---- */

struct shared {
    pthread_mutex_t lock;
    struct match_index *index;
    atomic_bool over;
    atomic_uint answered, written;
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
        hosts_response response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
        if (!status_ok(match_find_hosts(index, arena, &question, &response)))
            abort();
        atomic_fetch_add(&shared->answered, 1);
        arena_free(arena);
        match_index_release(index);
    }
    return NULL;
}

static void *write_on(void *argument)
{
    struct shared *shared = argument;
    char folder[] = "/tmp/match-image-XXXXXX";
    if (!mkdtemp(folder))
        abort();
    struct arena *arena = arena_new(0);
    const char *path = arena_format(arena, "%s/image", folder);
    while (!atomic_load(&shared->over)) {
        struct match_index *index = current(shared);
        struct image_writer *writer = image_writer_new(path);
        const void *root = match_index_write(index, writer);
        if (!status_ok(image_writer_finish(writer, arena, root, "", 0)))
            abort();
        match_index_release(index);
        unlink(path);
        atomic_fetch_add(&shared->written, 1);
    }
    rmdir(folder);
    arena_free(arena);
    return NULL;
}

static void readers_and_writers_go_on_while_indexes_over_an_image_come_and_go(void **)
{
    struct world world;
    world_init(&world, 77, 20, 60, 20, true);
    world_add_needs(&world, 10);
    world_to_image(&world);
    struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER, .index = match_builder_publish(world.builder)};
    pthread_t reader, writer;
    assert_int_equal(pthread_create(&reader, NULL, read_on, &shared), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_on, &shared), 0);
    for (unsigned round = 0;
         round < 50 || atomic_load(&shared.answered) < 20 || atomic_load(&shared.written) < 5; round++) {
        world_change(&world, 10);
        if (round % 4 == 0)
            renew_base(&world);
        struct match_index *next = match_builder_publish(world.builder), *old;
        pthread_mutex_lock(&shared.lock);
        old = shared.index;
        shared.index = next;
        pthread_mutex_unlock(&shared.lock);
        match_index_release(old);
    }
    atomic_store(&shared.over, true);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    match_index_release(shared.index);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_worlds_answer_alike_from_images_and_directly),
        cmocka_unit_test(an_image_of_nothing_takes_records),
        cmocka_unit_test(another_vocabulary_is_refused_and_changes_nothing),
        cmocka_unit_test(readers_and_writers_go_on_while_indexes_over_an_image_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
