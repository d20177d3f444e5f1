#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "loop/spread.h"

static void run_on(const cpu_set_t *allowed)
{
    assert_int_equal(sched_setaffinity(0, sizeof *allowed, allowed), 0);
}

static cpu_set_t only(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return set;
}

/* The first two processors this process may use. */
static bool two_processors(const cpu_set_t *allowed, int found[2])
{
    int count = 0;
    for (int processor = 0; processor < CPU_SETSIZE && count < 2; processor++)
        if (CPU_ISSET(processor, allowed))
            found[count++] = processor;
    return count == 2;
}

/* Whether the thread, put on a processor and allowed `allowed`, moves. A move may follow another after a millisecond only; the kernel
 * may be first to move it, so there are some tries. */
static bool leaves(struct spread *spread, unsigned number, const cpu_set_t *processor,
                   const cpu_set_t *allowed)
{
    enum { TRIES = 50, PAUSE_NS = 2000000 };
    bool has_moved = false;
    for (unsigned i = 0; i < TRIES && !has_moved; i++) {
        run_on(processor);
        for (int64_t since_ns = clock_monotonic_ns(); clock_monotonic_ns() < since_ns + PAUSE_NS;)
            ;
        run_on(allowed);
        has_moved = spread_keep(spread, number);
    }
    return has_moved;
}

static void a_thread_leaves_a_processor_that_another_is_on(void **state)
{
    (void)state;
    cpu_set_t allowed, after;
    int processors[2];
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    if (!two_processors(&allowed, processors))
        skip();
    const cpu_set_t first = only(processors[0]), second = only(processors[1]);
    cpu_set_t both = first;
    CPU_SET(processors[1], &both);
    struct spread *spread = spread_new(2);

    assert_false(leaves(spread, 0, &first, &first)); /* alone */
    assert_false(leaves(spread, 1, &first, &first)); /* it may run nowhere else */
    assert_true(leaves(spread, 1, &first, &both));
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&after, &both));          /* and is not bound there */
    assert_true(leaves(spread, 0, &second, &both)); /* where the other went */
    run_on(&allowed);
    spread_free(spread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_leaves_a_processor_that_another_is_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
