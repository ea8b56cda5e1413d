/* The run machine: order, lost processes, and the ends of a run. */
#include "run_parts.h"
#include "act.h"

#include <stdlib.h>

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

static int routes;
static const char *count_routes(const struct script_call *c)
{
    routes++;
    return fake.route;
}

static void until_stored(struct world *w)
{
    while (store_pending(w->store) > 0)
        world_wait(w, 2);
}

/* The disk is full when the first is to be routed, and is not when the second is. */
static void what_could_not_be_stored_keeps_its_turn(void **state)
{
    struct world *w = *state;
    fake.run = note_and_read;
    net.serve = serve_well;
    fake.route = "[{\"rule\":\"r\",\"policy\":\"automatic\",\"key\":\"k\"}]";
    fake.route_of = count_routes;
    order[0] = '\0';
    world_start(w);
    world_inject(w, "0");
    world_until_over(w, 1);
    until_stored(w);
    routes = 0;
    setenv("SAUMA_FAIL", "store_full:2-3", 1); /* the event is stored; its routing is refused */
    world_inject(w, "1");
    while (routes == 0)
        world_wait(w, 2);
    until_stored(w);
    /* It has space again at once, or after a second: a busy machine may not let us see that it was
     * full. */
    while (store_full(w->store))
        world_wait(w, 10);
    unsetenv("SAUMA_FAIL");
    world_inject(w, "2");
    world_until_over(w, 3 - w->seen.runs_over); /* the first is tried again after a while */
    /* The first may have begun before it was known that it is not stored: that counts for nothing.
     */
    assert_string_equal(strchr(order, '2') - 1, "+2 -2 ");
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
        {"[{\"rule\":\"r\",\"policy\":\"perhaps\"}]", "attention", "perhaps"},
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

static void act_on(struct world *w, const char *run, enum engine_action action)
{
    struct engine_act a = {.run = run, .action = action, .by = "anna", .from = -1};
    engine_act(w->engine, &a, acted, w);
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
    act_on(w, run, ENGINE_SEND);
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
    act_on(w, w->seen.run, ENGINE_RETRY);
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
    /* Neither try had left the host, and the store knew: there is nothing to look for. */
    assert_string_equal(w->seen.result, "{\"id\":7}");
    assert_int_equal(net_count("POST"), 3);
    assert_null(strstr(w->seen.steps, "unknown"));
}

static const char *route_when_mended(const struct script_call *c)
{
    return routes++ ? ROUTE : "!{\"message\":\"no such module\",\"where\":\"company.lua:3\"}";
}

/* An event whose routing failed is one run that says so; retried, the event is routed again. */
static void a_failed_routing_is_done_again(void **state)
{
    struct world *w = *state;
    char run[64], event[64];
    routes = 0;
    fake.run = read_and_write;
    fake.route_of = route_when_mended;
    net.serve = serve_well;
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.rule, "routing");
    assert_string_equal(w->seen.state, "failed");
    assert_string_equal(w->seen.reason, "company.lua:3: no such module");
    snprintf(run, sizeof run, "%s", w->seen.run);
    snprintf(event, sizeof event, "%s", w->seen.event);
    world_crash(w); /* it stands in the store alone */
    world_start(w);
    act_on(w, run, ENGINE_RETRY);
    while (strcmp(w->seen.state, "done") != 0)
        world_until_over(w, 1);
    assert_int_equal(routes, 2);
    assert_string_equal(w->seen.rule, "r");
    assert_string_equal(w->seen.event, event);
    assert_string_not_equal(w->seen.run, run);
    assert_int_equal(net_count("POST"), 1);
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        RUN_TEST(a_key_is_one_after_the_other),
        RUN_TEST(the_store_keeps_what_memory_has_no_room_for),
        RUN_TEST(what_could_not_be_stored_keeps_its_turn),
        RUN_TEST(lost_calls_begin_again),
        RUN_TEST(ends_have_words),
        RUN_TEST(policies_decide),
        RUN_TEST(a_run_keeps_its_version),
        RUN_TEST(a_held_run_is_sent),
        RUN_TEST(a_run_goes_on_after_attention),
        RUN_TEST(a_failed_routing_is_done_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
