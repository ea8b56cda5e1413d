/* Blocks that libcurl gives back and gets again. */
#include "test.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include "http_out_memory.h"
#include "mem.h"

#define MOST   200
#define NSIZES COUNT(sizes)

static const size_t sizes[] = {
    1, 100, 1032, 1033, 1496, 1500, 4000, 16384, 16401, 32768, 32769, 100000};

static void fill(void *p, size_t size, int with)
{
    memset(p, with, size);
}

static bool holds(const void *p, size_t size, int with)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)p)[i] != with)
            return false;
    return true;
}

/* Each block is as large as was asked for and nobody else's, however often they are given back. */
static void test_blocks_are_their_own(void **state)
{
    http_out_memory_keep();
    for (int round = 0; round < 3; round++) {
        void *all[NSIZES][MOST];
        for (int i = 0; i < MOST; i++)
            for (size_t k = 0; k < NSIZES; k++) {
                all[k][i] = http_out_memory_take(sizes[k]);
                fill(all[k][i], sizes[k], (i + (int)k) % 251);
            }
        for (size_t k = 0; k < NSIZES; k++)
            for (int i = 0; i < MOST; i++) {
                assert_true(holds(all[k][i], sizes[k], (i + (int)k) % 251));
                http_out_memory_give(all[k][i]);
            }
    }
    http_out_memory_drop();
}

static void test_zeroed_is_zero(void **state)
{
    http_out_memory_keep();
    for (size_t k = 0; k < NSIZES; k++) {
        void *p = http_out_memory_take(sizes[k]);
        fill(p, sizes[k], 0xa5);
        http_out_memory_give(p);
        p = http_out_memory_zeroed(1, sizes[k]);
        assert_true(holds(p, sizes[k], 0));
        http_out_memory_give(p);
    }
    http_out_memory_give(http_out_memory_zeroed(0, 5));
    http_out_memory_give(NULL);
    http_out_memory_drop();
}

static void *other(void *p)
{
    http_out_memory_give(p);
    return http_out_memory_take(16401);
}

/* Blocks go from thread to thread, and grow by mem_realloc. */
static void test_of_another_thread(void **state)
{
    pthread_t thread;
    void *p;
    http_out_memory_keep();
    assert_int_equal(pthread_create(&thread, NULL, other, http_out_memory_take(16401)), 0);
    assert_int_equal(pthread_join(thread, &p), 0);
    p = mem_realloc(p, 30000);
    fill(p, 30000, 1);
    http_out_memory_give(p);
    http_out_memory_drop();
    mem_free(http_out_memory_take(16401));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_their_own),
        cmocka_unit_test(test_zeroed_is_zero),
        cmocka_unit_test(test_of_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
