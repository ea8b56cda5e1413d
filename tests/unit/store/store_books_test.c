/* The books: that they balance is a figure which can be seen. */
#include "store_fixture.h"

static void got_differences(void *arg, const struct store_difference *d, int n, const struct err *e)
{
    assert_null(e);
    assert_int_equal(n, 2);
    assert_string_equal(d[0].company, "acme");
    assert_int_equal(d[0].difference, 0);
    assert_string_equal(d[1].company, "other");
    assert_int_equal(d[1].difference, -1);
    ++*(int *)arg;
}

static void a_difference_in_the_books_is_seen(void **state)
{
    struct fixture *f = *state;
    struct told t[2] = {0};
    int calls = 0;
    add_event(f, "evt_1", "acme", "", "{}", &t[0]);
    add_event(f, "evt_2", "other", "", "{}", &t[1]);
    fixture_settle(f);
    fixture_exec(f, "UPDATE books SET n = n + 1 WHERE company = 'other' AND state = 'in_flight'");
    store_load_differences(f->store, got_differences, &calls);
    fixture_settle(f);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_difference_in_the_books_is_seen, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
