/* The clock while libcurl works. */
#include "test.h"

#include <pthread.h>
#include <time.h>
#include "clock.h"
#include "http_out_clock.h"

static int64_t now(clockid_t id)
{
    struct timespec t;
    assert_int_equal(clock_gettime(id, &t), 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Until this clock, which is never held, has gone on by a millisecond. */
static void pass(void)
{
    int64_t from = now(CLOCK_MONOTONIC_RAW);
    while (now(CLOCK_MONOTONIC_RAW) < from + 1000000)
        ;
}

static void test_it_stands_until_release(void **state)
{
    int64_t before = now(CLOCK_MONOTONIC);
    http_out_clock_hold();
    int64_t held = now(CLOCK_MONOTONIC);
    assert_true(held >= before);
    pass();
    assert_int_equal(now(CLOCK_MONOTONIC), held);
    http_out_clock_release();
    assert_true(now(CLOCK_MONOTONIC) >= held + 1000000);
}

static void test_other_clocks_go_on(void **state)
{
    http_out_clock_hold();
    int64_t wall = now(CLOCK_REALTIME);
    pass();
    assert_true(now(CLOCK_REALTIME) != wall);
    http_out_clock_release();
}

static void test_who_waits_for_a_time_gets_there(void **state)
{
    http_out_clock_hold();
    int64_t until = now(CLOCK_MONOTONIC) + 3000000, last = 0;
    for (int64_t t; (t = now(CLOCK_MONOTONIC)) < until; last = t)
        assert_true(t >= last);
    http_out_clock_release();
}

static void *elsewhere(void *arg)
{
    int64_t from = clock_mono_us();
    pass();
    *(int64_t *)arg = clock_mono_us() - from;
    return NULL;
}

static void test_it_goes_on_for_other_threads(void **state)
{
    pthread_t thread;
    int64_t passed = 0;
    http_out_clock_hold();
    assert_int_equal(pthread_create(&thread, NULL, elsewhere, &passed), 0);
    pthread_join(thread, NULL);
    http_out_clock_release();
    assert_true(passed >= 900);
}

static void test_an_unknown_clock_is_an_error(void **state)
{
    struct timespec t;
    assert_int_equal(clock_gettime(1000, &t), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_stands_until_release),
        cmocka_unit_test(test_other_clocks_go_on),
        cmocka_unit_test(test_who_waits_for_a_time_gets_there),
        cmocka_unit_test(test_it_goes_on_for_other_threads),
        cmocka_unit_test(test_an_unknown_clock_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
