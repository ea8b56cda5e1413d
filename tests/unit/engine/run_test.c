/* The run machine: journal, replay, unknown outcomes, retries, order, lost processes. */
#include "world.h"

#include "mem.h"

/* ---- scripts ---- */

/* Reads, then writes what it was told to, then returns the write's answer. */
static void read_and_write(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, READ, "");
    else if (c->seq == 1)
        fake_step(c, WRITE, "{\"name\":\"x\"}");
    else
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
}

/* As http.write does: settle and look when nobody knows. */
static void write_and_look(struct script_call *c)
{
    static const char find[] = "{\"connection\":\"books\",\"op\":\"http\",\"path\":\"/find\"}";
    if (c->seq == 0)
        fake_step(c, WRITE, "{\"name\":\"x\"}");
    else if (c->seq == 1 && !strstr(c->meta, "\"unknown\":true"))
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
    else if (c->seq == 1)
        fake_step(c, "{\"of\":1,\"op\":\"settle\"}", "");
    else if (c->seq == 2)
        fake_step(c, find, "");
    else
        fake_end(c, SCRIPT_RETURNED, c->answer, false);
}

static void only_read(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, READ, "");
    else
        fake_end(c, SCRIPT_RETURNED, c->meta, false);
}

/* ---- servers ---- */

static void serve_well(const struct fake_sent *q, int n, struct http_out_result *r)
{
    if (strncmp(q->line, "POST", 4) == 0)
        r->body = STR_LIT("{\"id\":7}");
    else if (strstr(q->line, "/find"))
        r->body = STR_LIT("{\"found\":7}");
}

static void never_answer_writes(const struct fake_sent *q, int n, struct http_out_result *r)
{
    serve_well(q, n, r);
    if (strncmp(q->line, "POST", 4) == 0)
        r->outcome = (enum http_out_outcome) - 1;
}

static void lose_writes(const struct fake_sent *q, int n, struct http_out_result *r)
{
    serve_well(q, n, r);
    if (strncmp(q->line, "POST", 4) == 0) {
        r->outcome = HTTP_OUT_UNKNOWN;
        r->problem = "the connection was reset";
    }
}

/* ---- tests ---- */

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

static int failures;
static int fail_status;
static void fail_some(const struct fake_sent *q, int n, struct http_out_result *r)
{
    serve_well(q, n, r);
    if (failures-- > 0) {
        if (fail_status) {
            r->status = fail_status;
        } else {
            r->outcome = HTTP_OUT_NOT_SENT;
            r->problem = "connection refused";
        }
    }
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

/* ---- order ---- */

static char order[400];
static void note_and_read(struct script_call *c)
{
    size_t n = strlen(order);
    if (c->seq == 0) {
        snprintf(order + n, sizeof order - n, "+%s ", c->body);
        fake_step(c, READ, "");
    } else {
        snprintf(order + n, sizeof order - n, "-%s ", c->body);
        fake_end(c, SCRIPT_RETURNED, "1", false);
    }
}

static void a_key_is_one_after_the_other(void **state)
{
    struct world *w = *state;
    fake.run = note_and_read;
    net.serve = serve_well;
    fake.route = "[{\"rule\":\"r\",\"policy\":\"automatic\",\"key\":\"k\"}]";
    order[0] = '\0';
    world_start(w);
    for (int i = 1; i <= 4; i++) {
        char body[16];
        snprintf(body, sizeof body, "%d", i);
        world_inject(w, body);
    }
    world_until_over(w, 4);
    assert_string_equal(order, "+1 -1 +2 -2 +3 -3 +4 -4 ");
    fake.route = ROUTE;
    order[0] = '\0';
    world_inject(w, "1");
    world_inject(w, "2");
    world_until_over(w, 2);
    assert_string_equal(order, "+1 +2 -1 -2 ");
}

static void the_store_keeps_what_memory_has_no_room_for(void **state)
{
    struct world *w = *state;
    fake.run = note_and_read;
    net.serve = serve_well;
    fake.route = "[{\"rule\":\"r\",\"policy\":\"automatic\",\"key\":\"k\"}]";
    order[0] = '\0';
    w->settings.max_events = 2;
    world_start(w);
    for (int i = 0; i < 9; i++) {
        char body[16];
        snprintf(body, sizeof body, "%d", i);
        world_inject(w, body);
    }
    world_until_over(w, 9);
    assert_string_equal(order, "+0 -0 +1 -1 +2 -2 +3 -3 +4 -4 +5 -5 +6 -6 +7 -7 +8 -8 ");
}

/* ---- lost processes ---- */

static bool guilty;
static int lose;
static void lose_some(struct script_call *c)
{
    if (c->seq == 1 && lose-- > 0)
        fake_end(c, SCRIPT_LOST, "{}", guilty);
    else
        read_and_write(c);
}

static void lost_calls_begin_again(void **state)
{
    struct world *w = *state;
    fake.run = lose_some;
    net.serve = serve_well;
    lose = 3;
    guilty = false;
    world_start(w);
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_int_equal(net_count("GET"), 1);
    assert_int_equal(net_count("POST"), 1);
    lose = 2;
    guilty = true;
    world_inject(w, "{\"type\":\"t\"}");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "failed");
    assert_non_null(strstr(w->seen.reason, "killed its script process twice"));
}

/* ---- the rest of a run's ends ---- */

static const char *end_json;
static enum script_outcome end_outcome;
static void end_at_once(struct script_call *c)
{
    fake_end(c, end_outcome, end_json, false);
}

static void ends_have_words(void **state)
{
    static const struct {
        enum script_outcome o;
        const char *json, *state, *reason;
    } cases[] = {
        {SCRIPT_ERROR, "{\"message\":\"nil value\",\"where\":\"rules/a.lua:3\"}", "failed",
            "rules/a.lua:3: nil value"},
        {SCRIPT_ERROR,
            "{\"message\":\"books answered 422\",\"class\":\"permanent\",\"where\":"
            "\"rules/a.lua:3\"}",
            "attention", "books answered 422"},
        {SCRIPT_ATTENTION, "{\"reason\":\"which one?\"}", "attention", "which one?"},
        {SCRIPT_SKIP, "{\"reason\":\"nothing to do\"}", "skipped", "nothing to do"},
        {SCRIPT_LIMIT, "{\"limit\":\"memory\",\"message\":\"more than 64 MB\"}", "failed",
            "limit hit: more than 64 MB"},
        {SCRIPT_ERROR, "3", "failed", "the script failed without a word"},
    };
    struct world *w = *state;
    fake.run = end_at_once;
    world_start(w);
    for (size_t i = 0; i < COUNT(cases); i++) {
        end_outcome = cases[i].o;
        end_json = cases[i].json;
        world_inject(w, "1");
        world_until_over(w, 1);
        assert_string_equal(w->seen.state, cases[i].state);
        assert_string_equal(w->seen.reason, cases[i].reason);
    }
}

static void policies_decide(void **state)
{
    static const struct {
        const char *route, *state, *reason;
    } cases[] = {
        {"[{\"rule\":\"r\",\"policy\":\"manual\"}]", "held", "held"},
        {"[{\"rule\":\"r\",\"policy\":\"manual\",\"reason\":\"big\"}]", "held", "big"},
        {"[{\"rule\":\"r\",\"policy\":\"off\"}]", "skipped", "off"},
        {"[{\"rule\":\"r\",\"policy\":\"skip\",\"reason\":\"test order\"}]", "skipped",
            "test order"},
        {"[{\"rule\":\"r\",\"policy\":\"perhaps\"}]", "failed", "perhaps"},
    };
    struct world *w = *state;
    world_start(w);
    for (size_t i = 0; i < COUNT(cases); i++) {
        fake.route = cases[i].route;
        world_inject(w, "1");
        world_until_over(w, 1);
        assert_string_equal(w->seen.state, cases[i].state);
        assert_non_null(strstr(w->seen.reason, cases[i].reason));
    }
    struct engine_stats s;
    engine_stats(w->engine, &s);
    assert_int_equal(s.events_in_memory, 0);
}

static void a_run_keeps_its_version(void **state)
{
    struct world *w = *state;
    char path[100], before[33];
    fake.run = write_and_look;
    net.serve = never_answer_writes;
    world_start(w);
    snprintf(before, sizeof before, "%s", engine_version(w->engine, "acme"));
    world_inject(w, "{\"type\":\"t\"}");
    while (net.n < 1)
        world_wait(w, 5);
    world_crash(w);
    snprintf(path, sizeof path, "%s/company.lua", w->dir);
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    fputs("-- changed\n", f);
    fclose(f);
    net.serve = serve_well;
    fake.loads = 0;
    world_start(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.version, before);
    assert_string_not_equal(engine_version(w->engine, "acme"), before);
    assert_int_equal(fake.loads, 2); /* the new one, and the recorded one from the store */
}

static void acted(void *arg, const struct err *e)
{
    assert_null(e);
}

static void a_held_run_is_sent(void **state)
{
    struct world *w = *state;
    char run[64];
    fake.run = read_and_write;
    net.serve = serve_well;
    fake.route = "[{\"rule\":\"r\",\"policy\":\"manual\",\"key\":\"k\"}]";
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "held");
    assert_int_equal(net.n, 0);
    snprintf(run, sizeof run, "%s", w->seen.run);
    engine_act(w->engine, run, ENGINE_GO_ON, NULL, acted, w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.run, run);
    assert_string_equal(w->seen.state, "done");
    assert_int_equal(net.n, 2);
}

static void a_run_goes_on_after_attention(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    net.serve = fail_some;
    fail_status = 0;
    failures = 2;
    w->settings.retry_attempts = 2;
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "attention");
    assert_int_equal(net_count("POST"), 2);
    engine_act(w->engine, w->seen.run, ENGINE_GO_ON, NULL, acted, w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(w->seen.result, "{\"found\":7}"); /* it looked before it acted */
    assert_int_equal(net_count("POST"), 2);
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        RUN_TEST(does_and_records),
        RUN_TEST(a_crash_after_the_intent_looks_first),
        RUN_TEST(a_lost_answer_is_not_sent_again),
        RUN_TEST(a_crash_during_the_settling_goes_on_with_it),
        RUN_TEST(transient_failures_are_healed),
        RUN_TEST(waits_give_the_state_back),
        RUN_TEST(a_parked_write_is_sent_again),
        RUN_TEST(exhaustion_asks_a_person),
        RUN_TEST(another_path_is_a_mismatch),
        RUN_TEST(an_early_end_is_a_mismatch),
        RUN_TEST(a_key_is_one_after_the_other),
        RUN_TEST(the_store_keeps_what_memory_has_no_room_for),
        RUN_TEST(lost_calls_begin_again),
        RUN_TEST(ends_have_words),
        RUN_TEST(policies_decide),
        RUN_TEST(a_run_keeps_its_version),
        RUN_TEST(a_held_run_is_sent),
        RUN_TEST(a_run_goes_on_after_attention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
