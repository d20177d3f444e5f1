#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/huge.h"

static void memory_begins_at_a_huge_page_and_is_zeroed(void **)
{
    const size_t sizes[] = {1, HUGE_PAGE_BYTES - 1, HUGE_PAGE_BYTES, HUGE_PAGE_BYTES + 1,
                            5 * HUGE_PAGE_BYTES + 77};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *memory = huge_alloc(sizes[i]);
#ifndef __SANITIZE_ADDRESS__
        assert_int_equal((uintptr_t)memory % HUGE_PAGE_BYTES, 0);
#endif
        assert_true(memory[0] == 0 && memory[sizes[i] - 1] == 0);
        memset(memory, 0xff, sizes[i]);
        huge_free(memory, sizes[i]);
    }
}

static void freed_memory_goes_back_to_the_system(void **)
{
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    enum { SIZE = 3 * HUGE_PAGE_BYTES };
    unsigned char *memory = huge_alloc(SIZE - 5), is_there[SIZE / 4096];
    assert_int_equal(mincore(memory, SIZE, is_there), 0);
    assert_int_equal(is_there[0] & 1, 0); /* none that was not touched */
    huge_free(memory, SIZE - 5);
    assert_int_equal(mincore(memory, SIZE, is_there), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_begins_at_a_huge_page_and_is_zeroed),
        cmocka_unit_test(freed_memory_goes_back_to_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
