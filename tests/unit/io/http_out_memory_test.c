/* Blocks that libcurl gives back and gets again. */
#include "test.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include "http_out_memory.h"

#define MOST   200
#define NSIZES COUNT(sizes)

static const size_t sizes[] = {
    1, 16, 17, 100, 1024, 1025, 1496, 2048, 2049, 16384, 16401, 20480, 20481, 100000};

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

/* What a block holds stays when it grows and when it shrinks, and nothing else is in reach. */
static void test_changed_blocks_keep_what_they_hold(void **state)
{
    http_out_memory_keep();
    for (size_t k = 0; k < NSIZES; k++)
        for (size_t to = 0; to < NSIZES; to++) {
            size_t least = sizes[k] < sizes[to] ? sizes[k] : sizes[to];
            void *p = http_out_memory_change(NULL, sizes[k]),
                 *next = http_out_memory_take(sizes[to]);
            fill(p, sizes[k], 7);
            fill(next, sizes[to], 9);
            p = http_out_memory_change(p, sizes[to]);
            assert_true(holds(p, least, 7));
            fill(p, sizes[to], 8);
            assert_true(holds(next, sizes[to], 9));
            http_out_memory_give(p);
            http_out_memory_give(next);
        }
    char *text = http_out_memory_copy("a text");
    assert_string_equal(text, "a text");
    http_out_memory_give(text);
    http_out_memory_drop();
}

/* The last block is the first that is given again; after a busy time no more is kept than the
 * limit says, and after the end nothing at all. */
static void test_kept_blocks_have_a_bound(void **state)
{
    enum { N = 2000 };
    static void *all[N];
    http_out_memory_keep();
    void *p = http_out_memory_take(16401);
    http_out_memory_give(p);
    assert_ptr_equal(http_out_memory_take(17000), p);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < N; i++)
        all[i] = http_out_memory_take(16401);
    for (int i = 0; i < N; i++)
        http_out_memory_give(all[i]);
    if (mallinfo2().uordblks > 0) /* a sanitizer's says nothing */
        assert_in_range(mallinfo2().uordblks - before, 1, 9 << 20);
    http_out_memory_give(p);
    http_out_memory_drop();
    if (mallinfo2().uordblks > 0)
        assert_in_range(mallinfo2().uordblks, 1, before);
}

/* Blocks go from thread to thread, and grow there. */
static void test_of_another_thread(void **state)
{
    pthread_t thread;
    void *p;
    http_out_memory_keep();
    assert_int_equal(pthread_create(&thread, NULL, other, http_out_memory_take(16401)), 0);
    assert_int_equal(pthread_join(thread, &p), 0);
    p = http_out_memory_change(p, 30000);
    fill(p, 30000, 1);
    http_out_memory_give(p);
    http_out_memory_drop();
    http_out_memory_give(http_out_memory_take(16401));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_their_own),
        cmocka_unit_test(test_zeroed_is_zero),
        cmocka_unit_test(test_changed_blocks_keep_what_they_hold),
        cmocka_unit_test(test_kept_blocks_have_a_bound),
        cmocka_unit_test(test_of_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
