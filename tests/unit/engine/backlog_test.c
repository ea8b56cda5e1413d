/* What waits in the store: companies take turns, what only waits for a time is not in memory, and
 * the order of a key holds wherever its runs are. */
#include "clock.h"
#include "run_parts.h"

#define EVENTS 2000

#define SLEEP_MS 2500
#define SLEEP    "{\"ms\":2500,\"op\":\"sleep\"}"

static int ended[EVENTS]; /* how often */
static int order[EVENTS]; /* in which they ended */
static int nended;
static int begun[EVENTS], nbegun; /* bodies in the order they began */

static void forget(void)
{
    memset(ended, 0, sizeof ended);
    nended = nbegun = 0;
}

static void note_end(struct script_call *c)
{
    int n = atoi(c->body);
    ended[n]++;
    order[nended++] = n;
    fake_end(c, SCRIPT_RETURNED, "1", false);
}

static void never(struct script_call *c)
{
}

static void at_once(struct script_call *c)
{
    if (nbegun < EVENTS)
        begun[nbegun++] = atoi(c->body);
    note_end(c);
}

/* Events below 1000 sleep before they end. */
static void sleep_some(struct script_call *c)
{
    if (c->seq == 0 && atoi(c->body) < 1000)
        fake_step(c, SLEEP, "");
    else
        note_end(c);
}

/* The first ten sleep; each is the first of its key. */
static void first_ones_sleep(struct script_call *c)
{
    if (c->seq == 0 && atoi(c->body) < 10)
        fake_step(c, SLEEP, "");
    else
        note_end(c);
}

static const char *ten_keys(const struct script_call *c)
{
    static char route[100];
    snprintf(route, sizeof route, "[{\"rule\":\"r\",\"policy\":\"automatic\",\"key\":\"k%d\"}]",
        atoi(c->body) % 10);
    return route;
}

static const char *no_answer(const struct script_call *c)
{
    return NULL;
}

static struct engine_stats stats(struct world *w)
{
    struct engine_stats s;
    engine_stats(w->engine, &s);
    return s;
}

static void note_books(void *arg, const struct store_books *b, const struct err *e)
{
    assert_null(e);
    *(struct store_books *)arg = *b;
}

static struct store_books books(struct world *w)
{
    struct store_books b = {.received = -1};
    store_load_books(w->store, NULL, note_books, &b);
    while (b.received < 0)
        world_wait(w, 1);
    assert_int_equal(
        b.received, b.done + b.skipped + b.attention + b.held + b.in_flight + b.failed);
    return b;
}

/* Waits until so many have ended; a condition, not a time. */
static void until_ended(struct world *w, int n)
{
    for (int i = 0; nended < n && i < 20000; i++)
        world_wait(w, 1);
    assert_int_equal(nended, n);
}

static void settled(struct world *w)
{
    for (int i = 0; i < 20000 && books(w).in_flight; i++)
        world_wait(w, 1);
    assert_int_equal(books(w).in_flight, 0);
}

static void a_large_backlog_keeps_nobody_waiting(void **state)
{
    struct world *w = *state;
    w->second = "small";
    w->want = 10000;
    w->settings.max_events = 8;
    w->settings.max_running = 2;
    fake.run = never;
    forget();
    world_start(w);
    for (int n = 0; n < 300; n++)
        world_store(w, "acme", n);
    for (int n = 1000; n < 1003; n++)
        world_store(w, "small", n);
    world_crash(w);
    fake.run = at_once;
    world_start(w);
    until_ended(w, 303);
    settled(w);
    for (int n = 0; n < 300; n++)
        assert_int_equal(ended[n], 1);
    int last = 0;
    for (int i = 0; i < nbegun; i++)
        if (begun[i] >= 1000)
            last = i;
    assert_true(last < 30); /* not behind the 300 that were there before */
}

static void what_waits_is_not_in_memory(void **state)
{
    struct world *w = *state;
    w->want = 10000;
    w->settings.max_events = 4;
    w->settings.inline_wait_ms = 0;
    fake.run = sleep_some;
    forget();
    world_start(w);
    for (int n = 0; n < 60; n++)
        world_store(w, "acme", n);
    while (w->seen.parked < 60)
        world_wait(w, 1);
    world_wait(w, 20);
    assert_true(stats(w).events_in_memory <= 20);
    world_store(w, "acme", 1000); /* passes them by */
    until_ended(w, 1);
    assert_int_equal(order[0], 1000);
    world_crash(w); /* and a start need not read them */
    world_start(w);
    world_store(w, "acme", 1001);
    until_ended(w, 2);
    assert_int_equal(order[1], 1001);
    assert_true(stats(w).events_in_memory <= 20);
    until_ended(w, 62);
    settled(w);
    for (int n = 0; n < 60; n++)
        assert_int_equal(ended[n], 1);
    assert_int_equal(stats(w).events_in_memory, 0);
}

static void keys_keep_their_order(struct world *w, bool crash)
{
    w->want = 10000;
    w->settings.max_events = 4;
    w->settings.inline_wait_ms = 0;
    fake.run = first_ones_sleep;
    fake.route_of = ten_keys;
    forget();
    world_start(w);
    int64_t began_ms = clock_mono_ms();
    for (int n = 0; n < 200; n++)
        world_store(w, "acme", n);
    while (w->seen.parked < 10)
        world_wait(w, 1);
    if (clock_mono_ms() - began_ms < SLEEP_MS) /* nobody has woken yet */
        assert_int_equal(nended, 0);
    assert_true(stats(w).events_in_memory < 60);
    if (crash) {
        world_crash(w);
        world_start(w);
        for (int n = 200; n < 210; n++)
            world_store(w, "acme", n);
    }
    until_ended(w, crash ? 210 : 200);
    settled(w);
    int last[10] = {0};
    for (int i = 0; i < nended; i++) {
        int k = order[i] % 10;
        assert_int_equal(ended[order[i]], 1);
        assert_true(order[i] < 10 || order[i] == last[k] + 10);
        last[k] = order[i];
    }
    assert_int_equal(stats(w).events_in_memory, 0);
}

static void a_key_keeps_its_order_outside_memory(void **state)
{
    keys_keep_their_order(*state, false);
}

static void and_across_a_start(void **state)
{
    keys_keep_their_order(*state, true);
}

/* What a company without scripts has stays where it is; the others go on. */
static void a_company_that_is_gone_costs_nothing(void **state)
{
    struct world *w = *state;
    w->second = "gone";
    w->want = 10000;
    fake.route_of = no_answer;
    forget();
    world_start(w);
    for (int n = 0; n < 50; n++)
        world_store(w, "gone", n);
    world_crash(w);
    w->second = NULL;
    fake.route_of = NULL;
    fake.run = at_once;
    world_start(w);
    world_store(w, "acme", 1000);
    until_ended(w, 1);
    assert_int_equal(order[0], 1000);
    for (int i = 0; i < 20000 && books(w).done == 0; i++)
        world_wait(w, 1);
    assert_int_equal(stats(w).events_in_memory, 0);
    assert_int_equal(books(w).in_flight, 50);
    engine_load_company(w->engine, "gone", w->dir, world_loaded, w); /* it comes back */
    until_ended(w, 51);
    settled(w);
    for (int i = 1; i < 51; i++)
        assert_int_equal(order[i], i - 1);
}

#ifdef SAUMA_FAULTS
static void write_and_end(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, WRITE, "{}");
    else
        note_end(c);
}

/* Passes of a fault point are counted once for all tests: this one comes first. */
static const char *route_of_one_is_refused(const struct script_call *c)
{
    if (atoi(c->body) == 1 && nbegun++ == 0)
        setenv("SAUMA_FAIL", "store_full:1-2", 1);
    return "[{\"rule\":\"r\",\"policy\":\"automatic\",\"key\":\"k\"}]";
}

/* The routing of the first is refused and that of the second, which is of its key, is stored. */
static void nobody_overtakes_one_whose_routing_was_refused(void **state)
{
    struct world *w = *state;
    w->want = 10000;
    fake.run = write_and_end;
    net.serve = serve_well;
    fake.route_of = route_of_one_is_refused;
    forget();
    world_start(w);
    world_inject(w, "1");
    world_inject(w, "2");
    until_ended(w, 2);
    unsetenv("SAUMA_FAIL");
    assert_int_equal(nbegun, 2); /* the first was routed twice */
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 2);
}

static const char *route_with_a_full_disk(const struct script_call *c)
{
    if (atoi(c->body) == 1 && nbegun++ == 0)
        setenv("SAUMA_FAIL", "store_full:1-1000000", 1);
    return "[{\"rule\":\"r\",\"policy\":\"automatic\",\"key\":\"k\"}]";
}

/* The routing of the first could not be stored: those that come before it is tried again wait. */
static void a_full_disk_keeps_the_order(void **state)
{
    struct world *w = *state;
    w->want = 10000;
    fake.run = write_and_end;
    net.serve = serve_well;
    fake.route_of = route_with_a_full_disk;
    forget();
    world_start(w);
    world_store(w, "acme", 1);
    for (int i = 0; i < 20000 && !store_full(w->store); i++)
        world_wait(w, 1);
    world_wait(w, 20);
    unsetenv("SAUMA_FAIL");
    for (int i = 0; i < 20000 && store_full(w->store); i++)
        world_wait(w, 1);
    for (int n = 2; n < 5; n++)
        world_store(w, "acme", n);
    until_ended(w, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(order[i], i + 1);
}
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_large_backlog_keeps_nobody_waiting),
        TEST(what_waits_is_not_in_memory),
        TEST(a_key_keeps_its_order_outside_memory),
        TEST(and_across_a_start),
        TEST(a_company_that_is_gone_costs_nothing),
#ifdef SAUMA_FAULTS
        TEST(nobody_overtakes_one_whose_routing_was_refused),
        TEST(a_full_disk_keeps_the_order),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
