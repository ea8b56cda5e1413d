/* What a restart of the host does not change: tries and deadlines, what is known to have done
 * nothing, silence that was asked for, whose turn it is, and who has a lock. */
#include "act.h"
#include "clock.h"
#include "run_parts.h"
#include "store_act.h"

struct asked_state {
    struct world *world;
    bool answered;
};

static void on_state(void *arg, const struct store_standing *st, const struct err *e)
{
    struct asked_state *a = arg;
    struct seen *s = &a->world->seen;
    a->answered = true;
    if (e || s->runs_over || !run_state_final(st->run.state))
        return;
    snprintf(s->state, sizeof s->state, "%s", run_state_name(st->run.state));
    snprintf(s->reason, sizeof s->reason, "%s", st->run.reason);
    s->runs_over++;
}

/* What was stored as the host died, nobody was told. */
static void ask_state(struct world *w)
{
    struct asked_state a = {w, false};
    store_load_standing(w->store, w->seen.parked_run, on_state, &a);
    while (!a.answered)
        world_wait(w, 2);
}

/* One try at least in each life, however slow the machine, until the only run is over. */
static void restart_until_over(struct world *w)
{
    while (w->seen.runs_over == 0) {
        int parked = w->seen.parked;
        while (w->seen.runs_over == 0 && w->seen.parked == parked)
            world_wait(w, 2);
        if (w->seen.runs_over)
            break;
        restart(w);
        ask_state(w);
    }
}

/* ---- tries ---- */

static void tries_are_counted_on(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    fail_always(w);
    w->settings.retry_attempts = 6;
    w->settings.retry_base_ms = w->settings.retry_cap_ms = 500;
    world_start(w);
    world_inject(w, "1");
    for (int i = 1; i <= 4; i++) {
        until_parked(w, i);
        restart(w);
    }
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "attention");
    assert_int_equal(net.n, 6);
    assert_non_null(strstr(w->seen.reason, "6 tries since 20"));
    assert_non_null(strstr(w->seen.reason, "retry-attempts"));
    assert_non_null(strstr(w->seen.reason, "changed nothing there"));
    assert_null(strstr(w->seen.steps, "unknown"));
}

static void a_steps_time_goes_on(void **state)
{
    struct world *w = *state;
    int64_t began = clock_mono_ms();
    fake.run = write_and_look;
    fail_always(w);
    w->settings.retry_attempts = 0;
    w->settings.retry_base_ms = w->settings.retry_cap_ms = 30;
    w->settings.step_deadline_ms = 600;
    world_start(w);
    world_inject(w, "1");
    restart_until_over(w);
    assert_string_equal(w->seen.state, "attention");
    assert_non_null(strstr(w->seen.reason, "step-deadline"));
    assert_true(clock_mono_ms() - began >= 500);
}

static void a_runs_time_goes_on(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    fail_always(w);
    w->settings.retry_attempts = 0;
    w->settings.retry_base_ms = w->settings.retry_cap_ms = 30;
    w->settings.run_deadline_ms = 600;
    world_start(w);
    world_inject(w, "1");
    restart_until_over(w);
    assert_string_equal(w->seen.state, "attention");
    assert_non_null(strstr(w->seen.reason, "run-deadline"));
}

static void sleep_then_read(struct script_call *c)
{
    if (c->seq == 0)
        fake_step(c, "{\"ms\":1500,\"op\":\"sleep\"}", "");
    else if (c->seq == 1)
        fake_step(c, READ, "");
    else
        fake_end(c, SCRIPT_RETURNED, "1", false);
}

static void sleeping_is_not_failing(void **state)
{
    struct world *w = *state;
    fake.run = sleep_then_read;
    net.serve = fail_some;
    fail_status = 503;
    failures = 2;
    w->settings.inline_wait_ms = 0;
    w->settings.run_deadline_ms = 1200;
    world_start(w);
    world_inject(w, "1");
    until_parked(w, 1);
    restart(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "done");
}

static void what_was_refused_is_sent_again_after_a_restart(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    net.serve = fail_some;
    fail_status = 429;
    failures = 2;
    w->settings.inline_wait_ms = -1;
    w->settings.retry_base_ms = w->settings.retry_cap_ms = 1000; /* it dies before the next try */
    world_start(w);
    world_inject(w, "1");
    until_parked(w, 1);
    w->settings.retry_base_ms = w->settings.retry_cap_ms = 20;
    restart(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.result, "{\"id\":7}");
    assert_int_equal(net_count("POST"), 3);
    assert_int_equal(net_count("GET"), 0);
    assert_null(strstr(w->seen.steps, "unknown"));
}

static int served;
static void refuse_then_hang(const struct fake_sent *q, int n, struct http_out_result *r)
{
    serve_well(q, n, r);
    if (strncmp(q->line, "POST", 4) != 0)
        return;
    if (++served == 1)
        r->status = 429;
    else
        r->outcome = (enum http_out_outcome) - 1;
}

/* The first try did nothing and the store knew; of the second nobody knows. */
static void a_second_try_may_have_arrived(void **state)
{
    struct world *w = *state;
    fake.run = write_and_look;
    net.serve = refuse_then_hang;
    served = 0;
    w->settings.inline_wait_ms = -1;
    world_start(w);
    world_inject(w, "1");
    while (served < 2)
        world_wait(w, 2);
    w->settings.inline_wait_ms = 1000;
    restart(w);
    world_until_over(w, 1);
    assert_string_equal(w->seen.result, "{\"found\":7}");
    assert_int_equal(net_count("POST"), 2);
    assert_non_null(strstr(w->seen.steps, "1 unknown, "));
}

/* ---- silence ---- */

static int64_t refused_at, asked_at[8];
static int asked;
static void ask_for_silence(const struct fake_sent *q, int n, struct http_out_result *r)
{
    static const struct http_header later[] = {{STR_LIT("Retry-After"), STR_LIT("1")}};
    asked_at[asked++ % 8] = clock_wall_ms();
    if (asked > 1)
        return;
    refused_at = clock_wall_ms();
    r->status = 429;
    r->headers = later;
    r->nheaders = 1;
}

static void silence_holds_for_all_and_after_a_restart(void **state)
{
    struct world *w = *state;
    fake.run = only_read;
    net.serve = ask_for_silence;
    asked = 0;
    w->settings.inline_wait_ms = 0;
    world_start(w);
    world_inject(w, "1");
    until_parked(w, 1);
    restart(w);
    world_inject(w, "2"); /* another run of the same connection */
    world_until_over(w, 2);
    assert_int_equal(asked, 3);
    assert_true(asked_at[1] >= refused_at + 1000);
    assert_true(asked_at[2] >= refused_at + 1000);
}

/* ---- turns ---- */

static char order[400];
/* Once, however often it is replayed before another has its turn. */
static void note(const char *what, const struct script_call *c)
{
    char word[20];
    size_t n = strlen(order), len = (size_t)snprintf(word, sizeof word, "%s%s ", what, c->body);
    if (n < len || strcmp(order + n - len, word) != 0)
        snprintf(order + n, sizeof order - n, "%s", word);
}

static void note_write_and_look(struct script_call *c)
{
    if (c->seq == 0)
        note("+", c);
    if (c->seq == 0)
        fake_step(c, WRITE, "{}");
    else if (c->seq == 1 && strstr(c->meta, "\"unknown\":true"))
        fake_step(c, "{\"of\":1,\"op\":\"settle\"}", "");
    else {
        note("-", c);
        fake_end(c, SCRIPT_RETURNED, "1", false);
    }
}

/* From the next start each run that begins stays at work, waiting between its tries, until the
 * server serves again. */
static void stay_at_work(struct world *w)
{
    fail_always(w);
    w->settings.retry_attempts = 0;
    w->settings.retry_base_ms = w->settings.retry_cap_ms = 200;
}

/* Event 1 failed and is let go on while event 2, of the same key, is at work; then the host dies.
 */
static void the_run_at_work_stays_first(void **state)
{
    struct world *w = *state;
    char first[64];
    fake.route = "[{\"rule\":\"r\",\"policy\":\"automatic\",\"key\":\"k\"}]";
    fake.run = note_write_and_look;
    net.serve = fail_some;
    fail_status = 0;
    failures = 1;
    order[0] = '\0';
    w->settings.retry_attempts = 1;
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    assert_string_equal(w->seen.state, "attention");
    snprintf(first, sizeof first, "%s", w->seen.run);
    stay_at_work(w);
    restart(w);
    order[0] = '\0';
    world_inject(w, "2");
    until_parked(w, 1);
    world_inject(w, "3");
    let_go_on(w, first);
    world_wait(w, 30);
    assert_string_equal(order, "+2 "); /* nobody else has begun */
    net.serve = serve_well;
    restart(w);
    world_until_over(w, 3);
    assert_string_equal(order, "+2 -2 +1 -1 +3 -3 ");
}

/* An older run that is let go on comes before younger ones that wait, not before the one at work.
 */
static void a_retried_run_takes_its_place_in_the_order(void **state)
{
    struct world *w = *state;
    char first[64];
    fake.route = "[{\"rule\":\"r\",\"policy\":\"automatic\",\"key\":\"k\"}]";
    fake.run = note_write_and_look;
    net.serve = fail_some;
    fail_status = 0;
    failures = 1;
    w->settings.retry_attempts = 1;
    world_start(w);
    world_inject(w, "1");
    world_until_over(w, 1);
    snprintf(first, sizeof first, "%s", w->seen.run);
    stay_at_work(w);
    restart(w);
    order[0] = '\0';
    world_inject(w, "2");
    world_inject(w, "3");
    world_inject(w, "4");
    until_parked(w, 1);
    let_go_on(w, first);
    net.serve = serve_well;
    world_until_over(w, 4);
    assert_string_equal(order, "+2 -2 +1 -1 +3 -3 +4 -4 ");
}

/* ---- locks ---- */

#define LOCK(name)   "{\"name\":\"" name "\",\"op\":\"lock\"}"
#define UNLOCK(name) "{\"name\":\"" name "\",\"op\":\"unlock\"}"

/* Writes within a lock; what is lost settles, within the lock too. */
static void write_in_a_lock(struct script_call *c)
{
    if (c->seq == 0) {
        fake_step(c, LOCK("a"), "");
    } else if (c->seq == 1) {
        note("+", c);
        fake_step(c, WRITE, "{}");
    } else if (c->seq == 2) {
        fake_step(c, "{\"of\":2,\"op\":\"settle\"}", "");
    } else if (c->seq == 3) {
        note("-", c);
        fake_step(c, UNLOCK("a"), "");
    } else {
        fake_end(c, SCRIPT_RETURNED, "1", false);
    }
}

static void a_lock_is_held_over_waits_and_restarts(void **state)
{
    struct world *w = *state;
    fake.run = write_in_a_lock;
    net.serve = lose_writes;
    w->settings.inline_wait_ms = 0;
    w->settings.settle_ms = 2000;
    order[0] = '\0';
    world_start(w);
    world_inject(w, "1");
    until_parked(w, 1); /* it settles, and has the lock */
    world_inject(w, "2");
    world_inject(w, "3");
    until_parked(w, 3); /* these wait for it, without a place */
    struct engine_stats s;
    engine_stats(w->engine, &s);
    assert_int_equal(s.running, 0);
    w->settings.settle_ms = 20; /* of 2 and 3 */
    restart(w);
    world_until_over(w, 3);
    assert_string_equal(w->seen.state, "done");
    assert_string_equal(order, "+1 -1 +2 -2 +3 -3 ");
    assert_int_equal(net_count("POST"), 3);
}

static const char *crossing[2][3] = {{LOCK("a"), READ, LOCK("b")}, {LOCK("b"), READ, LOCK("a")}};
static void cross(struct script_call *c)
{
    if (c->seq < 3)
        fake_step(c, crossing[c->body[0] - '1'][c->seq], "");
    else
        fake_end(c, SCRIPT_RETURNED, "1", false);
}

static char ends[1000];
static void note_end(void *arg, const struct engine_run_info *i)
{
    size_t n = strlen(ends);
    if (run_state_final(i->state))
        snprintf(ends + n, sizeof ends - n, "%s: %s; ", run_state_name(i->state), i->reason);
}

static void a_deadlock_is_found_and_said(void **state)
{
    struct world *w = *state;
    struct engine_observer o = {.run = note_end};
    fake.run = cross;
    net.serve = serve_well;
    ends[0] = '\0';
    world_start(w);
    engine_observe(w->engine, &o);
    world_inject(w, "1");
    world_inject(w, "2");
    world_until_over(w, 2);
    assert_non_null(strstr(ends, "failed: deadlock: this run wants the lock \""));
    assert_non_null(strstr(ends, "Take locks in the same order"));
    assert_non_null(strstr(ends, "done: "));
}

/* Both ask for what the other has just dropped. */
static void cross_over(struct script_call *c)
{
    static const char *const steps[2][4] = {{LOCK("a"), UNLOCK("a"), LOCK("b"), UNLOCK("b")},
        {LOCK("b"), UNLOCK("b"), LOCK("a"), UNLOCK("a")}};
    if (c->seq < 40)
        fake_step(c, steps[c->body[0] - '1'][c->seq % 4], "");
    else
        fake_end(c, SCRIPT_RETURNED, "1", false);
}

static void a_lock_on_its_way_to_be_free_is_no_deadlock(void **state)
{
    struct world *w = *state;
    struct engine_observer o = {.run = note_end};
    fake.run = cross_over;
    ends[0] = '\0';
    world_start(w);
    engine_observe(w->engine, &o);
    world_inject(w, "1");
    world_inject(w, "2");
    world_until_over(w, 2);
    assert_string_equal(ends, "done: ; done: ; ");
}

/* Event 1 has passed the lock a and writes within b, event 2 the other way round. */
static void pass_and_hold(struct script_call *c)
{
    static const char *const steps[2][7] = {{LOCK("a"), UNLOCK("a"), READ, LOCK("b"), WRITE,
                                                "{\"of\":5,\"op\":\"settle\"}", UNLOCK("b")},
        {LOCK("b"), UNLOCK("b"), READ, LOCK("a"), WRITE, "{\"of\":5,\"op\":\"settle\"}",
            UNLOCK("a")}};
    if (c->seq < 7)
        fake_step(c, steps[c->body[0] - '1'][c->seq], c->seq == 4 ? "{}" : "");
    else
        fake_end(c, SCRIPT_RETURNED, "1", false);
}

static void locks_that_were_passed_are_not_waited_for_again(void **state)
{
    struct world *w = *state;
    fake.run = pass_and_hold;
    net.serve = lose_writes;
    w->settings.inline_wait_ms = 0;
    w->settings.settle_ms = 2000;
    world_start(w);
    world_inject(w, "1");
    world_inject(w, "2");
    until_parked(w, 2);
    restart(w);
    int over = w->seen.runs_over;
    for (int i = 0; i < 200 && w->seen.runs_over < over + 2; i++)
        world_wait(w, 100);
    assert_int_equal(w->seen.runs_over, over + 2);
    assert_string_equal(w->seen.state, "done");
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        RUN_TEST(tries_are_counted_on),
        RUN_TEST(a_steps_time_goes_on),
        RUN_TEST(a_runs_time_goes_on),
        RUN_TEST(sleeping_is_not_failing),
        RUN_TEST(what_was_refused_is_sent_again_after_a_restart),
        RUN_TEST(a_second_try_may_have_arrived),
        RUN_TEST(silence_holds_for_all_and_after_a_restart),
        RUN_TEST(the_run_at_work_stays_first),
        RUN_TEST(a_retried_run_takes_its_place_in_the_order),
        RUN_TEST(a_lock_is_held_over_waits_and_restarts),
        RUN_TEST(a_deadlock_is_found_and_said),
        RUN_TEST(a_lock_on_its_way_to_be_free_is_no_deadlock),
        RUN_TEST(locks_that_were_passed_are_not_waited_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
