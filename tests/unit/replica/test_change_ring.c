#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "loop/thread.h"
#include "replica/change_form.h"
#include "replica/change_ring.h"

enum { SMALL_BYTES = 20000, MANY = 64 };

static void add(struct change_ring *ring, const char *id, uint64_t revision)
{
    change_ring_add(ring, &(struct record_form){.kind = RECORD_OFFER, .id = id, .revision = revision});
}

static void commit(struct change_ring *ring, uint64_t revision)
{
    add(ring, "es/gone", revision);
    change_ring_commit(ring, revision);
}

/* The revisions after that one, released again; -1: it is not in reach. */
static int take(struct change_ring *ring, uint64_t after)
{
    struct change_block *blocks[MANY];
    size_t count;
    if (change_ring_take(ring, change_ring_load(ring), after, blocks, MANY, &count) != RING_IN_REACH)
        return -1;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(blocks[i]->revision, after + 1 + i);
        change_block_release(blocks[i]);
    }
    return (int)count;
}

static void it_holds_all_since_it_was_loaded(void **)
{
    struct change_ring *ring = change_ring_new(1 << 20);
    assert_int_equal(take(ring, 0), -1);
    change_ring_loaded(ring, 10);
    assert_int_equal(take(ring, 9), -1);
    assert_int_equal(take(ring, 10), 0);
    assert_int_equal(take(ring, 99), 0);
    for (uint64_t revision = 11; revision <= 2000; revision++)
        commit(ring, revision);
    assert_int_equal(take(ring, 1990), 10);
    assert_int_equal(take(ring, 10), MANY);
    assert_int_equal(take(ring, 2000), 0);
    change_ring_free(ring);
}

static void the_oldest_go_where_the_memory_ends(void **)
{
    struct change_ring *ring = change_ring_new(SMALL_BYTES);
    change_ring_loaded(ring, 0);
    struct change_block *held[1];
    size_t count;
    commit(ring, 1);
    change_ring_take(ring, change_ring_load(ring), 0, held, 1, &count);
    for (uint64_t revision = 2; revision <= 1000; revision++)
        commit(ring, revision);
    assert_int_equal(take(ring, 0), -1);
    assert_int_equal(take(ring, 990), 10);
    assert_int_equal(held[0]->revision, 1); /* who has one keeps it */
    change_block_release(held[0]);
    change_ring_free(ring);
}

static void a_revision_too_large_is_left_to_the_log(void **)
{
    struct change_ring *ring = change_ring_new(SMALL_BYTES);
    change_ring_loaded(ring, 0);
    commit(ring, 1);
    for (int i = 0; i < 1000; i++)
        add(ring, "es/gone", 2);
    change_ring_commit(ring, 2);
    commit(ring, 3);
    assert_int_equal(take(ring, 0), -1);
    assert_int_equal(take(ring, 1), -1);
    assert_int_equal(take(ring, 2), 1);
    change_ring_free(ring);
}

static void what_was_dropped_is_not_given_twice(void **)
{
    struct change_ring *ring = change_ring_new(1 << 20);
    struct change_block *blocks[1];
    size_t count;
    change_ring_loaded(ring, 0);
    add(ring, "es/a", 1);
    add(ring, "es/b", 1);
    change_ring_drop(ring);
    add(ring, "es/a", 1);
    add(ring, "es/b", 1);
    add(ring, "es/c", 1);
    change_ring_commit(ring, 1);
    change_ring_take(ring, change_ring_load(ring), 0, blocks, 1, &count);
    assert_int_equal(blocks[0]->list.count, 3);
    change_block_release(blocks[0]);
    change_ring_free(ring);
}

static void a_new_load_is_void_to_those_of_the_former(void **)
{
    struct change_ring *ring = change_ring_new(1 << 20);
    struct change_block *blocks[1];
    size_t count;
    change_ring_loaded(ring, 5);
    uint64_t load = change_ring_load(ring);
    change_ring_reset(ring);
    assert_int_equal(change_ring_load(ring), 0);
    assert_int_equal(change_ring_take(ring, load, 5, blocks, 1, &count), RING_VOID);
    change_ring_loaded(ring, 7);
    assert_int_equal(change_ring_take(ring, load, 7, blocks, 1, &count), RING_VOID);
    assert_true(change_ring_load(ring) != load);
    assert_int_equal(take(ring, 7), 0);
    change_ring_free(ring);
}

/* ---- a thread that fills, a loop that reads as it is told ---- */

enum { REVISIONS = 20000 };

struct reader {
    struct change_ring *ring;
    struct loop *loop;
    uint64_t whole, out_of_reach, woken;
};

static void on_news(void *context)
{
    struct reader *reader = context;
    struct change_block *blocks[MANY];
    size_t count = 1;
    reader->woken++;
    while (count) {
        enum change_ring_reach reach = change_ring_take(reader->ring, change_ring_load(reader->ring),
                                                        reader->whole, blocks, MANY, &count);
        if (reach == RING_OLDER) {
            reader->whole++; /* as if it had read it from the log */
            reader->out_of_reach++;
            count = 1;
        }
        for (size_t i = 0; reach == RING_IN_REACH && i < count; i++) {
            assert_int_equal(blocks[i]->revision, reader->whole + 1);
            assert_int_equal(blocks[i]->list.count, reader->whole % 3);
            reader->whole = blocks[i]->revision;
            change_block_release(blocks[i]);
        }
    }
    if (reader->whole == REVISIONS)
        loop_stop(reader->loop);
}

static void *fill(void *context)
{
    struct change_ring *ring = context;
    for (uint64_t revision = 1; revision <= REVISIONS; revision++) {
        for (uint64_t i = 0; i < (revision - 1) % 3; i++)
            add(ring, "es/gone", revision);
        change_ring_commit(ring, revision);
    }
    return NULL;
}

static void a_reader_misses_nothing_while_it_is_filled(void **)
{
    struct change_ring *ring = change_ring_new(SMALL_BYTES);
    struct reader reader = {.ring = ring, .loop = loop_new("reader", 0)};
    struct change_listener listener = {.loop = reader.loop, .run = on_news, .context = &reader};
    change_ring_listen(ring, &listener);
    change_ring_loaded(ring, 0);
    pthread_t thread = thread_start("fill", 0, fill, ring);
    loop_run(reader.loop);
    pthread_join(thread, NULL);
    assert_int_equal(reader.whole, REVISIONS);
    assert_true(reader.woken <= REVISIONS + 1);
    loop_free(reader.loop);
    change_ring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_all_since_it_was_loaded),
        cmocka_unit_test(the_oldest_go_where_the_memory_ends),
        cmocka_unit_test(a_revision_too_large_is_left_to_the_log),
        cmocka_unit_test(what_was_dropped_is_not_given_twice),
        cmocka_unit_test(a_new_load_is_void_to_those_of_the_former),
        cmocka_unit_test(a_reader_misses_nothing_while_it_is_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
