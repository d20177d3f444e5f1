/* Snapshots of a set that goes on changing: each stays as it was, whoever else is gone; run under the address sanitizer
 * it shows that nothing is freed early or forgotten. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "match/index.h"
#include "replica/directory.h"
#include "replica/working_set.h"
#include "vocab/vocabulary.h"

enum { IDS = 30, KEPT = 5, ROUNDS = 400 };

static unsigned random_state = 7;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % limit;
}

static void put_organisation(struct working_set *set, unsigned number, uint64_t revision)
{
    static Partner__V1__Role roles[] = {PARTNER__V1__ROLE__ROLE_HOSTING};
    struct arena *arena = arena_new(0), *loading = working_set_load_arena(set),
                 *to = loading ? loading : arena;
    pb_organisation *organisation = arena_alloc(to, sizeof *organisation);
    partner__v1__organisation__init(organisation);
    organisation->id = arena_format(to, "%s/o%u", number % 2 ? "even" : "odd", number);
    organisation->name = arena_format(to, "Name %u at %llu", number, (unsigned long long)revision);
    organisation->country = arena_strdup(to, "DE");
    organisation->roles = roles;
    organisation->n_roles = 1;
    struct record record = {RECORD_ORGANISATION, {.organisation = organisation}};
    size_t bytes;
    void *packed = record_pack(arena, &record, &bytes);
    working_set_put(set, &record, packed, bytes, revision, (int64_t)revision * 1000000);
    arena_free(arena);
}

/* What a snapshot should hold: the revision of each number's content, 0 for none. */
struct kept {
    struct snapshot *snapshot;
    uint64_t revisions[IDS];
};

static void check(const struct kept *kept)
{
    struct arena *arena = arena_new(0);
    uint64_t count = 0;
    for (unsigned i = 0; i < IDS; i++) {
        struct record record;
        const char *id = arena_format(arena, "%s/o%u", i % 2 ? "even" : "odd", i);
        bool there = snapshot_record(kept->snapshot, arena, RECORD_ORGANISATION, id, &record);
        assert_int_equal(there, kept->revisions[i] != 0);
        if (!there)
            continue;
        count++;
        assert_int_equal(record.organisation->revision, kept->revisions[i]);
        assert_int_equal(record.organisation->update_time->seconds, kept->revisions[i]);
        assert_string_equal(record.organisation->name, arena_format(arena, "Name %u at %llu", i,
                                                                    (unsigned long long)kept->revisions[i]));
    }
    uint64_t counted = 0;
    for (size_t i = 0; i < kept->snapshot->registry_count; i++)
        counted += kept->snapshot->registries[i].counts[RECORD_ORGANISATION];
    assert_int_equal(counted, count);
    assert_int_equal(directory_count(kept->snapshot->directory), count);
    arena_free(arena);
}

static struct working_set *set_with_vocabulary(void)
{
    struct working_set *set = working_set_new();
    struct vocabulary *vocabulary = vocabulary_builder_finish(vocabulary_builder_new());
    working_set_vocabulary(set, vocabulary);
    vocabulary_release(vocabulary);
    return set;
}

static void snapshots_stay_as_they_were(void **)
{
    struct working_set *set = set_with_vocabulary();
    struct kept all[KEPT] = {0};
    uint64_t now[IDS] = {0};
    for (unsigned round = 1; round <= ROUNDS; round++) {
        for (unsigned change = random_below(8); change; change--) {
            unsigned number = random_below(IDS);
            char id[32];
            snprintf(id, sizeof id, "%s/o%u", number % 2 ? "even" : "odd", number);
            if (random_below(3)) {
                put_organisation(set, number, round);
                now[number] = round;
            } else {
                working_set_remove(set, id, 1);
                now[number] = 0;
            }
        }
        struct kept *kept = &all[random_below(KEPT)];
        if (kept->snapshot) {
            check(kept);
            snapshot_release(kept->snapshot);
        }
        kept->snapshot = working_set_publish(set, round);
        memcpy(kept->revisions, now, sizeof now);
        check(kept);
    }
    for (int i = 0; i < KEPT; i++) {
        if (!all[i].snapshot)
            continue;
        check(&all[i]);
        snapshot_release(all[i].snapshot);
    }
    working_set_free(set);
}

static void a_cleared_set_is_empty_and_leaves_older_snapshots_alone(void **)
{
    struct working_set *set = set_with_vocabulary();
    struct kept kept = {.revisions = {[3] = 5}};
    put_organisation(set, 3, 5);
    kept.snapshot = working_set_publish(set, 5);
    put_organisation(set, 4, 6);
    working_set_clear(set);
    struct kept empty = {.snapshot = working_set_publish(set, 7)};
    check(&kept);
    check(&empty);
    assert_int_equal(empty.snapshot->registry_count, 0);
    snapshot_release(kept.snapshot);
    snapshot_release(empty.snapshot);
    working_set_free(set);
}

static void changes_that_were_not_published_are_freed_too(void **)
{
    struct working_set *set = set_with_vocabulary();
    put_organisation(set, 1, 1);
    snapshot_release(working_set_publish(set, 1));
    put_organisation(set, 1, 2);
    put_organisation(set, 1, 3);
    put_organisation(set, 2, 3);
    working_set_remove(set, "odd/o2", 3);
    working_set_free(set);
}

/* So many that the index is made on threads beside, which the thread sanitizer looks at. */
static void a_large_load_is_all_there(void **)
{
    enum { LOADED = 60000 };
    struct working_set *set = set_with_vocabulary();
    working_set_load_begin(set);
    for (unsigned i = 0; i < LOADED; i++)
        put_organisation(set, i, 9);
    working_set_load_end(set);
    struct snapshot *snapshot = working_set_publish(set, 9);
    assert_int_equal(match_index_organisation_count(snapshot->index), LOADED);
    assert_int_equal(directory_count(snapshot->directory), LOADED);
    for (unsigned i = 0; i < LOADED; i += 501) {
        char id[32];
        snprintf(id, sizeof id, "%s/o%u", i % 2 ? "even" : "odd", i);
        assert_non_null(record_set_find(&snapshot->records, id));
    }
    put_organisation(set, LOADED, 10);
    struct snapshot *next = working_set_publish(set, 10);
    assert_int_equal(match_index_organisation_count(next->index), LOADED + 1);
    snapshot_release(snapshot);
    snapshot_release(next);
    working_set_free(set);
}

/* So many that new bases become due. */
enum { MANY = 4000, CHANGED = 1200 };

static void change_many(struct working_set *set, uint64_t revision)
{
    for (unsigned i = 0; i < CHANGED; i++)
        put_organisation(set, 3 * i, revision);
    snapshot_release(working_set_publish(set, revision));
}

static struct working_set *set_with_many(void)
{
    struct working_set *set = set_with_vocabulary();
    for (unsigned i = 0; i < MANY; i++)
        put_organisation(set, i, 1);
    snapshot_release(working_set_publish(set, 1));
    change_many(set, 2);
    return set;
}

static void check_many(const struct snapshot *snapshot, uint64_t revision)
{
    struct arena *arena = arena_new(0);
    assert_int_equal(match_index_organisation_count(snapshot->index), MANY);
    assert_int_equal(directory_count(snapshot->directory), MANY);
    for (unsigned i = 0; i < CHANGED; i += 50) {
        char id[32];
        snprintf(id, sizeof id, "%s/o%u", 3 * i % 2 ? "even" : "odd", 3 * i);
        const char *words = arena_format(arena, "Name %u at %llu", 3 * i, (unsigned long long)revision);
        struct directory_query query = {.words = words};
        struct directory_hit hits[MANY];
        size_t count = directory_find(snapshot->directory, arena, &query, NULL, hits, MANY);
        assert_true(count > 0);
        assert_string_equal(hits[0].id, id);
    }
    arena_free(arena);
}

static void new_bases_are_made_one_by_one_while_the_set_goes_on(void **)
{
    struct working_set *set = set_with_many();
    unsigned of_index = 0, of_directory = 0;
    uint64_t revision = 2;
    for (struct working_set_rebuild *rebuild; (rebuild = working_set_rebuild_begin(set, NULL)) != NULL;) {
        for (unsigned i = 0; i < CHANGED; i += 50)
            put_organisation(set, 3 * i, revision + 1);
        struct snapshot *before = working_set_publish(set, ++revision);
        if (working_set_rebuild_run(rebuild))
            of_index++;
        else
            of_directory++;
        working_set_rebuild_finish(set, rebuild);
        struct snapshot *after = working_set_publish(set, ++revision);
        check_many(before, revision - 1);
        check_many(after, revision - 1);
        snapshot_release(after);
        working_set_rebuild_free(rebuild);
        check_many(before, revision - 1);
        snapshot_release(before);
    }
    assert_int_equal(of_index, 1);
    assert_int_equal(of_directory, 1);
    working_set_free(set);
}

static void index_and_directory_take_turns_where_both_want_a_new_base_all_the_time(void **)
{
    struct working_set *set = set_with_many();
    for (unsigned i = 0; i < 6; i++) {
        struct working_set_rebuild *rebuild = working_set_rebuild_begin(set, NULL);
        change_many(set, 3 + i);
        assert_int_equal(working_set_rebuild_run(rebuild), i % 2 == 0);
        working_set_rebuild_finish(set, rebuild);
        snapshot_release(working_set_publish(set, 3 + i));
        working_set_rebuild_free(rebuild);
    }
    working_set_free(set);
}

static void what_readers_have_of_an_old_base_waits_for_them(void **)
{
    struct working_set *set = set_with_many();
    struct snapshot *held = working_set_publish(set, 2);
    struct working_set_rebuild *left = NULL;
    for (unsigned kind = 0; kind < 2; kind++) { /* the index's, then the directory's */
        struct working_set_rebuild *rebuild = working_set_rebuild_begin(set, left);
        assert_int_equal(working_set_rebuild_run(rebuild), kind == 0);
        working_set_rebuild_finish(set, rebuild);
        snapshot_release(working_set_publish(set, 3 + kind));
        left = working_set_rebuild_let_go(rebuild);
        assert_non_null(left);
    }
    left = working_set_rebuild_let_go(left);
    assert_non_null(left);
    check_many(held, 2);
    snapshot_release(held);
    assert_null(working_set_rebuild_let_go(left));
    working_set_free(set);
}

static void a_set_may_go_while_a_new_base_is_at_any_stage(void **)
{
    for (int kind = 0; kind < 2; kind++)
        for (int stage = 0; stage < 4; stage++) {
            struct working_set *set = set_with_many();
            struct working_set_rebuild *rebuild = working_set_rebuild_begin(set, NULL);
            if (kind == 1) { /* the directory's comes behind the index's */
                assert_true(working_set_rebuild_run(rebuild));
                working_set_rebuild_finish(set, rebuild);
                working_set_rebuild_free(rebuild);
                snapshot_release(working_set_publish(set, 3));
                rebuild = working_set_rebuild_begin(set, NULL);
            }
            put_organisation(set, 5, 4);
            snapshot_release(working_set_publish(set, 4));
            if (stage > 0)
                assert_int_equal(working_set_rebuild_run(rebuild), kind == 0);
            if (stage > 1)
                working_set_rebuild_finish(set, rebuild);
            if (stage > 2)
                snapshot_release(working_set_publish(set, 5));
            working_set_rebuild_free(rebuild);
            working_set_free(set);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshots_stay_as_they_were),
        cmocka_unit_test(a_cleared_set_is_empty_and_leaves_older_snapshots_alone),
        cmocka_unit_test(changes_that_were_not_published_are_freed_too),
        cmocka_unit_test(a_large_load_is_all_there),
        cmocka_unit_test(new_bases_are_made_one_by_one_while_the_set_goes_on),
        cmocka_unit_test(index_and_directory_take_turns_where_both_want_a_new_base_all_the_time),
        cmocka_unit_test(what_readers_have_of_an_old_base_waits_for_them),
        cmocka_unit_test(a_set_may_go_while_a_new_base_is_at_any_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
