#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/give_way.h"

static _Atomic unsigned yields;
static unsigned at_first; /* after the first step of who gives way */
static int64_t apart_ns;

/* In place of the C library's. */
int sched_yield(void)
{
    atomic_fetch_add(&yields, 1);
    return 0;
}

enum { STEPS = 1000000 };

static void *work(void *context)
{
    for (size_t i = 0; i < STEPS; i++)
        give_way_at(i);
    return context;
}

static void *work_giving_way(void *context)
{
    give_way_begin();
    give_way();
    at_first = yields;
    int64_t first_ns = clock_monotonic_ns();
    while (yields == at_first)
        give_way();
    apart_ns = clock_monotonic_ns() - first_ns;
    return context;
}

static void run(void *(*what)(void *context))
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, what, NULL), 0);
    pthread_join(thread, NULL);
}

static void only_a_thread_that_gives_way_does_and_now_and_then(void **state)
{
    (void)state;
    run(work);
    assert_int_equal(yields, 0);
    run(work_giving_way);
    assert_int_equal(at_first, 1);
    assert_int_equal(yields, 2);
    assert_true(apart_ns > 50000); /* it is measured from a little after the first */
    run(work);
    assert_int_equal(yields, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_thread_that_gives_way_does_and_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
