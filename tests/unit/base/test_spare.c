#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#include "base/spare.h"

static const size_t sizes[] = {0,      1, 16, 48, 49, 112, 113, 4096, 1 << 20, (1 << 20) - SPARE_HEAD_BYTES,
                               3 << 20};
enum { SIZE_COUNT = sizeof sizes / sizeof *sizes };

static void memory_is_aligned_and_as_long_as_was_asked_for(void **)
{
    unsigned char *memory[SIZE_COUNT];
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        memory[i] = spare_alloc(sizes[i]);
        assert_int_equal((uintptr_t)memory[i] % 16, 0);
        memset(memory[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        for (size_t j = 0; j < sizes[i]; j++)
            assert_true(memory[i][j] == i);
        spare_free(memory[i]);
    }
    spare_free(NULL);
}

static void what_a_thread_frees_is_the_next_of_its_size(void **)
{
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    void *small = spare_alloc(100), *large = spare_alloc(1000);
    spare_free(small);
    spare_free(large);
    assert_ptr_equal(spare_alloc(600), large);
    assert_ptr_equal(spare_alloc(60), small);
    spare_free(small);
    spare_free(large);
}

static void zeroed_memory_is_zero_though_it_was_used(void **)
{
    unsigned char *memory = spare_alloc(1000);
    memset(memory, 0xff, 1000);
    spare_free(memory);
    memory = spare_zalloc(1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(memory[i], 0);
    spare_free(memory);
}

static void what_grows_keeps_its_content(void **)
{
    unsigned char *memory = spare_realloc(NULL, 1);
    memory[0] = 1;
    for (size_t size = 2; size <= 4 << 20; size *= 2) {
        memory = spare_realloc(memory, size);
        for (size_t i = 0; i < size / 2; i++)
            assert_int_equal(memory[i], 1);
        memset(memory, 1, size);
    }
    spare_free(memory);
}

static void *take(void *)
{
    return spare_alloc(200);
}

static void *give_back(void *memory)
{
    spare_free(memory);
    return NULL;
}

/* Whoever looks for leaks sees what a thread would leave behind. */
static void memory_passes_from_thread_to_thread_and_goes_with_the_last(void **)
{
    pthread_t thread;
    void *memory;
    pthread_create(&thread, NULL, take, NULL);
    pthread_join(thread, &memory);
    memset(memory, 1, 200);
    pthread_create(&thread, NULL, give_back, memory);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_as_long_as_was_asked_for),
        cmocka_unit_test(what_a_thread_frees_is_the_next_of_its_size),
        cmocka_unit_test(zeroed_memory_is_zero_though_it_was_used),
        cmocka_unit_test(what_grows_keeps_its_content),
        cmocka_unit_test(memory_passes_from_thread_to_thread_and_goes_with_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
