/* The run machine: journal, replay, unknown outcomes, retries. */
#include "run_parts.h"
#include "clock.h"

static void does_and_records(void **state)
{
    struct world *w = *state;
    fake.run = read_and_write;
    net.serve = serve_well;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_int_equal(w->reply.status, 202);
    assert_string_equal(w->reply_event, w->seen.event);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"id\":7}");
    assert_string_equal(w->seen.steps, "1 done, 2 done, ");
    assert_int_equal(net.n, 2);
    assert_string_equal(net.sent[0].line, "GET http://books/api/items?q=1");
    assert_string_equal(net.sent[1].line, "POST http://books/api/items");
    assert_string_equal(net.sent[1].authorization, "Bearer test-books");
    assert_string_equal(net.sent[1].body, "{\"name\":\"x\"}");
    struct engine_stats s;
    engine_stats(w->engine, &s);
    assert_int_equal(s.events_in_memory, 0);
    assert_int_equal(s.running, 0);
    assert_int_equal(s.runs_done, 1);
}

static void a_crash_after_the_intent_looks_first(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    net.serve = never_answer_writes;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    while (net.n < 1)
        world_wait(w, 5);
    world_crash(w);
    net.serve = serve_well;
    world_start(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"found\":7}");
    assert_int_equal(net_count("POST"), 1);
    assert_int_equal(net_count("GET http://books/api/find"), 1);
    assert_string_equal(w->seen.steps, "1 unknown, 2 done, 3 done, ");
}

static void a_lost_answer_is_not_sent_again(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    net.serve = lose_writes;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"found\":7}");
    assert_int_equal(net_count("POST"), 1);
    assert_string_equal(w->seen.steps, "1 unknown, 2 done, 3 done, ");
}

static void a_crash_during_the_settling_goes_on_with_it(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    net.serve = lose_writes;
    w->settings.inline_wait_ms = 0;
    w->settings.settle_ms = 150;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    while (w->seen.parked == 0)
        world_wait(w, 5);
    world_crash(w);
    net.serve = serve_well;
    world_start(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.result, "{\"found\":7}");
    assert_int_equal(net_count("POST"), 1);
    assert_string_equal(w->seen.steps, "1 unknown, 1 unknown again, 2 done, 3 done, ");
}

/* Looks twice: when the lost write has settled, and 300 ms later. */
static void write_and_look_twice(struct script_call *c)
{
    static const char find[] = "{\"connection\":\"books\",\"op\":\"http\",\"path\":\"/find\"}";
    if (c->seq == 0)
        fake_step(c, WRITE, "{\"name\":\"x\"}");
    else if (c->seq == 1)
        fake_step(c, "{\"of\":1,\"op\":\"settle\"}", "");
    else if (c->seq == 2 || c->seq == 4)
        fake_step(c, find, "");
    else if (c->seq == 3)
        fake_step(c, "{\"after_ms\":300,\"of\":1,\"op\":\"settle\"}", "");
    else
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
}

static int64_t lost_at, looked_at[8];
static int looks;
static void lose_and_note(const struct fake_sent *q, int n, struct http_out_result *r)
{
    lose_writes(q, n, r);
    if (strncmp(q->line, "POST", 4) == 0)
        lost_at = clock_wall_ms();
    else
        looked_at[looks++ % 8] = clock_wall_ms();
}

static void looks_are_neither_early_nor_lost(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look_twice;
    net.serve = lose_and_note;
    w->settings.inline_wait_ms = 0;
    w->settings.settle_ms = 200;
    looks = 0;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    /* The host dies in each of the two waits. */
    for (int wait = 0, parked = 0; wait < 2; wait++) {
        while (looks < wait || w->seen.parked == parked)
            world_wait(w, 5);
        assert_int_equal(looks, wait);
        parked = w->seen.parked;
        world_crash(w);
        world_start(w);
    }
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_int_equal(net_count("POST"), 1);
    assert_int_equal(looks, 2);
    assert_true(looked_at[0] >= lost_at + 200);
    assert_true(looked_at[1] >= lost_at + 500);
}

static void settling_says_when_to_look(void **state)
{
    struct world *w = *state;
    fake.run = write_and_settle;
    net.serve = lose_writes;
    w->settings.looks = (struct looks){.n = 2, .ms = {600000, 700000}};
    w->settings.sends = 4;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_non_null(strstr(w->seen.result,
        "\"attempts\":4,\"granted\":false,\"looks_ms\":[600000,700000],\"sent_ms\":1"));
    /* As the connection says, and in proportion. */
    w->settings.looks.n = -1;
    w->settings.sends = 0;
    w->settings.settle_ms = 400;
    world_crash(w);
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_non_null(strstr(w->seen.result, "3000,12000],"));
    assert_non_null(strstr(w->seen.result, "\"attempts\":3,\"granted\":false,\"looks_ms\":["));
}

static void transient_failures_are_healed(void **state)
{
    struct world *w = *state;
    fake.run = read_and_write;
    net.serve = fail_some;
    failures = 3;
    fail_status = 503;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_int_equal(net_count("GET"), 4);
    assert_int_equal(net_count("POST"), 1);
    failures = 0;
    fail_status = 429;
    fake.run = write_and_look;
    failures = 2;
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"id\":7}");
    assert_int_equal(net_count("POST"), 4); /* 429 says that it was not done */
}

static void waits_give_the_state_back(void **state)
{
    struct world *w = *state;
    fake.run = read_and_write;
    net.serve = serve_well;
    w->settings.inline_wait_ms = 0;
    world_start(w);
    fail_status = 0;
    failures = 0;
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    int runs = fake.runs;
    net.n = 0;
    memset(w->seen.steps, 0, sizeof w->seen.steps);
    net.serve = fail_some;
    failures = 2;
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_true(w->seen.parked >= 1);
    assert_true(fake.runs - runs >= 2);
    assert_int_equal(net_count("POST"), 1);
    assert_int_equal(net_count("GET"), 3);
}

/* While a run is parked its event's body is in the store alone; it must be there again. */
static void write_with_body(struct script_call *c)
{
    assert_string_equal(c->body, "{\"type\":\"t\"}");
    write_and_look(c);
}

/* The write is refused at the door twice, with a park between: sent again, since nothing happened.
 */
static void a_parked_write_is_sent_again(void **state)
{
    struct world *w = *state;
    fake.run = write_with_body;
    net.serve = fail_some;
    w->settings.inline_wait_ms = -1;
    fail_status = 0;
    failures = 2;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"id\":7}");
    assert_int_equal(net_count("POST"), 3);
    assert_int_equal(w->seen.parked, 2);
}

static void exhaustion_asks_a_person(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    net.serve = fail_some;
    fail_status = 0;
    failures = 1000;
    w->settings.retry_attempts = 4;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "attention");
    assert_non_null(strstr(w->seen.reason, "books could not be reached for POST /items: 4 tries"));
    assert_non_null(strstr(w->seen.reason, "connection refused"));
    assert_non_null(strstr(w->seen.reason, "changed nothing"));
    assert_int_equal(net.n, 4);
}

static void another_path_is_a_mismatch(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    net.serve = never_answer_writes;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    while (net.n < 1)
        world_wait(w, 5);
    world_crash(w);
    fake.run = only_read;
    world_start(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "attention");
    assert_non_null(strstr(w->seen.reason,
        "journal mismatch at step 1 (recorded POST /items on books, now GET /items on books)"));
    assert_int_equal(net.n, 1);
}

static void an_early_end_is_a_mismatch(void **state)
{
    struct world *w = *state;
    fake.run = read_and_write;
    net.serve = never_answer_writes;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    while (net.n < 2)
        world_wait(w, 5);
    world_crash(w);
    fake.run = only_read;
    world_start(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "attention");
    assert_non_null(strstr(w->seen.reason, "journal mismatch at step 2 (recorded POST /items"));
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        RUN_TEST(does_and_records),
        RUN_TEST(a_crash_after_the_intent_looks_first),
        RUN_TEST(a_lost_answer_is_not_sent_again),
        RUN_TEST(a_crash_during_the_settling_goes_on_with_it),
        RUN_TEST(looks_are_neither_early_nor_lost),
        RUN_TEST(settling_says_when_to_look),
        RUN_TEST(transient_failures_are_healed),
        RUN_TEST(waits_give_the_state_back),
        RUN_TEST(a_parked_write_is_sent_again),
        RUN_TEST(exhaustion_asks_a_person),
        RUN_TEST(another_path_is_a_mismatch),
        RUN_TEST(an_early_end_is_a_mismatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
