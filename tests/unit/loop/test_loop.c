#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "loop/worker.h"

enum { POSTS = 20000, POSTERS = 2 };

struct board {
    struct loop *loop;
    unsigned next[POSTERS]; /* the number that each poster's next letter must have */
    unsigned seen, wrong;
};

struct note {
    struct board *board;
    unsigned poster, number;
};

struct poster {
    struct board *board;
    struct note *notes;
    pthread_t thread;
};

static void note_read(void *context)
{
    struct note *note = context;
    struct board *board = note->board;
    if (board->next[note->poster]++ != note->number || !loop_is_current(board->loop))
        board->wrong++;
    if (++board->seen == POSTS * POSTERS)
        loop_stop(board->loop);
}

static void *post_all(void *context)
{
    struct poster *poster = context;
    for (unsigned i = 0; i < POSTS; i++)
        loop_post(poster->board->loop, note_read, &poster->notes[i]);
    return NULL;
}

static void posts_of_each_thread_run_in_their_order(void **state)
{
    (void)state;
    static struct note notes[POSTERS][POSTS];
    struct board board = {.loop = loop_new("test", 3)};
    struct poster posters[POSTERS];
    assert_int_equal(loop_number(board.loop), 3);
    loop_start(board.loop);
    for (unsigned p = 0; p < POSTERS; p++) {
        for (unsigned i = 0; i < POSTS; i++)
            notes[p][i] = (struct note){&board, p, i};
        posters[p] = (struct poster){.board = &board, .notes = notes[p]};
        assert_int_equal(pthread_create(&posters[p].thread, NULL, post_all, &posters[p]), 0);
    }
    for (unsigned p = 0; p < POSTERS; p++)
        pthread_join(posters[p].thread, NULL);
    loop_join(board.loop);
    assert_int_equal(board.seen, POSTS * POSTERS);
    assert_int_equal(board.wrong, 0);
    assert_false(loop_is_current(board.loop));
    loop_free(board.loop);
}

struct chain {
    struct loop *loop;
    unsigned left, run;
};

static void chain_next(void *context)
{
    struct chain *chain = context;
    chain->run++;
    if (--chain->left)
        loop_post(chain->loop, chain_next, chain);
}

static void what_was_posted_before_the_stop_runs_and_the_rest_when_the_loop_is_freed(void **state)
{
    (void)state;
    struct chain before = {.loop = loop_new("test", 0), .left = 1};
    struct chain after = {.loop = before.loop, .left = 3};
    loop_post(before.loop, chain_next, &before);
    loop_stop(before.loop);
    loop_run(before.loop);
    assert_int_equal(before.run, 1);
    loop_post(before.loop, chain_next, &after);
    loop_free(before.loop);
    assert_int_equal(after.run, 3);
}

struct alarms {
    struct loop *loop;
    struct timer timers[3];
    int64_t start_ms, rung_ms[3];
    unsigned order[3], count;
};

static void ring(struct alarms *alarms, unsigned which)
{
    alarms->rung_ms[which] = clock_monotonic_ms();
    alarms->order[alarms->count++] = which;
}

static void ring_first(void *context)
{
    ring(context, 0);
}

static void ring_second(void *context)
{
    struct alarms *alarms = context;
    ring(alarms, 1);
    loop_stop(alarms->loop);
}

static void ring_never(void *context)
{
    ring(context, 2);
}

static void timers_run_in_time_order_and_never_early(void **state)
{
    (void)state;
    struct alarms alarms = {.loop = loop_new("test", 0)};
    timer_init(&alarms.timers[0], alarms.loop, ring_first, &alarms);
    timer_init(&alarms.timers[1], alarms.loop, ring_second, &alarms);
    timer_init(&alarms.timers[2], alarms.loop, ring_never, &alarms);
    alarms.start_ms = clock_monotonic_ms();
    timer_set(&alarms.timers[1], 30);
    timer_set(&alarms.timers[0], 1);
    timer_set(&alarms.timers[0], 15); /* the earlier setting is forgotten */
    timer_set(&alarms.timers[2], 2);
    timer_clear(&alarms.timers[2]);
    assert_true(timer_is_set(&alarms.timers[0]));
    assert_false(timer_is_set(&alarms.timers[2]));
    loop_run(alarms.loop);
    assert_int_equal(alarms.count, 2);
    assert_int_equal(alarms.order[0], 0);
    assert_true(alarms.rung_ms[0] - alarms.start_ms >= 15);
    assert_true(alarms.rung_ms[1] - alarms.start_ms >= 30);
    assert_false(timer_is_set(&alarms.timers[0]));
    for (unsigned i = 0; i < 3; i++)
        timer_fini(&alarms.timers[i]);
    struct timer zeroed = {0};
    timer_fini(&zeroed);
    loop_free(alarms.loop);
}

enum { JOBS = 500 };

struct tasks {
    struct loop *loop;
    _Atomic unsigned worked;
    unsigned done, off_loop;
};

static void task_work(void *context)
{
    struct tasks *tasks = context;
    if (loop_is_current(tasks->loop))
        atomic_fetch_add(&tasks->worked, 1000000);
    atomic_fetch_add(&tasks->worked, 1);
}

static void task_done(void *context)
{
    struct tasks *tasks = context;
    if (!loop_is_current(tasks->loop))
        tasks->off_loop++;
    if (++tasks->done == JOBS)
        loop_stop(tasks->loop);
}

static void jobs_are_done_off_the_loop_and_reported_on_it(void **state)
{
    (void)state;
    struct tasks tasks = {.loop = loop_new("test", 0)};
    struct worker_pool *pool = worker_pool_new(3);
    for (unsigned i = 0; i < JOBS; i++)
        worker_submit(pool, tasks.loop, task_work, task_done, &tasks);
    loop_run(tasks.loop);
    assert_int_equal(tasks.done, JOBS);
    assert_int_equal(tasks.worked, JOBS);
    assert_int_equal(tasks.off_loop, 0);
    worker_pool_free(pool);
    loop_free(tasks.loop);
}

struct standing {
    int nice;
    uint64_t slice_ns; /* 0: this kernel doesn't tell */
};

static void read_standing(void *context)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t slice_ns, deadline_ns, period_ns;
    } told = {.size = sizeof told};
    syscall(SYS_sched_getattr, 0, &told, sizeof told, 0);
    *(struct standing *)context = (struct standing){getpriority(PRIO_PROCESS, 0), told.slice_ns};
}

struct standing_loop {
    struct loop *loop;
    struct standing standing;
};

static void nothing(void *context)
{
    (void)context;
}

static void stand_and_stop(void *context)
{
    struct standing_loop *own = context;
    read_standing(&own->standing);
    loop_stop(own->loop);
}

static void a_loop_goes_first_and_a_worker_gives_way(void **state)
{
    (void)state;
    struct standing before, after, worker;
    struct standing_loop started = {.loop = loop_new("started", 0)};
    read_standing(&before);
    loop_post(started.loop, stand_and_stop, &started);
    loop_start(started.loop);
    loop_join(started.loop);
    loop_free(started.loop);
    assert_int_equal(started.standing.nice, before.nice);
    assert_true(started.standing.slice_ns < before.slice_ns || !before.slice_ns);
    struct loop *loop = loop_new("test", 0);
    struct worker_pool *pool = worker_pool_new(1);
    worker_submit(pool, loop, read_standing, nothing, &worker);
    worker_pool_free(pool);
    read_standing(&after);
    assert_true(worker.nice > before.nice || before.nice == 19); /* the lowest there is */
    assert_true(worker.slice_ns < before.slice_ns || !before.slice_ns);
    assert_int_equal(after.nice, before.nice);
    assert_int_equal(after.slice_ns, before.slice_ns);
    loop_free(loop);
}

static void work_by_a_pool_that_goes(struct tasks *tasks)
{
    struct worker_pool *pool = worker_pool_new(1);
    for (unsigned i = 0; i < JOBS; i++)
        worker_submit(pool, tasks->loop, task_work, task_done, tasks);
    worker_pool_free(pool);
}

static void a_pool_that_is_freed_has_done_its_queue(void **state)
{
    (void)state;
    struct tasks tasks = {.loop = loop_new("test", 0)};
    work_by_a_pool_that_goes(&tasks);
    assert_int_equal(tasks.worked, JOBS);
    loop_free(tasks.loop);
    assert_int_equal(tasks.done, JOBS);
    assert_int_equal(tasks.off_loop, 0);
}

/* So that whoever has the pool may go before the loop does. */
static void what_a_freed_pool_reported_is_run_by_a_flush(void **state)
{
    (void)state;
    struct tasks tasks = {.loop = loop_new("test", 0)};
    work_by_a_pool_that_goes(&tasks);
    assert_int_equal(tasks.done, 0);
    loop_flush(tasks.loop);
    assert_int_equal(tasks.done, JOBS);
    assert_int_equal(tasks.off_loop, 0);
    loop_free(tasks.loop);
    assert_int_equal(tasks.done, JOBS);
}

static void stop_the_loop(void *context)
{
    loop_stop(context);
}

static void a_signal_runs_on_the_loop(void **state)
{
    (void)state;
    struct loop *loop = loop_new("test", 0);
    loop_on_signal(loop, SIGUSR1, stop_the_loop, loop);
    kill(getpid(), SIGUSR1);
    loop_run(loop);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_of_each_thread_run_in_their_order),
        cmocka_unit_test(what_was_posted_before_the_stop_runs_and_the_rest_when_the_loop_is_freed),
        cmocka_unit_test(timers_run_in_time_order_and_never_early),
        cmocka_unit_test(jobs_are_done_off_the_loop_and_reported_on_it),
        cmocka_unit_test(a_loop_goes_first_and_a_worker_gives_way),
        cmocka_unit_test(a_pool_that_is_freed_has_done_its_queue),
        cmocka_unit_test(what_a_freed_pool_reported_is_run_by_a_flush),
        cmocka_unit_test(a_signal_runs_on_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
