/* Many requests at once: they share connections as few do, and no limit is passed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <unistd.h>
#include "clock.h"
#include "io/http_out_served.h"

#define MANY 100

static void open_with(struct served *f, int connections)
{
    struct http_out_config c;
    http_out_config_defaults(&c);
    c.max_connections = c.max_idle_connections = connections;
    run_open(&f->run, &c);
}

static int setup(void **state)
{
    struct served *f = calloc(1, sizeof(*f));
    cut_start(&f->server);
    *state = f;
    return 0;
}

static struct http_out_request request(struct served *f, const char *path, int timeout_ms)
{
    return (struct http_out_request){
        .method = "GET", .url = served_url(f, path), .timeout_ms = timeout_ms, .max_body = 1000};
}

static void at_once(struct served *f, const char *path, int timeout_ms)
{
    struct http_out_request r = request(f, path, timeout_ms);
    f->run.done = 0;
    f->run.wanted = MANY;
    for (int i = 0; i < MANY; i++)
        http_out_start(f->run.client, &r, run_done, &f->run);
    loop_run(f->run.loop);
    assert_int_equal(f->run.done, MANY);
}

static void one_after_the_other(struct served *f, int times)
{
    struct http_out_request r = request(f, "/headers", 60000);
    for (int i = 0; i < times; i++) {
        run_request(&f->run, &r);
        assert_int_equal(f->run.outcome, HTTP_OUT_ANSWERED);
    }
}

static void one_connection_serves_one_after_the_other(void **state)
{
    struct served *f = *state;
    open_with(f, 512);
    one_after_the_other(f, 40);
    assert_int_equal(atomic_load(&f->server.connections), 1);
    at_once(f, "/headers", 60000);
    int all = atomic_load(&f->server.connections);
    assert_in_range(all, 2, MANY);
    for (int i = 0; i < 3; i++)
        at_once(f, "/headers", 60000);
    one_after_the_other(f, 40);
    assert_in_range(atomic_load(&f->server.connections), all, MANY);
    assert_int_equal(atomic_load(&f->server.executed), 80 + 4 * MANY);
}

/* Those that find no connection wait for one. */
static void connections_have_a_limit(void **state)
{
    static const int limits[] = {1, 2, 16, 17, 40, 90};
    struct served *f = *state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        int before = atomic_load(&f->server.connections);
        open_with(f, limits[i]);
        at_once(f, "/headers", 60000);
        assert_int_equal(f->run.outcome, HTTP_OUT_ANSWERED);
        assert_in_range(atomic_load(&f->server.connections) - before, 1, limits[i]);
        if (i + 1 < sizeof(limits) / sizeof(limits[0]))
            run_close(&f->run);
    }
}

/* What is cancelled or comes to no end makes room for others: the next go by the connections that
 * are there. */
static void the_end_of_any_makes_room(void **state)
{
    struct served *f = *state;
    struct http_out_transfer *all[MANY];
    open_with(f, 512);
    one_after_the_other(f, 1);
    at_once(f, "/silent", 300);
    assert_int_equal(f->run.outcome, HTTP_OUT_UNKNOWN);
    struct http_out_request r = request(f, "/silent", 6000);
    for (int i = 0; i < MANY; i++)
        all[i] = http_out_start(f->run.client, &r, run_done, &f->run);
    for (int i = 0; i < 5; i++)
        run_turn(&f->run);
    for (int i = 0; i < MANY; i++)
        http_out_cancel(all[i]);
    at_once(f, "/headers", 60000);
    int before = atomic_load(&f->server.connections);
    at_once(f, "/headers", 60000);
    one_after_the_other(f, 20);
    assert_int_equal(atomic_load(&f->server.connections), before);
}

/* Until so many are as they are to be, or it was waited for long enough. */
static bool turns_until(struct served *f, atomic_int *what, int is, int ms)
{
    for (int i = 0; i < ms && atomic_load(what) != is; i++) {
        run_turn(&f->run);
        usleep(1000);
    }
    return atomic_load(what) == is;
}

/* However the limit is shared out, nobody waits while it is not reached. */
static void all_of_the_limit_can_be_had(void **state)
{
    static const int limits[] = {17, 40, 90, 100};
    struct served *f = *state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        int before = atomic_load(&f->server.connections);
        open_with(f, limits[i]);
        struct http_out_request r = request(f, "/silent", 6000);
        for (int k = 0; k < limits[i]; k++)
            http_out_start(f->run.client, &r, run_done, &f->run);
        if (!turns_until(f, &f->server.connections, before + limits[i], 3000))
            fail_msg("%d of %d", atomic_load(&f->server.connections) - before, limits[i]);
        if (i + 1 < sizeof(limits) / sizeof(limits[0]))
            run_close(&f->run);
    }
}

/* Those beyond the limit do not all stand behind the same few. */
static void who_waits_is_served_by_whatever_becomes_free(void **state)
{
    struct served *f = *state;
    struct http_out_transfer *all[32];
    open_with(f, 32);
    struct http_out_request r = request(f, "/silent", 6000);
    for (int i = 0; i < 32; i++)
        all[i] = http_out_start(f->run.client, &r, run_done, &f->run);
    assert_true(turns_until(f, &f->server.connections, 32, 3000));
    r = request(f, "/headers", 3000);
    f->run.done = 0;
    f->run.wanted = 1;
    for (int i = 0; i < 8; i++)
        http_out_start(f->run.client, &r, run_done, &f->run);
    run_turn(&f->run);
    http_out_cancel(all[31]);
    loop_run(f->run.loop);
    assert_int_equal(f->run.outcome, HTTP_OUT_ANSWERED);
}

/* Waiting for a connection is part of the time that a request has. */
static void who_waits_too_long_is_told(void **state)
{
    struct served *f = *state;
    open_with(f, 1);
    struct http_out_request r = request(f, "/silent", 6000);
    http_out_start(f->run.client, &r, run_done, &f->run);
    assert_true(turns_until(f, &f->server.connections, 1, 3000));
    r.timeout_ms = 300;
    int64_t began = clock_mono_ms();
    run_request(&f->run, &r);
    assert_in_range(clock_mono_ms() - began, 290, 3000);
    assert_int_equal(f->run.outcome, HTTP_OUT_NOT_SENT);
    assert_false(f->run.permanent);
}

/* What many needed once is not kept open for ever. */
static void connections_that_nobody_needs_are_closed(void **state)
{
    struct http_out_config c;
    struct served *f = *state;
    http_out_config_defaults(&c);
    c.max_idle_ms = 1000;
    run_open(&f->run, &c);
    at_once(f, "/headers", 60000);
    assert_in_range(atomic_load(&f->server.live), 2, MANY);
    assert_true(turns_until(f, &f->server.live, 0, 5000));
    at_once(f, "/headers", 60000);
    assert_int_equal(f->run.outcome, HTTP_OUT_ANSWERED);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, served_teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_connection_serves_one_after_the_other),
        TEST(connections_have_a_limit),
        TEST(the_end_of_any_makes_room),
        TEST(all_of_the_limit_can_be_had),
        TEST(who_waits_is_served_by_whatever_becomes_free),
        TEST(who_waits_too_long_is_told),
        TEST(connections_that_nobody_needs_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
