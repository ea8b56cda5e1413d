/* Waits in the store when the clock on the wall is set. */
#include "store_fixture.h"

#include "store_clock.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* A run that waits since `began`, for `ms`. */
static void add_wait(struct fixture *f, const char *name, int64_t began, int64_t ms)
{
    struct told t[3] = {0};
    char event[40], run[40], sql[200];
    snprintf(event, sizeof event, "evt_%s", name);
    snprintf(run, sizeof run, "run_%s", name);
    add_event(f, event, "acme", "", "{}", &t[0]);
    fixture_settle(f);
    route_one(f, event, run, "acme", RUN_RUNNING, &t[1]);
    fixture_settle(f);
    set_run(f, run, RUN_WAITING, "sleeps", &t[2]);
    fixture_settle(f);
    assert_told(t[2]);
    snprintf(sql, sizeof sql, "UPDATE runs SET updated_ms = %lld, until_ms = %lld WHERE id = '%s'",
        (long long)began, (long long)(began + ms), run);
    fixture_exec(f, sql);
}

static int64_t until(struct fixture *f, const char *name)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT until_ms FROM runs WHERE id = 'run_%s'", name);
    return fixture_number(f, sql);
}

static void shift(struct fixture *f, int64_t since, int64_t now, int64_t delta)
{
    struct told t = {0};
    store_shift_waits(f->store, since, now, delta, told_done, &t);
    fixture_settle(f);
    assert_told(t);
}

/* Whenever they began: within the time that comes twice, or long before it. */
static void set_back_every_wait_goes_on_as_long(void **state)
{
    struct fixture *f = *state;
    const int64_t was = INT64_C(1800000000000), now = was - DAY;
    add_wait(f, "recent", was - MINUTE, HOUR);
    add_wait(f, "half", was - 20 * HOUR, 2 * DAY);
    add_wait(f, "old", was - 10 * DAY, 20 * DAY);
    add_wait(f, "since", now + 1000, HOUR);
    shift(f, now - 5000, now + 2000, -DAY);
    assert_int_equal(until(f, "recent"), now - MINUTE + HOUR);
    assert_int_equal(until(f, "half"), now - 20 * HOUR + 2 * DAY);
    assert_int_equal(until(f, "old"), now - 10 * DAY + 20 * DAY);
    assert_int_equal(until(f, "since"), now + 1000 + HOUR);
}

static void set_on_every_wait_goes_on_as_long(void **state)
{
    struct fixture *f = *state;
    const int64_t was = INT64_C(1800000000000), now = was + HOUR;
    add_wait(f, "recent", was - 1000, 2 * HOUR);
    add_wait(f, "old", was - 10 * DAY, 20 * DAY);
    add_wait(f, "since", now + 1000, HOUR);
    shift(f, now - 5000, now + 2000, HOUR);
    assert_int_equal(until(f, "recent"), now - 1000 + 2 * HOUR);
    assert_int_equal(until(f, "old"), now - 10 * DAY + 20 * DAY);
    assert_int_equal(until(f, "since"), now + 1000 + HOUR);
}

/* Nobody knows what the clock did meanwhile: no wait is longer than it was asked to be. */
static void at_a_start_those_of_the_future_begin_again(void **state)
{
    struct fixture *f = *state;
    const int64_t now = INT64_C(1800000000000);
    add_wait(f, "future", now + DAY, HOUR);
    add_wait(f, "past", now - MINUTE, HOUR);
    shift(f, now, now, 0);
    assert_int_equal(until(f, "future"), now + HOUR);
    assert_int_equal(until(f, "past"), now - MINUTE + HOUR);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(set_back_every_wait_goes_on_as_long),
        TEST(set_on_every_wait_goes_on_as_long),
        TEST(at_a_start_those_of_the_future_begin_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
