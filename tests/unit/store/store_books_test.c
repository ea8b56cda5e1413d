/* The books: that they balance is a figure which can be seen; and how much is kept of whom. */
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

static void got_books(void *arg, const struct store_books *b, const struct err *e)
{
    assert_null(e);
    *(int64_t *)arg = b->stored;
}

static int64_t stored(struct fixture *f, const char *company)
{
    int64_t bytes = -1;
    store_load_books(f->store, company, got_books, &bytes);
    fixture_settle(f);
    return bytes;
}

static void what_is_kept_is_counted_by_company(void **state)
{
    struct fixture *f = *state;
    struct told t[5] = {0};
    char *large = mem_zalloc(1, 100001);
    memset(large, ' ', 100000);
    assert_int_equal(stored(f, "acme"), 0);
    add_event(f, "evt_1", "acme", "", "{}", &t[0]);
    route_one(f, "evt_1", "run_1", "acme", RUN_RUNNING, &t[1]);
    add_event(f, "evt_2", "other", "", "{}", &t[2]);
    fixture_settle(f);
    int64_t small = stored(f, "acme"), other = stored(f, "other");
    assert_in_range(small, 500, 3000);
    /* A question, its answer that comes later, a line of the log, a result: each is counted. */
    struct store_step step = {
        "run_1", 1, "read", "stock", "GET /", "f", STR_LIT("{}"), {large, 100000}, 1};
    struct store_answer answer = {"done", STR_LIT("{}"), {large, 50000}, 1, 1, 1};
    store_step(f->store, &step, NULL, told_done, &t[3]);
    assert_in_range(stored(f, "acme"), small + 100000, small + 101000);
    store_answer(f->store, "run_1", 1, &answer, told_done, &t[4]);
    assert_in_range(stored(f, "acme"), small + 150000, small + 151000);
    store_log(f->store, "run_1", 1, "info", (struct str){large, 20000});
    struct store_run_change c = {
        .run = "run_1", .state = RUN_DONE, .reason = "", .result = {large, 10000}};
    store_set_run(f->store, &c, NULL, NULL);
    assert_in_range(stored(f, "acme"), small + 180000, small + 182000);
    assert_int_equal(stored(f, "other"), other);
    assert_int_equal(stored(f, NULL), stored(f, "acme") + other);
    for (int i = 0; i < 5; i++)
        assert_told(t[i]);
    mem_free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_is_kept_is_counted_by_company, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            a_difference_in_the_books_is_seen, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
