/* Who gets a place to run: companies in turn, and nobody is kept waiting by who cannot go on. */
#include "run_parts.h"

#define LOCK "{\"name\":\"customer X\",\"op\":\"lock\"}"

static int begun[100], nbegun;

static void note(struct script_call *c)
{
    if (c->seq == 0 && nbegun < 100)
        begun[nbegun++] = atoi(c->body);
}

/* Event 1 takes the lock, sleeps until its place was given back, and ends; the others ask for the
 * lock meanwhile. */
static void lock_and_sleep(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, LOCK, "");
    else if (c->seq == 1 && atoi(c->body) == 1)
        fake_step(c, "{\"ms\":300,\"op\":\"sleep\"}", "");
    else
        fake_end(c, SCRIPT_RETURNED, "1", false);
}

static void who_holds_a_lock_gets_a_place(void **state)
{
    struct world *w = *state;
    w->settings.max_running = 3;
    w->settings.max_running_company = 2;
    w->settings.inline_wait_ms = 0;
    w->want = 1000;
    fake.run = lock_and_sleep;
    world_start(w);
    world_store(w, "acme", 1);
    while (w->seen.parked == 0)
        world_wait(w, 1);
    for (int n = 2; n < 10; n++)
        world_store(w, "acme", n);
    for (int i = 0; i < 20000 && w->seen.runs_over < 9; i++)
        world_wait(w, 1);
    assert_int_equal(w->seen.runs_over, 9);
    assert_string_equal(w->seen.state, "done");
}

static void stand_still(struct script_call *c)
{
    note(c);
    if (atoi(c->body) >= 50)
        fake_end(c, SCRIPT_RETURNED, "1", false);
}

static void at_end(struct script_call *c)
{
    note(c);
    fake_end(c, SCRIPT_RETURNED, "1", false);
}

/* Runs that stand still take all places that they may; the next company's begins all the same. */
static void slow_companies_delay_nobody(void **state)
{
    struct world *w = *state;
    w->second = "quick";
    w->settings.max_running = 8;
    w->settings.max_running_company = 8;
    w->want = 1000;
    nbegun = 0;
    fake.run = stand_still;
    world_start(w);
    for (int n = 0; n < 20; n++)
        world_store(w, "acme", n);
    while (nbegun < 8)
        world_wait(w, 1);
    for (int n = 50; n < 60; n++)
        world_store(w, "quick", n);
    for (int i = 0; i < 20000 && w->seen.runs_over < 10; i++)
        world_wait(w, 1);
    assert_int_equal(w->seen.runs_over, 10);
    assert_int_equal(nbegun, 18); /* the 8, and these */
    for (int i = 8; i < 18; i++)
        assert_int_equal(begun[i], 50 + i - 8);
}

/* With more than one place free they are given in turn, whoever asked first. */
static void companies_take_turns(void **state)
{
    struct world *w = *state;
    w->second = "quick";
    w->settings.max_running = 1;
    w->want = 1000;
    nbegun = 0;
    fake.run = stand_still;
    world_start(w);
    world_store(w, "acme", 1); /* takes the one place, and there is one more for "quick" */
    world_store(w, "quick", 2);
    for (int n = 50; n < 60; n++)
        world_store(w, "acme", n);
    for (int n = 60; n < 63; n++)
        world_store(w, "quick", n);
    while (nbegun < 2)
        world_wait(w, 1);
    world_crash(w);
    nbegun = 0;
    fake.run = at_end;
    world_start(w);
    for (int i = 0; i < 20000 && w->seen.runs_over < 15; i++)
        world_wait(w, 1);
    assert_int_equal(w->seen.runs_over, 15);
    int last = 0;
    for (int i = 0; i < nbegun; i++)
        if (begun[i] == 2 || begun[i] >= 60)
            last = i;
    assert_true(last < 10); /* among the first, not behind the eleven */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_holds_a_lock_gets_a_place),
        TEST(slow_companies_delay_nobody),
        TEST(companies_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
