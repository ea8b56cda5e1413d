/* What people do with runs: checked, carried out and recorded in one transaction. */
#include "store_act.h"
#include "store_fixture.h"

static void add_step(struct fixture *f, const char *run, uint32_t seq, const char *kind)
{
    struct told t[2] = {0};
    bool write = strcmp(kind, "write") == 0;
    struct store_step st = {run, seq, kind, "books", write ? "POST /items" : "GET /items",
        write ? "fw" : "fr", STR_LIT("{}"), STR_LIT("{\"name\":\"x\"}"), 1000};
    struct store_answer a = {
        "done", STR_LIT("{\"status\":201}"), STR_LIT("{\"id\":7}"), 1000, 1, 1};
    store_intent(f->store, &st, told_done, &t[0]);
    store_answer(f->store, run, seq, &a, told_done, &t[1]);
    fixture_settle(f);
    assert_int_equal(t[0].e.code + t[1].e.code, ERR_NONE);
}

/* A run that read, wrote, read, and stands still. */
static void stand(struct fixture *f, enum run_state state)
{
    struct told t = {0};
    add_event(f, "evt_1", "acme", "d1", "{\"n\":1}", &t);
    route_one(f, "evt_1", "run_1", "acme", RUN_RUNNING, &t);
    fixture_settle(f);
    add_step(f, "run_1", 1, "read");
    add_step(f, "run_1", 2, "write");
    add_step(f, "run_1", 3, "read");
    set_run(f, "run_1", state, "the address is missing", &t);
    fixture_settle(f);
    assert_int_equal(t.e.code, ERR_NONE);
}

static struct store_act act(enum store_action action)
{
    return (struct store_act){.run = "run_1",
        .action = action,
        .actor = "anna",
        .reason = "because",
        .from = STORE_FROM_LAST_EFFECT};
}

static struct err does(struct fixture *f, const struct store_act *a)
{
    struct told t = {0};
    store_act(f->store, a, told_done, &t);
    fixture_settle(f);
    assert_int_equal(t.calls, 1);
    return t.e;
}

static void assert_conflict(struct fixture *f, const struct store_act *a, const char *words)
{
    int64_t acts = fixture_number(f, "SELECT count(*) FROM acts");
    struct err e = does(f, a);
    assert_int_equal(e.code, ERR_CONFLICT);
    if (!strstr(e.text, words))
        fail_msg("%s: is not in: %s", words, e.text);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM acts"), acts);
}

static bool is(struct fixture *f, const char *condition)
{
    char sql[400];
    snprintf(sql, sizeof(sql),
        "SELECT EXISTS (SELECT 1 FROM runs r JOIN events e ON e.seq = r.event WHERE r.id = 'run_1'"
        " AND %s)",
        condition);
    return fixture_number(f, sql);
}

static void a_skip_leaves_it_and_says_why(void **state)
{
    struct fixture *f = *state;
    stand(f, RUN_ATTENTION);
    struct store_act a = act(ACT_SKIP);
    assert_int_equal(does(f, &a).code, ERR_NONE);
    assert_true(is(f, "r.state = 'skipped' AND r.reason = 'because' AND e.state = 'skipped'"));
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM acts WHERE actor = 'anna' AND action = 'skip' AND"
                          " before ->> 'state' = 'attention' AND after ->> 'state' = 'skipped'"),
        1);
    assert_conflict(f, &a, "is skipped by anna");
    a = act(ACT_RETRY);
    assert_conflict(f, &a, "`sauma retry run_1 --skipped`");
    a.skipped = true;
    assert_int_equal(does(f, &a).code, ERR_NONE);
    assert_true(is(f, "r.state = 'queued' AND e.state = 'in_flight'"));
}

static void of_two_at_once_one_gets_it(void **state)
{
    struct fixture *f = *state;
    struct told t[2] = {0};
    stand(f, RUN_FAILED);
    struct store_act a = act(ACT_RETRY), b = act(ACT_SKIP);
    store_act(f->store, &a, told_done, &t[0]);
    store_act(f->store, &b, told_done, &t[1]);
    fixture_settle(f);
    assert_int_equal(t[0].e.code, ERR_NONE);
    assert_int_equal(t[1].e.code, ERR_CONFLICT);
    assert_non_null(strstr(t[1].e.text, "started by anna"));
    assert_true(is(f, "r.state = 'queued'"));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM acts"), 1);
}

static void a_retry_keeps_what_was_done_outside(void **state)
{
    struct fixture *f = *state;
    stand(f, RUN_ATTENTION);
    struct store_act a = act(ACT_RETRY);
    assert_int_equal(does(f, &a).code, ERR_NONE);
    assert_true(is(f, "r.state = 'queued' AND r.reason = '' AND e.state = 'in_flight'"));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM steps"), 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM old_steps WHERE seq = 3"), 1);
}

static void an_effect_is_dropped_only_if_it_is_named(void **state)
{
    struct fixture *f = *state;
    uint32_t effect = 2, read = 1;
    stand(f, RUN_ATTENTION);
    struct store_act a = act(ACT_RETRY);
    a.from = 1;
    assert_conflict(f, &a, "step 2, POST /items to books");
    assert_conflict(f, &a, "say so with --again 2; --from 2 keeps it");
    assert_true(is(f, "r.state = 'attention'"));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM steps"), 3);
    a.again = &read;
    a.nagain = 1;
    assert_conflict(f, &a, "step 1 of run run_1 had no effect outside");
    a.again = &effect;
    assert_int_equal(does(f, &a).code, ERR_NONE);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM steps"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM old_steps"), 2);
}

struct kept {
    int n;
    char body[100], outcome[12], answer[100];
    uint32_t seq;
};

static void note_kept(
    void *arg, struct str body, const struct store_effect *effects, int n, const struct err *e)
{
    struct kept *k = arg;
    assert_null(e);
    k->n = n;
    snprintf(k->body, sizeof(k->body), "%.*s", STR_ARG(body));
    if (n) {
        k->seq = effects[0].seq;
        snprintf(k->outcome, sizeof(k->outcome), "%s", effects[0].outcome);
        snprintf(k->answer, sizeof(k->answer), "%.*s", STR_ARG(effects[0].answer));
    }
}

static struct kept kept(struct fixture *f)
{
    struct kept k = {0};
    store_load_revision(f->store, "run_1", note_kept, &k);
    fixture_settle(f);
    return k;
}

static void afresh_the_effect_is_kept_in_mind(void **state)
{
    struct fixture *f = *state;
    stand(f, RUN_FAILED);
    assert_int_equal(kept(f).n, 0);
    struct store_act a = act(ACT_RETRY);
    a.afresh = true;
    a.version = "2b4c";
    assert_int_equal(does(f, &a).code, ERR_NONE);
    assert_true(is(f, "r.version = '2b4c'"));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM steps"), 0);
    struct kept k = kept(f);
    assert_int_equal(k.n, 1);
    assert_int_equal(k.seq, 2);
    assert_string_equal(k.outcome, "done");
    assert_string_equal(k.answer, "{\"id\":7}");
}

static void allowed_again_it_is_not(void **state)
{
    struct fixture *f = *state;
    uint32_t effect = 2;
    stand(f, RUN_FAILED);
    struct store_act a = act(ACT_RETRY);
    a.afresh = true;
    a.again = &effect;
    a.nagain = 1;
    assert_int_equal(does(f, &a).code, ERR_NONE);
    assert_int_equal(kept(f).n, 0);
}

static void data_is_changed_for_the_run_alone(void **state)
{
    struct fixture *f = *state;
    stand(f, RUN_ATTENTION);
    struct store_act a = act(ACT_EDIT);
    a.body = STR_LIT("{\"n\":2}");
    a.changes = STR_LIT("[{\"path\":\"n\",\"before\":1,\"after\":2}]");
    assert_int_equal(does(f, &a).code, ERR_NONE);
    assert_true(is(f, "r.state = 'attention'"));
    assert_string_equal(kept(f).body, "{\"n\":2}");
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM bodies WHERE CAST(body AS TEXT) = '{\"n\":1}'"), 1);
    /* Who looked before that does not overwrite it. */
    assert_conflict(f, &a, "was changed by somebody else meanwhile");
    a.edit = fixture_number(f, "SELECT edit FROM runs");
    assert_int_equal(does(f, &a).code, ERR_NONE);
}

static void each_state_says_what_may_be_done(void **state)
{
    struct fixture *f = *state;
    struct told t = {0};
    stand(f, RUN_ATTENTION);
    struct store_act send = act(ACT_SEND), retry = act(ACT_RETRY);
    assert_conflict(f, &send, "is attention and not held: `sauma retry run_1`");
    set_run(f, "run_1", RUN_DONE, "", &t);
    fixture_settle(f);
    assert_conflict(f, &retry, "is done: there is nothing to retry");
    retry.run = "run_2";
    assert_int_equal(does(f, &retry).code, ERR_NOT_FOUND);
}

static void a_failed_routing_is_done_again(void **state)
{
    struct fixture *f = *state;
    struct told t = {0};
    add_event(f, "evt_1", "acme", "d1", "{}", &t);
    struct store_run r = {
        "run_1", "evt_1", "acme", "routing", "1f3a", "", RUN_FAILED, "no module", "", NULL};
    store_route(f->store, "evt_1", &r, 1, "", told_done, &t);
    fixture_settle(f);
    struct store_act a = act(ACT_RETRY);
    a.reroute = true;
    assert_int_equal(does(f, &a).code, ERR_NONE);
    assert_true(is(f, "r.state = 'skipped' AND r.reason = 'the event was routed again' AND"
                      " r.rule <> 'routing' AND e.routed = 0 AND e.state = 'in_flight'"));
    route_one(f, "evt_1", "run_2", "acme", RUN_QUEUED, &t);
    fixture_settle(f);
    assert_int_equal(t.e.code, ERR_NONE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_skip_leaves_it_and_says_why),
        T(of_two_at_once_one_gets_it),
        T(a_retry_keeps_what_was_done_outside),
        T(an_effect_is_dropped_only_if_it_is_named),
        T(afresh_the_effect_is_kept_in_mind),
        T(allowed_again_it_is_not),
        T(data_is_changed_for_the_run_alone),
        T(each_state_says_what_may_be_done),
        T(a_failed_routing_is_done_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
